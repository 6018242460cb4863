"""Forks and threads: one opened Loki, used from several sides."""

from __future__ import annotations

import functools
import importlib.abc
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loki_core import Loki, LokiError
from loki_core.audit.signing import load_cryptography, make_key_pair
from tests.core.faults.family import Child, Line, ask_child, find_refusal, open_home, run_alone
from tests.core.faults.peer import find_live, read_chain, read_tokens


def _use(loki: Loki, who: str, rounds: int, secrets: list[str], line: Line) -> None:
    for number in range(rounds):
        issued = loki.tokens.generate(f"{who}-{number}")
        loki.authenticate(issued.secret.reveal())
        if number % 2:
            loki.tokens.revoke(issued.token.id)
        line.say(issued.token.id, bool(number % 2))
    refused = [find_refusal(functools.partial(loki.authenticate, secret)) for secret in secrets]
    loki.close()
    line.say("refused", [code for code in refused if code])


def share_across_a_fork(home: str) -> dict[str, Any]:
    """Open, use, fork twice, and use the same object on all three sides at once."""
    loki = open_home(home)
    secrets = [loki.tokens.generate(f"early-{number}").secret.reveal() for number in range(3)]
    for secret in secrets:
        loki.authenticate(secret)
    expected: dict[str, bool] = {}
    refused = 0
    children = [Child(functools.partial(_use, loki, f"child-{each}", 30, secrets)) for each in range(2)]
    said: list[tuple[str, bool]] = []
    for number in range(30):
        issued = loki.tokens.generate(f"parent-{number}")
        said.append((issued.token.id, False))
        loki.authenticate(issued.secret.reveal())
    for child in children:
        with child:
            for word, value in child.hear_all():
                if word == "refused":
                    refused += len(value)
                else:
                    said.append((word, value))
            assert child.wait() == 0
    loki.close()
    expected = dict(said)
    tokens = read_tokens(home)
    read_chain(home)
    return {
        "made": len(expected),
        "lost": sum(token_id not in tokens or tokens[token_id]["revoked"] != gone for token_id, gone in said),
        "refused": refused,
    }


def test_an_opened_store_is_used_on_both_sides_of_a_fork(child_environ: dict[str, str]) -> None:
    figures = run_alone(share_across_a_fork, child_environ["HOME"], environ=child_environ)
    assert figures == {"made": 90, "lost": 0, "refused": 0}


def fork_among_threads(home: str, forks: int) -> dict[str, Any]:
    """Fork while other threads are in the middle of everything; each child must be able to work."""
    loki = open_home(home)
    secret = loki.tokens.generate("shared").secret.reveal()
    ending = threading.Event()

    def churn(me: int) -> None:
        number = 0
        while not ending.is_set():
            number += 1
            loki.tokens.generate(f"thread-{me}-{number}")
            loki.authenticate(secret, address=f"{me}-{number}")

    threads = [threading.Thread(target=churn, args=(each,)) for each in range(3)]
    for thread in threads:
        thread.start()
    hung, codes, longest = 0, [], 0.0

    def work(number: int, line: Line) -> None:
        line.say(find_refusal(lambda: loki.authenticate(secret)))
        line.say(find_refusal(lambda: loki.tokens.generate(f"child-{number}")))
        line.hear()  # lives on with whatever it inherited, until the parent has gone on

    try:
        for number in range(forks):
            with Child(functools.partial(work, number)) as child:
                try:
                    codes += [(child.hear(20) or ["died"])[0], (child.hear(20) or ["died"])[0]]
                except TimeoutError:
                    hung += 1
                    continue
                began = time.monotonic()
                loki.tokens.generate(f"parent-{number}")
                longest = max(longest, time.monotonic() - began)
                child.say("end")
                child.wait()
            time.sleep(0.003)
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    read_chain(home)
    return {"hung": hung, "refused": [code for code in codes if code], "blocked": longest > 20}


def test_a_child_forked_in_the_middle_of_other_threads_work_neither_hangs_nor_blocks_the_parent(
    child_environ: dict[str, str],
) -> None:
    figures = run_alone(fork_among_threads, child_environ["HOME"], 40, environ=child_environ)
    assert figures == {"hung": 0, "refused": [], "blocked": False}


def _gather(errors: list[str], work: Callable[[], None]) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever a thread ends with
        errors.append(f"{type(error).__name__}: {error}")


def crowd_one_process(home: str, rounds: int) -> dict[str, Any]:
    """Let eight threads generate, verify, list, rotate, revoke and delete through one object."""
    Path(home, ".loki/dashboard").mkdir(mode=0o700, parents=True)
    _add_salted_records(Path(home, ".loki/dashboard/tokens.json"))
    errors: list[str] = []
    undone: list[str] = []
    kept: list[str] = []
    with open_home(home) as loki:

        def work(me: int) -> None:
            for number in range(rounds):
                issued = loki.tokens.generate(f"thread-{me}-{number}")
                secret = issued.secret.reveal()
                loki.authenticate(secret, address=str(number % 3))
                loki.authenticate(f"peer-{(me * rounds + number) % 200}")
                loki.tokens.list(include_revoked=True)
                if number % 3 == 0:
                    loki.tokens.revoke(issued.token.id)
                    undone.extend([secret] if _accepts(loki, secret) else [])
                elif number % 3 == 1:
                    rotated = loki.tokens.rotate(issued.token.id, grace_hours=0)
                    undone.extend([secret] if _accepts(loki, secret) else [])
                    kept.append(rotated.token.id)
                else:
                    kept.append(issued.token.id)

        threads = [threading.Thread(target=_gather, args=(errors, functools.partial(work, me))) for me in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    live = find_live(read_tokens(home))
    read_chain(home)
    return {"errors": errors, "undone": len(undone), "lost": len(set(kept) - live), "kept": len(kept)}


def _accepts(loki: Loki, secret: str) -> bool:
    try:
        loki.authenticate(secret)
    except LokiError:
        return False
    return True


def _add_salted_records(file: Path) -> None:
    """Write records as the dashboard of Loki Mode does: each is found by a scan and remembered, among the threads."""
    import hashlib

    tokens = {}
    for number in range(200):
        digest = hashlib.sha256(f"salt{number}peer-{number}".encode()).hexdigest()
        key = f"tok-{digest[:12]}"
        tokens[key] = {"id": key, "name": f"p{number}", "hash": digest, "salt": f"salt{number}", "scopes": ["read"]}
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"version": "1.0", "tokens": tokens}, stream)


def test_8_threads_of_one_process_generate_verify_rotate_and_revoke(child_environ: dict[str, str]) -> None:
    figures = run_alone(crowd_one_process, child_environ["HOME"], 30, environ=child_environ)
    assert figures == {"errors": [], "undone": 0, "lost": 0, "kept": 160}


def test_a_verification_works_when_no_thread_can_be_started(child_environ: dict[str, str]) -> None:
    figures = run_alone(verify_without_threads, child_environ["HOME"], environ=child_environ)
    assert figures == {"refused": ["", ""], "notes": 1}


def verify_without_threads(home: str) -> dict[str, Any]:
    """Verify in a process whose every attempt to start a thread fails."""
    secret = ask_child(lambda: _generate(home))

    def refuse_to_start(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    def verify() -> list[str]:
        threading.Thread.start = refuse_to_start  # type: ignore[method-assign, assignment]
        with open_home(home) as loki:
            return [find_refusal(lambda: loki.authenticate(secret)) for _ in range(2)]

    refused = ask_child(verify)
    file = Path(home, ".loki/dashboard/usage.jsonl")
    return {"refused": refused, "notes": len(file.read_text().splitlines()) if file.exists() else 0}


def _generate(home: str) -> str:
    with open_home(home) as loki:
        return loki.tokens.generate("one").secret.reveal()


def fork_while_importing() -> str:
    """Fork while a thread of the background has begun to load the cryptography, and sign in the child."""
    begun = threading.Event()

    class _Watcher(importlib.abc.MetaPathFinder):
        def find_spec(self, name: str, *_: object) -> None:
            if name.endswith(".ed25519"):
                begun.set()
                time.sleep(0.05)  # the import goes on while the other thread forks

    sys.meta_path.insert(0, _Watcher())
    thread = threading.Thread(target=load_cryptography)
    thread.start()
    assert begun.wait(60)
    with Child(lambda line: line.say(make_key_pair(bytes(32)).public_key)) as child:
        thread.join()
        return str((child.hear(20) or ["it broke off"])[0])


def test_a_child_forked_while_the_background_loads_the_cryptography_can_sign(child_environ: dict[str, str]) -> None:
    public_key = run_alone(fork_while_importing, environ=child_environ)
    assert public_key == make_key_pair(bytes(32)).public_key

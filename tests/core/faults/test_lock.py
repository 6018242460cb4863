"""The lock: a holder that stopped, a lock file that is stale, and one that somebody removed."""

from __future__ import annotations

import functools
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import loki_core
from loki_core import StoreBusy
from loki_core.background import BackgroundWriter
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.lock import hold_lock
from loki_core.tokens.file_store import LOCK_NAME, FileStore
from tests.core.faults.family import Child, Line, ask_child, find_refusal, hear_from, open_home, run_alone
from tests.core.faults.peer import find_leftovers, find_logged, proves, read_chain, read_tokens

PATIENCE = 0.5
"""Seconds for which the stores of these tests wait for the lock."""


def _open_impatient(home: str) -> loki_core.Loki:
    store = FileStore(str(Path(home, ".loki/dashboard")), BackgroundWriter(), lock_seconds=PATIENCE)
    return open_home(home, store=store)


def _hold(home: str, line: Line) -> None:
    with PrivateDirectory.open(str(Path(home, ".loki/dashboard"))) as directory, hold_lock(directory, LOCK_NAME):
        line.say("held")
        line.hear()
    line.say("released")
    line.hear()


def _generate(home: str, name: str) -> list[str]:
    with _open_impatient(home) as loki:
        try:
            issued = loki.tokens.generate(name)
        except StoreBusy as error:
            return [error.code, error.message]
        return [issued.token.id, issued.secret.reveal()]


def stop_the_holder(home: str) -> dict[str, Any]:
    """Stop a process that holds the lock; others are told that the store is busy, until it goes on."""
    _, secret = ask_child(lambda: _generate(home, "first"))
    with Child(functools.partial(_hold, home)) as holder:
        holder.hear()
        holder.kill(signal.SIGSTOP)
        began = time.monotonic()
        busy = ask_child(lambda: _generate(home, "meanwhile"))
        waited = time.monotonic() - began
        verified = ask_child(lambda: find_refusal(lambda: open_home(home).authenticate(secret)))
        listed = ask_child(lambda: len(open_home(home).tokens.list()))
        holder.kill(signal.SIGCONT)
        holder.say("go on")
        released = holder.hear()
        after = ask_child(lambda: _generate(home, "afterwards"))
    return {
        "busy": busy[0],
        "named": LOCK_NAME in busy[1],
        "waited": PATIENCE <= waited < 30,
        "verified": verified,
        "listed": listed,
        "released": released,
        "after": after[0] in read_tokens(home),
    }


def test_a_stopped_holder_of_the_lock_makes_others_say_busy_in_bounded_time(child_environ: dict[str, str]) -> None:
    figures = run_alone(stop_the_holder, child_environ["HOME"], environ=child_environ)
    assert figures == {
        "busy": "store_busy",
        "named": True,
        "waited": True,
        "verified": "",
        "listed": 1,
        "released": ["released"],
        "after": True,
    }


def look_while_entries_wait(home: str) -> dict[str, Any]:
    """List the tokens while an audit entry waits in the store, and the lock is held by a process that stopped."""
    token_id, _ = ask_child(lambda: _generate(home, "doomed"))
    audit = Path(home, ".loki/dashboard/audit")
    audit.rename(audit.with_name("aside"))
    audit.touch(0o600)
    ask_child(lambda: [each.audit for each in open_home(home).tokens.revoke(token_id)])
    audit.unlink()
    audit.with_name("aside").rename(audit)
    with Child(functools.partial(_hold, home)) as holder:
        holder.hear()
        holder.kill(signal.SIGSTOP)
        began = time.monotonic()
        listed = ask_child(lambda: len(open_home(home).tokens.list(include_revoked=True)))
        waited = time.monotonic() - began
    ask_child(lambda: len(open_home(home).tokens.list()))
    return {"listed": listed, "waited": waited > 30, "logged": find_logged(read_chain(home), "auth.token.revoke")}


def test_looking_waits_for_nobody_even_when_audit_entries_wait(child_environ: dict[str, str]) -> None:
    figures = run_alone(look_while_entries_wait, child_environ["HOME"], environ=child_environ)
    assert figures == {"listed": 1, "waited": False, "logged": figures["logged"]}
    assert len(figures["logged"]) == 1


def kill_the_holder(home: str) -> list[str]:
    """Kill a process that holds the lock: its file stays, the lock does not."""
    ask_child(lambda: _generate(home, "first"))
    with Child(functools.partial(_hold, home)) as holder:
        holder.hear()
        holder.kill()
        holder.wait()
    assert Path(home, ".loki/dashboard", LOCK_NAME).exists()
    ask_child(lambda: _generate(home, "second"))
    return sorted(raw["name"] for raw in read_tokens(home).values())


def test_the_lock_file_of_a_killed_process_is_harmless(child_environ: dict[str, str]) -> None:
    assert run_alone(kill_the_holder, child_environ["HOME"], environ=child_environ) == ["first", "second"]


def remove_the_lock_of_a_sleeper(home: str) -> dict[str, Any]:
    """Stop a writer inside its transaction, remove its lock file, let another write, and wake the first."""
    ask_child(lambda: _generate(home, "first"))

    def write_slowly(line: Line) -> None:
        with open_home(home) as loki:
            draft = loki.tokens.prepare("sleeper")
            line.say("secret", draft.secret.reveal())
            transaction_of = loki._parts.ledger.change

            def pause(user_id: str) -> Any:
                stack = ExitStack()
                made = stack.enter_context(transaction_of(user_id))
                line.say("inside")
                line.hear()
                stack.push(lambda *_: None)
                return _Given(stack, made)

            loki._parts.ledger.change = pause  # type: ignore[method-assign]
            line.say("ended", find_refusal(lambda: loki.tokens.commit(draft)))

    with Child(write_slowly) as sleeper:
        sleeper.hear()
        sleeper.hear()
        Path(home, ".loki/dashboard", LOCK_NAME).unlink()
        other = ask_child(lambda: _generate(home, "other"))
        sleeper.say("go on")
        ended = sleeper.hear()
    tokens = read_tokens(home)
    read_chain(home)
    return {"other": other[0] in tokens and proves(tokens[other[0]], other[1]), "sleeper": (ended or ["", ""])[1]}


class _Given:
    """A context that was entered already."""

    def __init__(self, stack: ExitStack, value: Any) -> None:
        self._stack = stack
        self._value = value

    def __enter__(self) -> Any:
        return self._value

    def __exit__(self, *details: Any) -> Any:
        return self._stack.__exit__(*details)


def test_a_writer_whose_lock_file_was_removed_meanwhile_gives_up_instead_of_undoing_another(
    child_environ: dict[str, str],
) -> None:
    figures = run_alone(remove_the_lock_of_a_sleeper, child_environ["HOME"], environ=child_environ)
    assert figures == {"other": True, "sleeper": "store_busy"}


def _create_some(home: str, me: int, creates: int, line: Line) -> None:
    with open_home(home) as loki:
        for number in range(creates):
            draft = loki.tokens.prepare(f"{me}-{number}")
            if not find_refusal(functools.partial(loki.tokens.commit, draft)):
                line.say(draft.token.id, draft.secret.reveal())


def _remove_for_ever(home: str, line: Line) -> None:
    places = [Path(home, ".loki/dashboard", LOCK_NAME), Path(home, ".loki/dashboard/audit/.audit.lock")]
    line.say("ready")
    while True:
        for place in places:
            place.unlink(missing_ok=True)
        time.sleep(0.05)


def remove_the_lock_again_and_again(home: str) -> dict[str, Any]:
    """Remove the lock files all the time while four processes create tokens."""
    ask_child(lambda: _generate(home, "first"))
    acknowledged: dict[str, str] = {}
    with ExitStack() as stack:
        children = [stack.enter_context(Child(functools.partial(_create_some, home, me, 40))) for me in range(4)]
        remover = stack.enter_context(Child(functools.partial(_remove_for_ever, home)))
        remover.hear()
        for _, (token_id, secret) in hear_from(children):
            acknowledged[token_id] = secret
        statuses = {child.wait() for child in children}
    tokens = read_tokens(home)
    os.sync()
    return {
        "statuses": sorted(statuses),
        "some": len(acknowledged) > 0,
        "lost": sum(key not in tokens for key in acknowledged),
        "leftovers": find_leftovers(home),
    }


def test_removing_the_lock_files_all_the_time_loses_no_acknowledged_token(child_environ: dict[str, str]) -> None:
    figures = run_alone(remove_the_lock_again_and_again, child_environ["HOME"], environ=child_environ)
    assert figures == {"statuses": [0], "some": True, "lost": 0, "leftovers": []}

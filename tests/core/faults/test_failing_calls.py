"""Every call of a write fails once with every error: afterwards the store is as before or as asked for."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from loki_core import Loki, LokiError
from tests.core.faults.family import Line, ask_child, find_refusal, open_home, run_alone
from tests.core.faults.injection import Call, list_calls, watch_child
from tests.core.faults.peer import find_leftovers, read_chain, read_tokens

ERRORS = ("ENOSPC", "EIO", "EROFS", "EMFILE")
DEEDS = ("generate on nothing", "generate", "revoke", "rotate", "delete")


def _make_template(home: Path) -> dict[str, str]:
    """Make a home with a token to revoke, one to rotate and one to delete; return the secrets by name."""
    with open_home(home) as loki:
        secrets = {name: loki.tokens.generate(name).secret.reveal() for name in ("alpha", "beta", "gamma")}
        ids = {name: loki.tokens.get(name).id for name in secrets}
        loki.tokens.revoke("gamma")
    (home / "ids.json").write_text(json.dumps(ids))
    return secrets


def _do(home: Path, deed: str, go_on: bool, line: Line) -> None:
    """Do one deed, say how it ended, and create a token afterwards in the same process."""
    ids = {} if deed == "generate on nothing" else json.loads((home / "ids.json").read_text())
    loki = open_home(home)
    descriptors = len(os.listdir("/proc/self/fd"))
    try:
        if deed in {"revoke", "delete"}:
            loki.tokens.revoke(ids["alpha"]) if deed == "revoke" else loki.tokens.delete(ids["gamma"])
        else:
            draft = loki.tokens.prepare_rotation(ids["beta"]) if deed == "rotate" else loki.tokens.prepare("new")
            line.say("secret", draft.secret.reveal())
            loki.tokens.commit(draft)
        line.say("done")
    except Exception as error:
        line.say("failed", error.code if isinstance(error, LokiError) else f"{type(error).__name__}: {error}")
    if go_on:
        line.say("digest", _digest_store(home))
        second = find_refusal(functools.partial(loki.tokens.generate, "second"))
        loki.close()
        line.say("second", second, len(os.listdir("/proc/self/fd")) - descriptors)


def _digest_store(home: Path) -> str:
    file = home / ".loki/dashboard/tokens.json"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


def _find_accepted(loki: Loki, secrets: dict[str, str]) -> list[str]:
    return sorted(name for name, secret in secrets.items() if not find_refusal(lambda: loki.authenticate(secret)))


def _look(home: Path, secrets: dict[str, str]) -> list[Any]:
    with open_home(home) as loki:
        accepted = _find_accepted(loki, secrets)
        return [accepted, find_refusal(lambda: loki.tokens.generate("third"))]


def _judge(home: Path, before: dict[str, Any], deed: str, said: dict[str, list[Any]], secrets: dict[str, str]) -> str:
    """Return what is wrong after a case, or ""."""
    if "second" not in said:
        return "the process broke off"
    failed = "failed" in said
    second, leaked = said["second"]
    if failed and " " in said["failed"][0]:
        return f"a foreign exception escaped: {said['failed'][0]}"
    if leaked > 0:
        return f"{leaked} descriptors were left open"
    accepted, third = ask_child(lambda: _look(home, secrets))
    if second or third:
        return f"later operations without a fault failed: {second or third}"
    wanted = set() if deed == "generate on nothing" else {"alpha", "beta"}
    names = {"second", "third"}
    if not failed:
        wanted = wanted - {"alpha"} if deed == "revoke" else wanted | (secrets.keys() & {"new"})
        names |= {"beta"} if deed == "rotate" else {"new"} if "new" in secrets else set()
    if set(accepted) != wanted:
        return f"{'failed' if failed else 'done'}, but these verify: {accepted}"
    tokens = read_tokens(home)
    new = {raw["name"] for key, raw in tokens.items() if key not in before}
    if new != names or (before.keys() - tokens.keys() and (failed or deed != "delete")):
        return f"the store holds {sorted(raw['name'] for raw in tokens.values())}"
    if failed and any(tokens[key] != raw for key, raw in before.items()):
        return "a record changed although the operation failed"
    if find_leftovers(home):
        return f"left over: {find_leftovers(home)}"
    try:
        read_chain(home)
    except (AssertionError, ValueError) as error:
        return f"the audit log is broken: {error}"
    return ""


class _Stage:
    """A home to fail in, made anew for each case from a template."""

    def __init__(self, home: str) -> None:
        self._template = Path(home, "template")
        self._template.mkdir(mode=0o700, parents=True)
        self.home = Path(home, "case")
        self.secrets: dict[str, str] = ask_child(lambda: _make_template(self._template))

    def start_over(self, deed: str) -> dict[str, Any]:
        """Make the home, and return the records in it."""
        shutil.rmtree(self.home, ignore_errors=True)
        if deed == "generate on nothing":
            self.home.mkdir(mode=0o700)
        else:
            shutil.copytree(self._template, self.home)
        return read_tokens(self.home)

    def list_calls(self, deed: str) -> list[Call]:
        """Return the calls of a deed."""
        self.start_over(deed)
        return list_calls(functools.partial(_do, self.home, deed, False), self.home / ".loki")

    def run_case(self, deed: str, call: Call, error: str) -> tuple[bool, str]:
        """Let one call fail; return whether the deed did, and what is wrong."""
        before, digest = self.start_over(deed), _digest_store(self.home)
        injection = f"{call.name}:error={error}:when={call.number}"
        messages, _, lines = watch_child(functools.partial(_do, self.home, deed, True), injection)
        said = {message[0]: message[1:] for message in messages}
        if not any("(INJECTED)" in line for line in lines):
            return False, "nothing was injected"
        if "failed" in said and said.get("digest") != [digest]:
            return True, "failed, but the store is not what it was, to the byte"
        secrets = {**self.secrets, **({"new": said["secret"][0]} if "secret" in said else {})}
        return "failed" in said, _judge(self.home, before, deed, said, secrets)


def fail_each_call(home: str, every: int) -> dict[str, Any]:
    """Let each call of each deed fail with each error, or every n-th of these pairs only."""
    began = time.monotonic()
    stage = _Stage(home)
    listed = {deed: stage.list_calls(deed) for deed in DEEDS}
    pairs = [(deed, call, error) for deed in DEEDS for call in listed[deed] for error in ERRORS]
    failed, wrong = 0, []
    for deed, call, error in pairs[::every]:
        did_fail, problem = stage.run_case(deed, call, error)
        failed += did_fail
        if problem:
            wrong.append(f"{deed}: {error} at {call}: {problem}: {call.line}")
    return {
        "calls": {deed: len(calls) for deed, calls in listed.items()},
        "cases": len(pairs[::every]),
        "failed": failed,
        "wrong": wrong,
        "seconds": round(time.monotonic() - began, 1),
    }


def _check(every: int, environ: dict[str, str]) -> None:
    figures = run_alone(fail_each_call, environ["HOME"], every, environ=environ, deadline=7200)
    wrong = figures.pop("wrong")
    print(json.dumps(figures))
    assert wrong == [], "\n".join(wrong)
    assert figures["failed"] > figures["cases"] / 2


def test_a_call_of_a_write_that_fails_leaves_the_state_before_or_after(child_environ: dict[str, str]) -> None:
    # 5 has no factor in common with the number of errors: every call is met, and every error at some calls.
    _check(5, child_environ)


@pytest.mark.nightly
def test_every_call_of_a_write_that_fails_in_every_way_leaves_the_state_before_or_after(
    child_environ: dict[str, str],
) -> None:
    _check(1, child_environ)

"""Every call of a write fails once with every error: afterwards the store is as before or as asked for."""

from __future__ import annotations

import functools
import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest

from loki_core import Loki
from tests.core.faults.family import ask_child, find_refusal, open_home, run_alone
from tests.core.faults.injection import Call, watch_child
from tests.core.faults.peer import find_leftovers, read_chain, read_tokens
from tests.core.faults.stage import DEEDS, Stage, digest_store, do_deed

ERRORS = ("ENOSPC", "EIO", "EROFS", "EMFILE")


def _find_accepted(loki: Loki, secrets: dict[str, str]) -> list[str]:
    verify = {name: functools.partial(loki.authenticate, secret) for name, secret in secrets.items()}
    return sorted(name for name in verify if not find_refusal(verify[name]))


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


def _run_case(stage: Stage, deed: str, call: Call, error: str) -> tuple[bool, str]:
    """Let one call fail; return whether the deed did, and what is wrong."""
    before, digest = stage.start_over(deed), digest_store(stage.home)
    injection = f"{call.name}:error={error}:when={call.number}"
    messages, _, lines = watch_child(functools.partial(do_deed, stage.home, deed, True), injection)
    said = {message[0]: message[1:] for message in messages}
    if not any("(INJECTED)" in line for line in lines):
        return False, "nothing was injected"
    if "failed" in said and said.get("digest") != [digest]:
        return True, "failed, but the store is not what it was, to the byte"
    secrets = {**stage.secrets, **({"new": said["secret"][0]} if "secret" in said else {})}
    return "failed" in said, _judge(stage.home, before, deed, said, secrets)


def fail_each_call(home: str, thoroughly: bool) -> dict[str, Any]:
    """Let each call of each deed fail.

    Args:
        home: where to do it.
        thoroughly: each call with each error; else those that do more than look, with one error each, in turn.
    """
    began = time.monotonic()
    stage = Stage(home)
    listed = {deed: stage.list_calls(deed, looks=thoroughly) for deed in DEEDS}
    turns = itertools.cycle(ERRORS)
    cases = [
        (deed, call, error)
        for deed in DEEDS
        for call in listed[deed]
        for error in (ERRORS if thoroughly else [next(turns)])
    ]
    failed, wrong = 0, []
    for deed, call, error in cases:
        did_fail, problem = _run_case(stage, deed, call, error)
        failed += did_fail
        if problem:
            wrong.append(f"{deed}: {error} at {call}: {problem}: {call.line}")
    return {
        "calls": {deed: len(calls) for deed, calls in listed.items()},
        "cases": len(cases),
        "failed": failed,
        "wrong": wrong,
        "seconds": round(time.monotonic() - began, 1),
    }


def _check(thoroughly: bool, environ: dict[str, str]) -> None:
    figures = run_alone(fail_each_call, environ["HOME"], thoroughly, environ=environ, deadline=7200)
    wrong = figures.pop("wrong")
    print(json.dumps(figures))
    assert wrong == [], "\n".join(wrong)
    assert figures["failed"] > figures["cases"] / 2


def test_a_call_of_a_write_that_fails_leaves_the_state_before_or_after(child_environ: dict[str, str]) -> None:
    _check(False, child_environ)


@pytest.mark.nightly
def test_every_call_of_a_write_that_fails_in_every_way_leaves_the_state_before_or_after(
    child_environ: dict[str, str],
) -> None:
    _check(True, child_environ)

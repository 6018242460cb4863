"""Many writers at once: whatever was acknowledged is there."""

from __future__ import annotations

import functools
import time
from typing import Any

import pytest

from tests.core.faults.family import Child, Line, ask_child, find_refusal, hear_from, open_home, run_alone
from tests.core.faults.peer import find_leftovers, find_logged, proves, read_chain, read_tokens


def _create_many(home: str, writer: int, creates: int, line: Line) -> None:
    line.say("ready")
    line.hear()
    with open_home(home) as loki:
        for number in range(creates):
            issued = loki.tokens.generate(f"writer-{writer}-{number}")
            line.say(issued.token.id, issued.secret.reveal())


def _verify_all(home: str, secrets: list[str]) -> int:
    with open_home(home) as loki:
        return sum(bool(find_refusal(functools.partial(loki.authenticate, secret))) for secret in secrets)


def write_from_many_processes(home: str, writers: int, creates: int) -> dict[str, Any]:
    """Let many processes create tokens at once, and count what is missing afterwards."""
    began = time.monotonic()
    children = [Child(functools.partial(_create_many, home, each, creates)) for each in range(writers)]
    for child in children:
        child.hear()
    for child in children:
        child.say("go")
    acknowledged: dict[str, str] = {}
    for _, (token_id, secret) in hear_from(children):
        acknowledged[token_id] = secret
    statuses = []
    for child in children:
        with child:
            statuses.append(child.wait())
    seconds = time.monotonic() - began
    tokens = read_tokens(home)
    logged = find_logged(read_chain(home), "auth.token.create")
    return {
        "seconds": round(seconds, 1),
        "statuses": sorted(set(statuses)),
        "acknowledged": len(acknowledged),
        "lost": sum(token_id not in tokens or not proves(tokens[token_id], s) for token_id, s in acknowledged.items()),
        "unverified": ask_child(lambda: _verify_all(home, list(acknowledged.values()))),
        "unasked": len(tokens.keys() - acknowledged.keys()),
        "unlogged": len(acknowledged.keys() - set(logged)),
        "logged": len(logged),
        "leftovers": find_leftovers(home),
    }


def _check(home: str, writers: int, creates: int, environ: dict[str, str]) -> None:
    figures = run_alone(write_from_many_processes, home, writers, creates, environ=environ, deadline=7200)
    print(figures)
    del figures["seconds"]
    assert figures == {
        "statuses": [0],
        "acknowledged": writers * creates,
        "lost": 0,
        "unverified": 0,
        "unasked": 0,
        "unlogged": 0,
        "logged": writers * creates,
        "leftovers": [],
    }


def test_8_writers_of_250_tokens_lose_none_and_log_each_once(child_environ: dict[str, str]) -> None:
    _check(child_environ["HOME"], 8, 250, child_environ)


@pytest.mark.nightly
def test_32_writers_of_1000_tokens_lose_none_and_log_each_once(child_environ: dict[str, str]) -> None:
    _check(child_environ["HOME"], 32, 1000, child_environ)

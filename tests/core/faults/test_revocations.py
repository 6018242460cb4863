"""A revocation holds from the next verification on, in every process, whoever else writes."""

from __future__ import annotations

import functools
import json
import mmap
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from loki_core import LokiError
from tests.core.faults.family import Child, Line, ask_child, find_refusal, open_home, run_alone
from tests.core.faults.foreign_writer import rewrite_for_ever
from tests.core.faults.peer import find_live, read_tokens

VERIFIERS = 8
PAUSE = 0.0005
"""Seconds between two looks: ten processes share the processors."""


def _verify_as_they_fall(home: str, me: int, board: mmap.mmap, secrets: list[str], line: Line) -> None:
    """Verify each secret until its revocation is published, and once more after it: then it must be refused.

    Byte 0 of the board counts down to the start; byte `1 + n` says that the n-th revocation has returned; the bytes
    behind those say how far each verifier is.
    """
    undone = accepted = 0
    place = 1 + len(secrets)
    with open_home(home) as loki:
        line.say("ready")
        for number, secret in enumerate(secrets):
            verify = functools.partial(loki.authenticate, secret)
            while not board[1 + number]:
                accepted += not find_refusal(verify)
                time.sleep(PAUSE)
            undone += find_refusal(verify) != "token_revoked" and _is_accepted(verify)
            board[place + me * len(secrets) + number] = 1
        again = sum(_is_accepted(functools.partial(loki.authenticate, secret)) for secret in secrets)
        line.say(undone, again, accepted)


def _is_accepted(verify: functools.partial[Any]) -> bool:
    try:
        verify()
    except LokiError:
        return False
    return True


def _make_tokens(home: str, count: int, line: Line) -> None:
    with open_home(home) as loki:
        for number in range(count):
            issued = loki.tokens.generate(f"doomed-{number}")
            line.say(issued.token.id, issued.secret.reveal())


def revoke_under_verifiers(home: str, count: int, foreign: bool) -> dict[str, Any]:
    """Revoke tokens one by one while eight processes verify them; each waits for all to have seen the last one."""
    Path(home).mkdir(mode=0o700, parents=True, exist_ok=True)
    with Child(functools.partial(_make_tokens, home, count)) as maker:
        tokens = [(token_id, secret) for token_id, secret in maker.hear_all()]
    secrets = [secret for _, secret in tokens]
    board = mmap.mmap(-1, 1 + count * (1 + VERIFIERS))
    with ExitStack() as stack:
        verifiers = [
            stack.enter_context(Child(functools.partial(_verify_as_they_fall, home, me, board, secrets)))
            for me in range(VERIFIERS)
        ]
        for verifier in verifiers:
            verifier.hear()
        began = time.monotonic()
        writer = stack.enter_context(Child(functools.partial(rewrite_for_ever, home))) if foreign else None
        refused = revoke_each(home, [token_id for token_id, _ in tokens], board)
        seconds = time.monotonic() - began
        rewrites = 0
        if writer is not None:
            writer.say("stop")
            rewrites = (writer.hear() or [0])[0]
        on_disk = len(find_live(read_tokens(home)))
        ask_child(lambda: _generate(home))
        answers = [verifier.hear() for verifier in verifiers]
        statuses = sorted({verifier.wait() for verifier in verifiers})
    return {
        "revocations": count,
        "undone": sum(answer[0] for answer in answers if answer),
        "undone_later": sum(answer[1] for answer in answers if answer),
        "accepted_before": sum(answer[2] for answer in answers if answer),
        "statuses": statuses,
        "tried_again": refused,
        "rewrites": rewrites,
        "undone_on_disk": on_disk,
        "undone_after_our_next_write": len(find_live(read_tokens(home))) - 1,
        "seconds": round(seconds, 1),
    }


def _generate(home: str) -> str:
    with open_home(home) as loki:
        return loki.tokens.generate("the next one").token.id


def revoke_each(home: str, token_ids: list[str], board: mmap.mmap) -> int:
    """Revoke, publish, wait for the verifiers; return how often a foreign writer's torn file refused a revocation."""
    count, refused = len(token_ids), 0
    with open_home(home) as loki:
        for number, token_id in enumerate(token_ids):
            while find_refusal(functools.partial(loki.tokens.revoke, token_id)) != "":
                refused += 1
                assert refused < 100 * count, "nothing can be revoked"
            board[1 + number] = 1
            last = [1 + count + me * count + number for me in range(VERIFIERS)]
            until = time.monotonic() + 60
            while not all(board[place] for place in last):
                time.sleep(PAUSE)
                assert time.monotonic() < until, "a verifier hangs"
    return refused


def revoke_in_rounds(home: str, rounds: int, count: int, foreign: bool) -> list[dict[str, Any]]:
    """Do it several times, each with a new store: in a small one, verifying takes no time that could hide anything."""
    return [revoke_under_verifiers(f"{home}/{number}", count, foreign) for number in range(rounds)]


def _check(home: str, rounds: int, count: int, foreign: bool, environ: dict[str, str]) -> dict[str, Any]:
    arguments = (home, rounds, count, foreign)
    answers: list[dict[str, Any]] = run_alone(revoke_in_rounds, *arguments, environ=environ, deadline=7200)
    assert all(answer.pop("statuses") == [0] for answer in answers)
    figures = {name: round(sum(answer[name] for answer in answers), 1) for name in answers[0]}
    print(json.dumps(figures))
    assert figures["accepted_before"] > 0
    assert (figures["undone"], figures["undone_later"]) == (0, 0)
    assert figures["undone_after_our_next_write"] == 0
    return figures


def test_each_of_1000_revocations_is_in_force_at_the_next_verification_in_8_processes(
    child_environ: dict[str, str],
) -> None:
    figures = _check(child_environ["HOME"], 10, 100, False, child_environ)
    assert figures["undone_on_disk"] == 0


def test_revocations_hold_in_8_processes_while_a_foreign_writer_undoes_them_on_disk(
    child_environ: dict[str, str],
) -> None:
    figures = _check(child_environ["HOME"], 2, 50, True, child_environ)
    assert figures["rewrites"] > 0


@pytest.mark.nightly
def test_1000_revocations_hold_in_8_processes_while_a_foreign_writer_undoes_them_on_disk(
    child_environ: dict[str, str],
) -> None:
    figures = _check(child_environ["HOME"], 10, 100, True, child_environ)
    assert figures["rewrites"] > 0


@pytest.mark.nightly
def test_each_of_1000_revocations_in_one_store_is_in_force_at_the_next_verification_in_8_processes(
    child_environ: dict[str, str],
) -> None:
    figures = _check(child_environ["HOME"], 1, 1000, False, child_environ)
    assert figures["undone_on_disk"] == 0

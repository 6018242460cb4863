"""Verifying while others append, continue a full file in another, begin a day and prune: no false alarm, no lock."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import loki_core
from loki_core.audit.verification import verify_log
from loki_core.audit.verify_request import VerifyRequest, WitnessPaths
from tests.core.audit.recorded_run import open_loki
from tests.core.audit.tampering import Copy, list_problems
from tests.core.workshop import NOON, HandClock


def _write(loki: loki_core.Loki, numbers: itertools.count[int], count: int) -> None:
    for _ in range(count):
        loki.tokens.generate(f"bot-{next(numbers)}")


def test_whatever_is_written_at_any_moment_of_verifying_does_no_harm(tmp_path: Path) -> None:
    home, clock, numbers = tmp_path / "loki", HandClock(), itertools.count()
    dashboard = home / "dashboard"
    with open_loki(home, clock) as loki:
        _write(loki, numbers, 12)
        for moment in range(8):
            ticks = itertools.count()

            def write_meanwhile(
                done: int, total: int, moment: int = moment, ticks: itertools.count[int] = ticks
            ) -> None:
                if next(ticks) == moment:
                    _write(loki, numbers, 9)  # more than a file takes
                    clock.move(days=1)  # old days are pruned
                    _write(loki, numbers, 2)

            verdict = verify_log(
                str(dashboard / "audit"),
                VerifyRequest(progress=write_meanwhile),
                WitnessPaths(keys=str(dashboard / "keys")),
            )
            assert verdict.problems == ()
            assert next(ticks) > moment, "it was written in the middle"
    assert clock.now > NOON + timedelta(days=5)


def test_a_half_line_that_is_being_written_is_no_problem(copy: Copy) -> None:
    file = max(copy.audit.glob("audit-*.jsonl"))
    content = file.read_bytes()
    half = content[: content.rindex(b"\n", 0, -1) + 100]
    file.write_bytes(content + half[-100:])
    verdict = copy.verify()
    assert (verdict.ok, [kind for kind, _, _ in list_problems(verdict)]) == (True, ["torn_line"])
    file.write_bytes(content)
    assert copy.verify().problems == ()


def test_verifying_takes_no_lock(tmp_path: Path) -> None:
    home = tmp_path / "loki"
    with open_loki(home, HandClock()) as loki:
        loki.tokens.generate("ci-bot")
    (home / "dashboard/audit/.audit.lock").unlink()
    verify_log(str(home / "dashboard/audit"))
    assert not (home / "dashboard/audit/.audit.lock").exists()

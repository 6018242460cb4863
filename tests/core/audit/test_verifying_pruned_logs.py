"""Logs whose oldest days are gone: by our pruning, by Loki Mode's, or by nobody who may."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loki_core.audit.file_log import FileLog
from loki_core.audit.retention import Retention
from loki_core.audit.seal_schedule import SealSchedule
from loki_core.audit.sealer import Sealer
from loki_core.audit.verdict import Verdict
from loki_core.audit.verification import verify_log
from loki_core.audit.verify_request import VerifyRequest, WitnessPaths
from tests.core.audit.seals import day, make_entry
from tests.core.audit.tampering import list_problems
from tests.core.workshop import HandClock


def _write_days(place: Path, days: range, *, keep: int = 90) -> None:
    clock = HandClock()
    for number in days:
        clock.now = day(number)
        sealer = Sealer(str(place / "keys"))
        schedule = SealSchedule(sealer, clock, user_id="os:alice", retention=Retention(keep, sealer))
        log = FileLog(str(place / "audit"), clock=clock, sealing=schedule)
        for _ in range(4):
            log.record(make_entry(day(number)))
        log.close()


def _verify(place: Path) -> Verdict:
    return verify_log(str(place / "audit"), VerifyRequest(), WitnessPaths(keys=str(place / "keys")))


def _name(number: int) -> str:
    return f"audit-{day(number):%Y-%m-%d}.jsonl"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = tmp_path / "dashboard"
    made.mkdir(mode=0o700)
    return made


def test_what_we_pruned_is_no_tampering(place: Path) -> None:
    _write_days(place, range(1, 7), keep=3)
    assert len(list((place / "audit").glob("audit-*"))) == 4
    verdict = _verify(place)
    assert (verdict.ok, verdict.problems) == (True, ())
    assert verdict.entries < 24


def test_a_line_behind_what_was_pruned_is_guarded_as_before(place: Path) -> None:
    _write_days(place, range(1, 7), keep=3)
    file = place / "audit" / _name(3)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0].replace(b"os:alice", b"os:mallo") + b"".join(lines[1:]))
    assert list_problems(_verify(place)) == [("edited", _name(3), 1)]
    file.write_bytes(b"".join(lines[1:]))
    assert list_problems(_verify(place)) == [("removed", _name(3), 1)]


def test_without_the_mark_of_pruning_the_days_are_missing(place: Path) -> None:
    _write_days(place, range(1, 7), keep=3)
    (place / "audit/pruned.json").unlink()
    assert not _verify(place).ok


def test_a_mark_of_pruning_that_nobody_signed_is_forged(place: Path) -> None:
    _write_days(place, range(1, 5))
    forged = {"count": 4, "last_hash": "0" * 64, "heads_up_to": 1, "period": "2026-03-04", "at": day(4).isoformat()}
    (place / "audit/pruned.json").write_text(json.dumps({**forged, "signature": "0" * 128}))
    (place / "audit/pruned.json").chmod(0o600)
    (place / "audit" / _name(1)).unlink()
    kinds = [problem.kind for problem in _verify(place).problems]
    assert kinds == ["forged", "day_missing"]


@pytest.mark.parametrize(("days", "gone", "kinds"), [(13, 3, ["pruned_by_peer"]), (9, 2, ["day_missing"] * 2)])
def test_the_oldest_files_may_be_gone_when_ten_are_left(place: Path, days: int, gone: int, kinds: list[str]) -> None:
    _write_days(place, range(1, days + 1))
    for number in range(1, gone + 1):
        (place / "audit" / _name(number)).unlink()
    verdict = _verify(place)
    assert [problem.kind for problem in verdict.problems] == kinds
    assert (verdict.problems[0].file, verdict.problems[0].line) == (_name(1), 1)
    assert verdict.ok is (kinds == ["pruned_by_peer"])


def test_a_log_that_was_cut_and_written_on_says_where(place: Path) -> None:
    _write_days(place, range(1, 3))
    file = place / "audit" / _name(2)
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:2]))
    _write_days(place, range(2, 4))
    verdict = _verify(place)
    assert list_problems(verdict) == [("truncated", _name(2), 3)]
    assert "2 lines" in verdict.problems[0].message

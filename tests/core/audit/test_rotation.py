"""Files that are full: the log goes on in another, and whoever reads it does not notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from tests.core.workshop import NOON, HandClock, check_chain

ENTRY = AuditEntry(timestamp=NOON, event=AuditEvent.TOKEN_CREATE, user_id="os:alice")
SIZE = 0.001
"""MB: three lines."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _names(place: Path) -> list[str]:
    return sorted(file.name for file in place.glob("audit-*.jsonl"))


def test_a_full_file_is_set_aside_under_the_time_and_the_chain_and_the_numbers_go_on(place: Path) -> None:
    clock = HandClock()
    log = FileLog(str(place), clock=clock, max_file_size=SIZE)
    for number in range(9):
        log.record(replace(ENTRY, resource_id=f"tok-{number}"))
        clock.move(seconds=1)
    assert _names(place) == [
        "audit-2026-03-01.120003.jsonl",
        "audit-2026-03-01.120006.jsonl",
        "audit-2026-03-01.jsonl",
    ]
    assert all(file.stat().st_size < 1_500 for file in place.glob("audit-*.jsonl"))
    assert [entry["seq"] for entry in check_chain(place)] == list(range(1, 10))
    assert [entry.resource_id for entry in log.find_newest(limit=6)] == [f"tok-{number}" for number in range(8, 2, -1)]


def test_pieces_stay_in_their_order_within_a_second_and_when_the_clock_is_set_back(place: Path) -> None:
    clock = HandClock()
    log = FileLog(str(place), clock=clock, max_file_size=SIZE)
    for number in range(40):
        log.record(ENTRY, durable=number % 2 == 0)
        if number == 20:
            clock.move(hours=-3)
    assert len(_names(place)) >= 10
    assert [entry["seq"] for entry in check_chain(place)] == list(range(1, 41))


def test_a_new_day_begins_a_file_also_when_the_last_is_not_full(place: Path) -> None:
    log = FileLog(str(place), max_file_size=SIZE)
    for day in range(3):
        log.record(replace(ENTRY, timestamp=NOON + timedelta(days=day)))
    assert _names(place) == [f"audit-2026-03-0{day}.jsonl" for day in (1, 2, 3)]
    assert [entry["seq"] for entry in check_chain(place)] == [1, 2, 3]


def test_a_day_whose_file_was_set_aside_before_a_crash_is_continued(place: Path) -> None:
    FileLog(str(place)).record(ENTRY)
    (place / "audit-2026-03-01.jsonl").rename(place / "audit-2026-03-01.120000.jsonl")
    log = FileLog(str(place))
    log.record(replace(ENTRY, timestamp=NOON - timedelta(days=9)))
    log.record(ENTRY)
    assert _names(place) == ["audit-2026-03-01.120000.jsonl", "audit-2026-03-01.jsonl"]
    assert [entry["seq"] for entry in check_chain(place)] == [1, 2, 3]


def test_entries_that_belong_together_stay_in_one_file(place: Path) -> None:
    log = FileLog(str(place), max_file_size=SIZE)
    for _ in range(3):
        log.record_all([ENTRY] * 20)
    assert [len(file.read_bytes().splitlines()) for file in sorted(place.glob("audit-*.jsonl"))] == [20, 20, 20]
    assert len(check_chain(place)) == 60

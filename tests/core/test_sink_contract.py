"""What the ledger may expect of any audit log: one suite, run over every implementation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from loki_core.audit.flood import FAILURES_A_MINUTE
from loki_core.audit.lines import StoredLine, read_line
from loki_core.audit.memory_log import MemoryLog, NoLog
from loki_core.interfaces import AuditSink
from tests.core.workshop import NOON

ENTRY = AuditEntry(
    timestamp=NOON,
    event=AuditEvent.TOKEN_CREATE,
    user_id="os:alice",
    resource_id="tok-000000000001",
    ip_address="10.0.0.1",
    user_agent="curl/8 «ü»",
    details={"name": "ci-bot ☃", "scopes": ["read"], "role": None},
)


@pytest.fixture(params=["memory", "file"])
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> AuditSink:
    return MemoryLog() if request.param == "memory" else FileLog(str(tmp_path / "audit"))


def test_a_new_log_is_empty_and_can_be_written(sink: AuditSink) -> None:
    assert sink.find_newest(limit=10) == ()
    sink.check_writable()
    assert sink.find_newest(limit=10) == ()
    assert sink.label


@pytest.mark.parametrize("durable", [True, False])
def test_an_entry_comes_back_as_it_was_recorded_with_its_number(sink: AuditSink, durable: bool) -> None:
    sink.record(ENTRY, durable=durable)
    assert sink.find_newest(limit=10) == (replace(ENTRY, seq=1),)


def test_entries_are_numbered_from_one_and_found_newest_first(sink: AuditSink) -> None:
    for minute in range(5):
        sink.record(replace(ENTRY, timestamp=NOON + timedelta(minutes=minute)))
    assert [entry.seq for entry in sink.find_newest(limit=100)] == [5, 4, 3, 2, 1]
    assert [entry.seq for entry in sink.find_newest(limit=2)] == [5, 4]
    assert [entry.seq for entry in sink.find_newest(limit=100, within=3)] == [5, 4, 3]


def test_entries_that_belong_together_are_recorded_one_after_the_other(sink: AuditSink) -> None:
    sink.record(ENTRY)
    sink.record_all([replace(ENTRY, resource_id=f"tok-{number}") for number in range(3)])
    sink.record_all([])
    sink.record_all((ENTRY,), durable=False)
    found = [(entry.seq, entry.resource_id) for entry in sink.find_newest(limit=9)]
    assert found == [(5, ENTRY.resource_id), (4, "tok-2"), (3, "tok-1"), (2, "tok-0"), (1, ENTRY.resource_id)]


def test_of_failures_sixty_a_minute_get_an_entry_and_the_others_are_counted(sink: AuditSink) -> None:
    failure = replace(ENTRY, event=AuditEvent.FAIL, success=False, error="token_unknown")
    floods = [sink.record_failures(failure, {}, NOON) for _ in range(FAILURES_A_MINUTE + 1)]
    assert [flood.is_used_up(NOON) for flood in floods[-3:]] == [False, True, True]
    assert floods[-1].counted == {"token_unknown": 1}
    later = NOON + timedelta(minutes=1)
    sink.record_failures(None, {"token_malformed": 2}, later)
    newest, *others = sink.find_newest(limit=100)
    assert newest.details == {"count": 3, "by_code": {"token_unknown": 1, "token_malformed": 2}}
    assert len(others) == FAILURES_A_MINUTE


def test_the_entries_about_or_by_a_token_can_be_asked_for(sink: AuditSink) -> None:
    by = replace(ENTRY, event=AuditEvent.TOKEN_USE, resource_id="", token_id="tok-000000000002")
    sink.record(ENTRY)
    sink.record(by)
    mentioned = replace(ENTRY, resource_id="tok-000000000003", details={"name": "tok-000000000002"})
    sink.record(mentioned)
    assert [entry.seq for entry in sink.find_newest(limit=9, token_id="tok-000000000001")] == [1]
    assert [entry.seq for entry in sink.find_newest(limit=9, token_id="tok-000000000002")] == [2]
    assert sink.find_newest(limit=9, token_id="tok-000000000009") == ()


def test_entries_can_be_asked_for_by_what_their_stored_line_holds(sink: AuditSink) -> None:
    sink.record(ENTRY)
    sink.record(replace(ENTRY, resource_type="store", details={"event_id": "0123456789abcdef"}))
    assert [entry.seq for entry in sink.find_newest(limit=9, contains="0123456789abcdef")] == [2]
    assert [entry.seq for entry in sink.find_newest(limit=9, contains='"resource_type": "token"')] == [1]
    assert sink.find_newest(limit=9, contains="nowhere") == ()


def _numbers(lines: Iterable[StoredLine]) -> list[int]:
    return [json.loads(line.data)["seq"] for line in lines]


def test_lines_come_from_either_end_as_they_are_stored(sink: AuditSink) -> None:
    assert list(sink.lines()) == []
    for _ in range(3):
        sink.record(ENTRY)
    assert _numbers(sink.lines()) == [1, 2, 3]
    assert _numbers(sink.lines(newest_first=True)) == [3, 2, 1]
    assert [sink.count_lines_before(line) for line in sink.lines()] == [0, 1, 2]
    line = read_line(next(iter(sink.lines(since=NOON))))
    assert line is not None
    assert line.entry == replace(ENTRY, seq=1)


def test_who_follows_gets_each_new_line_once_and_what_was_there_only_on_request(sink: AuditSink) -> None:
    early = sink.follow()
    assert early.read_new() == ()
    sink.record(ENTRY)
    sink.record(ENTRY)
    late = sink.follow()
    assert _numbers(early.read_new()) == [1, 2]
    assert early.read_new() == late.read_new() == ()
    sink.record(ENTRY)
    assert _numbers(early.read_new()) == _numbers(late.read_new()) == [3]
    assert early.read_new() == late.read_new() == ()
    assert _numbers(early.lines_before()) == []
    assert _numbers(late.lines_before()) == [2, 1]


def test_the_revision_changes_with_every_entry_and_with_nothing_else(sink: AuditSink) -> None:
    seen = [sink.revision()]
    for _ in range(3):
        sink.record(ENTRY)
        seen.append(sink.revision())
        assert list(sink.lines())
        assert sink.revision() == seen[-1]
    assert len(set(seen)) == 4


def test_a_log_that_is_switched_off_takes_everything_and_keeps_nothing() -> None:
    log = NoLog()
    log.record(ENTRY)
    log.record_all([ENTRY])
    assert not log.record_failures(ENTRY, {"token_unknown": 1}, NOON).counted
    log.check_writable()
    assert log.find_newest(limit=9) == ()
    follower = log.follow()
    assert [*log.lines(), *log.lines(newest_first=True), *follower.read_new(), *follower.lines_before()] == []
    assert log.revision() == NoLog().revision()
    log.close()


def test_closing_twice_is_no_error(sink: AuditSink) -> None:
    sink.record(ENTRY)
    sink.close()
    sink.close()


def test_a_closed_log_can_be_used_again(sink: AuditSink) -> None:
    sink.record(ENTRY)
    sink.close()
    sink.record(ENTRY)
    assert [entry.seq for entry in sink.find_newest(limit=9)] == [2, 1]
    sink.close()

"""A log that is switched off says so last, and first that it is on again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from loki_core.audit.flood import Flood
from tests.core.workshop import NOON, check_chain

ENTRY = AuditEntry(timestamp=NOON, event=AuditEvent.TOKEN_CREATE, user_id="os:alice", resource_id="tok-1")
OFF, ON = ("policy.change", False), ("policy.change", True)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _words(place: Path) -> list[tuple[str, Any]]:
    return [(entry["event"], entry["details"].get("enabled")) for entry in check_chain(place)]


def test_what_would_be_recorded_first_is_replaced_by_an_entry_that_the_log_is_off(place: Path) -> None:
    log = FileLog(str(place), is_on=False)
    for _ in range(3):
        log.record(replace(ENTRY, ip_address="10.0.0.1"))
        log.record_all([ENTRY, ENTRY])
        assert log.record_failures(ENTRY, {"token_unknown": 9}, NOON) == Flood()
    (entry,) = check_chain(place)
    assert (entry["event"], entry["details"], entry["resource_type"]) == ("policy.change", {"enabled": False}, "audit")
    assert (entry["user_id"], entry["ip_address"], entry["seq"]) == ("os:alice", "10.0.0.1", 1)


def test_it_says_who_sat_at_the_terminal_as_far_as_that_is_known(place: Path) -> None:
    seat = {"terminal": "/dev/pts/7", "claimed": {"SUDO_USER": "bob"}}
    FileLog(str(place), is_on=False).record(replace(ENTRY, details={"name": "ci-bot", **seat}))
    (entry,) = check_chain(place)
    assert entry["details"] == {"enabled": False, **seat}


def test_it_is_said_once_by_many_processes_and_once_again_after_the_log_was_on(place: Path) -> None:
    for is_on in (False, False, True, True, False, False, True):
        FileLog(str(place), is_on=is_on).record(ENTRY)
    made = ("auth.token.create", None)
    assert _words(place) == [OFF, ON, made, made, OFF, ON, made]


def test_a_process_that_lived_on_says_that_the_log_is_on_again(place: Path) -> None:
    log = FileLog(str(place))
    log.record(ENTRY)
    FileLog(str(place), is_on=False).record(ENTRY)
    log.record(ENTRY, durable=False)
    log.record(ENTRY, durable=False)
    assert [word for word in _words(place) if word[0] == "policy.change"] == [OFF, ON]


def test_lines_of_the_peer_behind_it_do_not_hide_that_the_log_was_off(place: Path) -> None:
    FileLog(str(place), is_on=False).record(ENTRY)
    with open(place / "audit-2026-03-01.jsonl", "a") as file:
        file.write('{"action": "token_created", "details": {"enabled": true}}\n')
    FileLog(str(place)).record(ENTRY)
    lines = (place / "audit-2026-03-01.jsonl").read_text().splitlines()
    assert '"enabled": true' in lines[2]
    assert '"seq": 3' in lines[2]


def test_a_log_that_is_off_and_cannot_be_written_fails_nothing(place: Path) -> None:
    place.write_text("in the way")
    log = FileLog(str(place), is_on=False)
    log.check_writable()
    log.record(ENTRY)
    log.record_all([ENTRY])
    log.record_failures(ENTRY, {}, NOON)
    place.unlink()
    log.record(ENTRY)
    assert _words(place) == [OFF]


def test_what_was_logged_before_can_still_be_read(place: Path) -> None:
    FileLog(str(place)).record(ENTRY)
    log = FileLog(str(place), is_on=False)
    assert [entry.seq for entry in log.find_newest(limit=9)] == [1]
    assert log.label == "off"

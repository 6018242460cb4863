"""The log on disk: days, torn lines, the peer's lines, and what may lie in its place."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from tests.core.workshop import GENESIS, NOON, check_chain, refuses

ENTRY = AuditEntry(timestamp=NOON, event=AuditEvent.TOKEN_CREATE, user_id="os:alice", resource_id="tok-1")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _at(moment: datetime) -> AuditEntry:
    return replace(ENTRY, timestamp=moment)


def _numbers(place: Path) -> list[int]:
    return [entry["seq"] for entry in check_chain(place)]


def write_peer_lines(place: Path, count: int, *, day: str = "2026-02-28", previous: str = GENESIS) -> str:
    """Write lines as Loki Mode does, and return the last hash."""
    place.mkdir(mode=0o700, exist_ok=True)
    with open(place / f"audit-{day}.jsonl", "a") as file:
        for number in range(count):
            entry: dict[str, Any] = {
                "timestamp": f"{day}T09:00:{number % 60:02d}+00:00",
                "action": "token_created",
                "resource_type": "token",
                "resource_id": f"tok-{number:012x}",
                "user_id": "alice",
                "token_id": None,
                "ip_address": None,
                "user_agent": None,
                "success": True,
                "error": None,
                "details": {"name": f"ü{number}"},
            }
            previous = hashlib.sha256((previous + json.dumps(entry, sort_keys=True)).encode()).hexdigest()
            file.write(json.dumps({**entry, "_integrity_hash": previous}) + "\n")
    (place / f"audit-{day}.jsonl").chmod(0o600)
    return previous


def test_the_chain_is_carried_across_days_and_numbers_go_on(place: Path) -> None:
    for day in range(5):
        log = FileLog(str(place))  # each a new process
        for minute in range(3):
            log.record(_at(NOON + timedelta(days=day, minutes=minute)))
    assert [file.name for file in sorted(place.glob("*.jsonl"))] == [
        f"audit-2026-03-0{day}.jsonl" for day in range(1, 6)
    ]
    assert _numbers(place) == list(range(1, 16))


def test_a_log_begun_by_the_peer_is_continued_without_a_break_and_its_lines_are_counted(place: Path) -> None:
    last = write_peer_lines(place, 70, day="2026-02-27")
    write_peer_lines(place, 30, day="2026-02-28", previous=last)
    log = FileLog(str(place))
    log.record(ENTRY)
    log.record(ENTRY)
    entries = check_chain(place)
    assert [entry.get("seq") for entry in entries] == [None] * 100 + [101, 102]
    assert [entry.event for entry in log.find_newest(limit=3)] == ["auth.token.create"] * 2 + ["token_created"]


def test_the_peer_and_we_take_turns_in_one_log(place: Path) -> None:
    log = FileLog(str(place))
    log.record(_at(NOON))
    for _ in range(3):
        last = json.loads((place / "audit-2026-03-01.jsonl").read_bytes().splitlines()[-1])["_integrity_hash"]
        write_peer_lines(place, 2, day="2026-03-01", previous=last)
        log.record(_at(NOON))
    entries = check_chain(place)
    assert [entry.get("seq") for entry in entries] == [1, None, None, 4, None, None, 7, None, None, 10]


def test_two_writers_of_one_log_keep_one_chain(place: Path) -> None:
    one, two = FileLog(str(place)), FileLog(str(place))
    for _ in range(10):
        one.record(ENTRY)
        two.record(ENTRY, durable=False)
    assert _numbers(place) == list(range(1, 21))


TORN: dict[str, Callable[[bytes], bytes]] = {
    "half a line": lambda line: line[: len(line) // 2],
    "one byte": lambda line: line[:1],
    "all but the hash's end": lambda line: line[:-3],
}


@pytest.mark.parametrize("torn", TORN)
def test_a_last_line_torn_by_a_crash_is_replaced_by_an_entry_that_says_so(place: Path, torn: str) -> None:
    log = FileLog(str(place))
    log.record(ENTRY)
    file = place / "audit-2026-03-01.jsonl"
    whole = file.read_bytes()
    piece = TORN[torn](whole)
    file.write_bytes(whole + piece)
    for opened in (log, FileLog(str(place))):
        opened.record(ENTRY)
    entries = check_chain(place)
    assert [entry["event"] for entry in entries] == [
        "auth.token.create",
        "audit.recover",
        "auth.token.create",
        "auth.token.create",
    ]
    assert (entries[1]["error"], entries[1]["details"]["dropped_bytes"]) == ("torn_line", len(piece))
    assert entries[1]["user_id"] == "os:alice"
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4]


def test_a_whole_last_line_without_its_line_end_is_kept(place: Path) -> None:
    log = FileLog(str(place))
    log.record(ENTRY)
    file = place / "audit-2026-03-01.jsonl"
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    log.record(ENTRY)
    assert _numbers(place) == [1, 2]


def test_an_empty_file_of_today_breaks_nothing(place: Path) -> None:
    log = FileLog(str(place))
    log.record(ENTRY)
    (place / "audit-2026-03-02.jsonl").touch(mode=0o600)
    FileLog(str(place)).record(_at(NOON + timedelta(days=1)))
    assert _numbers(place) == [1, 2]


def test_the_names_of_files_never_go_backwards_also_when_the_clock_does(place: Path) -> None:
    log = FileLog(str(place))
    log.record(_at(NOON + timedelta(days=3)))
    log.record(_at(NOON))
    FileLog(str(place)).record(_at(NOON - timedelta(days=400)))
    assert [file.name for file in place.glob("*.jsonl")] == ["audit-2026-03-04.jsonl"]
    assert _numbers(place) == [1, 2, 3]


def test_the_day_is_the_day_in_utc(place: Path) -> None:
    FileLog(str(place)).record(_at(datetime.fromisoformat("2026-03-02T01:30:00+03:00").astimezone(UTC)))
    assert (place / "audit-2026-03-01.jsonl").exists()


def test_directory_and_files_are_private_whatever_the_umask(place: Path) -> None:
    before = os.umask(0)
    try:
        FileLog(str(place)).record(ENTRY)
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}


def test_names_that_only_look_like_days_are_left_alone(place: Path) -> None:
    log = FileLog(str(place))
    log.record(ENTRY)
    for name in ("audit-2026-03-99.jsonl.bak", "audit-2099-01-01.jsonl.tmp", "heads.jsonl", "audit-x.jsonl"):
        (place / name).write_text("not a line\n")
    log.record(ENTRY)
    assert len(log.find_newest(limit=9)) == 2


def _link(file: Path, aside: Path) -> None:
    aside.write_text("")
    aside.chmod(0o600)
    file.symlink_to(aside)


@pytest.mark.parametrize("name", ["audit-2026-03-01.jsonl", ".audit.lock"])
@pytest.mark.parametrize(
    "plant",
    [_link, lambda file, _: os.mkfifo(file, 0o600), lambda file, _: file.mkdir()],
    ids=["a link", "a FIFO", "a directory"],
)
def test_what_stands_in_for_a_file_of_the_log_is_refused_by_name(
    place: Path, tmp_path: Path, name: str, plant: Callable[[Path, Path], object]
) -> None:
    place.mkdir(mode=0o700)
    plant(place / name, tmp_path / "aside")
    log = FileLog(str(place), lock_seconds=1)
    with refuses("audit_unavailable") as caught:
        log.record(ENTRY)
    assert str(place / name) in caught.value.message
    aside = tmp_path / "aside"
    assert not aside.exists() or aside.read_bytes() == b""


def test_a_file_of_the_log_that_others_can_write_is_refused(place: Path) -> None:
    log = FileLog(str(place))
    log.record(ENTRY)
    (place / "audit-2026-03-01.jsonl").chmod(0o666)
    for call in (lambda: log.record(ENTRY), log.check_writable, lambda: log.find_newest(limit=1)):
        with refuses("audit_unavailable"):
            call()


@pytest.mark.parametrize("plant", ["file", "link"])
def test_what_stands_in_for_the_directory_is_refused(place: Path, tmp_path: Path, plant: str) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    if plant == "file":
        place.write_text("")
    else:
        place.symlink_to(tmp_path / "elsewhere")
    log = FileLog(str(place))
    for call in (lambda: log.record(ENTRY), log.check_writable, lambda: log.find_newest(limit=1)):
        with refuses("audit_unavailable"):
            call()
    assert os.listdir(tmp_path / "elsewhere") == []


def test_finding_out_whether_it_could_be_written_makes_nothing(place: Path) -> None:
    log = FileLog(str(place / "deeper"))
    log.check_writable()
    assert not place.exists()


def test_entries_longer_than_what_is_read_at_once_are_found(place: Path) -> None:
    log = FileLog(str(place))
    for number in range(5):
        log.record(replace(ENTRY, details={"number": number, "filler": "ü" * 30_000}))
    assert [entry.details["number"] for entry in log.find_newest(limit=9)] == [4, 3, 2, 1, 0]
    FileLog(str(place)).record(ENTRY)
    assert _numbers(place) == [1, 2, 3, 4, 5, 6]


def test_junk_between_the_lines_stops_neither_reading_nor_writing(place: Path) -> None:
    log = FileLog(str(place))
    log.record(ENTRY)
    with open(place / "audit-2026-03-01.jsonl", "ab") as file:
        file.write(b"\xff\xfe\n[]\n\n" + b"[" * 100_000 + b"\n" + b'{"seq": "x", "_integrity_hash": 7}\n')
    log.record(ENTRY)
    assert [entry.event for entry in log.find_newest(limit=9)] == ["auth.token.create"] * 2

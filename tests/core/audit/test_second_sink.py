"""Copies of heads somewhere else: they cost nothing when they fail, and what is missing there is said."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from loki_core.audit.file_log import FileLog
from loki_core.audit.seal_schedule import SealSchedule
from loki_core.audit.sealer import Sealer
from loki_core.audit.second_sink import FileSink
from tests.core.audit.seals import check_seals, make_entry, read_lines
from tests.core.workshop import HandClock, Workshop, is_root


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere" / "heads"


@pytest.fixture
def log(tmp_path: Path, place: Path) -> FileLog:
    audit = str(tmp_path / "audit")
    schedule = SealSchedule(
        Sealer(str(tmp_path / "keys")), HandClock(), user_id="os:alice", second_sink=FileSink(str(place), audit)
    )
    return FileLog(audit, sealing=schedule)


def _write(log: FileLog) -> None:
    log.record(make_entry())
    log.close()


def _codes(log: FileLog) -> list[str]:
    return [finding.code for finding in log.diagnose()]


def test_each_head_is_appended_without_marks_and_with_the_first_key(log: FileLog, place: Path, tmp_path: Path) -> None:
    for _ in range(3):
        _write(log)
    first = read_lines(tmp_path / "audit/keys.jsonl")[0]["public_key"]
    heads = check_seals(tmp_path / "audit")
    for head in heads:
        del head["marks"]
    assert read_lines(place) == [{**head, "first_key": first} for head in heads]
    assert read_lines(place)[-1] == log.newest_head
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert _codes(log) == ["audit_sealed"]


def _link_to_a_file(place: Path) -> None:
    (place.parent / "aside").write_text("")
    place.symlink_to(place.parent / "aside")


def _put_a_file_around_it(place: Path) -> None:
    place.parent.rmdir()
    place.parent.write_text("")


PLANTED: dict[str, Callable[[Path], object]] = {
    "a link": _link_to_a_file,
    "a dangling link": lambda place: place.symlink_to(place.parent / "aside"),
    "a directory": lambda place: place.mkdir(),
    "a pipe": lambda place: os.mkfifo(place),
    "no directory around it": lambda place: place.parent.rmdir(),
    "a file around it": _put_a_file_around_it,
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_cannot_be_appended_to_fails_nothing_and_is_said(
    log: FileLog, place: Path, planted: str, tmp_path: Path
) -> None:
    PLANTED[planted](place)
    for _ in range(2):
        _write(log)
    assert len(check_seals(tmp_path / "audit")) == 2
    assert _codes(log) == ["audit_sealed", "second_sink_behind"]
    finding = log.diagnose()[1]
    assert str(place) in finding.message
    assert "\n" not in finding.message + finding.remedy
    aside = place.parent / "aside"
    assert not aside.exists() or aside.read_bytes() == b""


def test_a_sink_that_was_away_for_a_while_gets_the_next_head(log: FileLog, place: Path) -> None:
    _write(log)
    before = place.read_bytes()
    place.unlink()
    place.mkdir()
    _write(log)
    assert _codes(log) == ["audit_sealed", "second_sink_behind"]
    place.rmdir()
    place.write_bytes(before)
    assert "is at head 1, the log is at 2" in log.diagnose()[1].message
    _write(log)
    assert [head["number"] for head in read_lines(place)] == [1, 3]
    assert _codes(log) == ["audit_sealed"]


def test_junk_in_the_sink_is_left_alone(log: FileLog, place: Path) -> None:
    place.write_bytes(b"\xff not ours\n")
    _write(log)
    junk, head = place.read_bytes().splitlines()
    assert (junk, json.loads(head)["number"]) == (b"\xff not ours", 1)


@pytest.mark.skipif(not is_root(), reason="only root can write for someone else")
@pytest.mark.parametrize("planted", ["another user's file", "a new file in another user's directory", "a hard link"])
def test_root_working_for_a_user_writes_to_no_file_that_this_user_could_not(
    log: FileLog, place: Path, planted: str, tmp_path: Path
) -> None:
    """The path may come from that user's own configuration."""
    audit = tmp_path / "audit"
    audit.mkdir(mode=0o700)
    os.chown(audit, 12345, 12345)
    (tmp_path / "keys").mkdir(mode=0o700)
    os.chown(tmp_path / "keys", 12345, 12345)
    if planted == "another user's file":
        place.write_text("root's\n")
    elif planted == "a hard link":
        os.chown(place.parent, 12345, 12345)
        (place.parent / "other name").write_text("root's\n")
        os.link(place.parent / "other name", place)
    before = place.read_bytes() if place.exists() else None
    _write(log)
    assert (place.read_bytes() if place.exists() else None) == before
    assert len(check_seals(audit)) == 1
    place.unlink(missing_ok=True)
    os.chown(place.parent, 12345, 12345)
    _write(log)
    assert len(read_lines(place)) == 1
    assert (place.stat().st_uid, place.stat().st_gid) == (12345, 12345)
    assert {file.stat().st_uid for file in (*audit.iterdir(), *(tmp_path / "keys").iterdir())} == {12345}


def test_the_configured_path_is_used(workshop: Workshop, place: Path) -> None:
    loki = workshop.open(second_sink=place)
    loki.tokens.generate("ci-bot")
    loki.close()
    assert [head["count"] for head in read_lines(place)] == [1]

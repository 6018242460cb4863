"""Following the log's files: every whole line once, whatever becomes of the files meanwhile."""

from __future__ import annotations

import json
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from loki_core.audit.events import AuditEntry
from loki_core.audit.file_follower import FileFollower
from loki_core.audit.file_log import FileLog
from loki_core.errors import AuditUnavailable
from loki_core.interfaces import LineFollower
from tests.core.workshop import NOON

DAY = "audit-2026-03-01.jsonl"
PIECE = "audit-2026-03-01.101010.jsonl"
NEXT_DAY = "audit-2026-03-02.jsonl"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "dashboard" / "audit"
    place.mkdir(mode=0o700, parents=True)
    return place


def _line(number: int) -> bytes:
    return json.dumps({"timestamp": "2026-03-01T12:00:00+00:00", "seq": number, "padding": "x" * 40}).encode() + b"\n"


def _write(file: Path, *numbers: int) -> None:
    with file.open("ab") as opened:
        opened.write(b"".join(map(_line, numbers)))
    file.chmod(0o600)


def _read(follower: LineFollower) -> list[int]:
    return [json.loads(line.data)["seq"] for line in follower.read_new()]


def test_a_log_that_is_not_there_yet_is_followed_from_its_first_line(tmp_path: Path) -> None:
    place = tmp_path / "dashboard" / "audit"
    follower = FileFollower(str(place))
    assert _read(follower) == []
    place.mkdir(mode=0o700, parents=True)
    assert _read(follower) == []
    _write(place / DAY, 1)
    assert _read(follower) == [1]


def test_half_a_line_is_returned_once_it_is_whole(place: Path) -> None:
    _write(place / DAY, 1)
    follower = FileFollower(str(place))
    half = _line(2)
    with (place / DAY).open("ab") as file:
        file.write(half[:20])
        file.flush()
        assert _read(follower) == []
        file.write(half[20:-1])
        file.flush()
        assert _read(follower) == []
        file.write(b"\n")
        file.flush()
        assert _read(follower) == [2]


def test_a_half_line_that_was_there_before_is_not_taken_for_read(place: Path) -> None:
    _write(place / DAY, 1)
    with (place / DAY).open("ab") as file:
        file.write(_line(2)[:20])
    follower = FileFollower(str(place))
    assert [json.loads(line.data)["seq"] for line in follower.lines_before()] == [1]
    with (place / DAY).open("ab") as file:
        file.write(_line(2)[20:])
    assert _read(follower) == [2]


def test_a_torn_line_that_the_next_writer_drops_is_not_seen(place: Path) -> None:
    _write(place / DAY, 1)
    follower = FileFollower(str(place))
    with (place / DAY).open("ab") as file:
        file.write(_line(2)[:20])
    assert _read(follower) == []
    os.truncate(place / DAY, len(_line(1)))
    _write(place / DAY, 3)
    assert _read(follower) == [3]


def test_a_new_day_and_what_still_came_on_the_old_one(place: Path) -> None:
    _write(place / DAY, 1)
    follower = FileFollower(str(place))
    _write(place / DAY, 2)
    _write(place / NEXT_DAY, 3)
    assert _read(follower) == [2, 3]
    _write(place / NEXT_DAY, 4)
    assert _read(follower) == [4]


def test_a_full_file_that_was_renamed_is_read_to_its_end_before_the_new_one(place: Path) -> None:
    _write(place / DAY, 1, 2)
    follower = FileFollower(str(place))
    _write(place / DAY, 3)
    (place / DAY).rename(place / PIECE)
    assert _read(follower) == [3]
    _write(place / DAY, 4)
    assert _read(follower) == [4]
    (place / DAY).rename(place / "audit-2026-03-01.101011.jsonl")
    _write(place / DAY, 5)
    assert _read(follower) == [5]
    assert [json.loads(line.data)["seq"] for line in follower.lines_before()] == [2, 1]


def test_pruning_takes_away_what_was_read_and_nothing_else(place: Path) -> None:
    _write(place / DAY, 1)
    follower = FileFollower(str(place))
    _write(place / NEXT_DAY, 2)
    (place / DAY).unlink()
    assert _read(follower) == [2]
    assert list(follower.lines_before()) == []


def test_everything_is_removed_and_begun_anew(place: Path) -> None:
    _write(place / DAY, 1)
    follower = FileFollower(str(place))
    (place / DAY).unlink()
    assert _read(follower) == []
    _write(place / DAY, 2)
    assert _read(follower) == [2]


def test_a_file_written_anew_with_the_same_lines_is_not_read_twice(place: Path) -> None:
    _write(place / DAY, 1, 2)
    follower = FileFollower(str(place))
    aside = place / "aside"
    _write(aside, 1, 2, 3)
    aside.rename(place / DAY)
    assert _read(follower) == [3]


def test_a_line_that_was_taken_back_is_forgotten_and_the_others_are_not_read_twice(place: Path) -> None:
    _write(place / DAY, 1, 2)
    follower = FileFollower(str(place))
    _write(place / DAY, 3)
    assert _read(follower) == [3]
    os.truncate(place / DAY, len(_line(1) + _line(2)))
    _write(place / DAY, 4, 5)
    assert _read(follower) == [4, 5]


def test_many_lines_at_once_are_whole(place: Path) -> None:
    follower = FileFollower(str(place))
    _write(place / DAY, *range(5_000))
    assert _read(follower) == list(range(5_000))


def test_looking_again_when_nothing_is_new_opens_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(place / DAY, 1)
    os.utime(place, (0, 0))  # long ago: a directory that changed just now is looked at once more
    follower = FileFollower(str(place))
    assert _read(follower) == []
    opened: list[object] = []
    monkeypatch.setattr(os, "open", lambda *given, **_: opened.append(given))
    assert _read(follower) == []
    assert opened == []


def test_a_last_line_without_its_end_is_returned_once_nothing_comes_behind_it(place: Path) -> None:
    follower = FileFollower(str(place))
    _write(place / DAY, 1)
    with (place / DAY).open("ab") as file:
        file.write(_line(2)[:-1])
    assert _read(follower) == [1]
    _write(place / NEXT_DAY, 3)
    assert _read(follower) == [2, 3]


def test_a_log_that_cannot_be_read_is_said_to_be(place: Path) -> None:
    _write(place / DAY, 1)
    follower = FileFollower(str(place))
    (place / NEXT_DAY).symlink_to(place / DAY)
    with pytest.raises(AuditUnavailable, match="symbolic link"):
        follower.read_new()


@pytest.mark.parametrize("beginning", [0, 100])
def test_no_line_is_missed_or_returned_twice_while_files_fill_up_and_days_begin(tmp_path: Path, beginning: int) -> None:
    """A real writer in another thread, files of a few lines each, and a follower that never waits."""
    log = FileLog(str(tmp_path / "audit"), max_file_size=0.005)

    def write(numbers: range) -> None:
        for number in numbers:
            at = NOON + timedelta(hours=number / 4)
            log.record(AuditEntry(timestamp=at, event="auth.token.use", user_id="os:alice"), durable=False)

    write(range(beginning))
    follower = log.follow()
    writer = threading.Thread(target=write, args=(range(beginning, 500),))
    writer.start()
    found: list[int] = []
    while writer.is_alive():
        found += _read(follower)
    writer.join()
    found += _read(follower)
    log.close()
    assert len(list((tmp_path / "audit").glob("audit-*.jsonl"))) > 10
    assert found == list(range(beginning + 1, 501))
    assert [json.loads(line.data)["seq"] for line in follower.lines_before()] == list(range(beginning, 0, -1))

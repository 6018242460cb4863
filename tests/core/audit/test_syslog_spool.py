"""The log as a spool: every line once and in order, whatever becomes of the files meanwhile."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from loki_core.audit.file_lines import LONGEST_LINE
from loki_core.audit.syslog_cursor import Cursor, SentLine, dump_cursor, parse_cursor
from loki_core.audit.syslog_spool import SpooledLine, read_spool
from loki_core.disk.directory import PrivateDirectory
from tests.core.workshop import NOON

DAY = "audit-2026-03-01.jsonl"
PIECE = "audit-2026-03-01.101010.jsonl"
LATER_PIECE = "audit-2026-03-01.101011.jsonl"
NEXT_DAY = "audit-2026-03-02.jsonl"


class Spool:
    """A directory with files of a log, and how far they were sent."""

    def __init__(self, place: Path) -> None:
        place.mkdir(mode=0o700, parents=True)
        self.place = place
        self.cursor = Cursor()

    def write(self, name: str, *numbers: int, end: bytes = b"\n") -> None:
        """Append lines; of the last one, only the beginning when it gets no end."""
        data = b"\n".join(json.dumps({"seq": number, "padding": "x" * 200}).encode() for number in numbers)
        self.write_bytes(name, data + end if end else data[:-9])

    def write_bytes(self, name: str, data: bytes) -> None:
        with (self.place / name).open("ab") as file:
            file.write(data)
        (self.place / name).chmod(0o600)

    def rename(self, name: str, new_name: str) -> None:
        (self.place / name).rename(self.place / new_name)

    def read(self, *, most_lines: int = 10_000, most_bytes: int = 10_000_000, stop_after: int = 0) -> list[int]:
        """Send what waits, and return the numbers; of a line that is no JSON object, minus its length."""
        return [_get_number(line) for line in self.go(most_lines, most_bytes, stop_after)]

    def go(self, most_lines: int = 10_000, most_bytes: int = 10_000_000, stop_after: int = 0) -> Iterator[SpooledLine]:
        with PrivateDirectory.open(str(self.place)) as directory:
            spool = read_spool(directory, self.cursor, most_lines=most_lines, most_bytes=most_bytes)
            for count, line in enumerate(spool, 1):
                sent = line.as_sent(max(_get_number(line), 0))
                self.cursor = self.cursor.pass_line(line.stored.file, line.inode, sent)
                self.cursor = parse_cursor(dump_cursor(self.cursor))
                yield line
                if count == stop_after:
                    spool.close()
                    return


def _get_number(line: SpooledLine) -> int:
    try:
        number: int = json.loads(line.stored.data)["seq"]
    except ValueError:
        return -len(line.stored.data)
    return number


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "dashboard" / "audit")


def test_all_that_is_there_is_sent_once_and_then_what_comes(spool: Spool) -> None:
    assert spool.read() == []
    spool.write(DAY, 1, 2)
    assert spool.read() == [1, 2]
    assert spool.read() == []
    spool.write(DAY, 3)
    assert spool.read() == [3]


def test_whoever_stops_is_followed_at_the_next_line(spool: Spool) -> None:
    spool.write(DAY, *range(1, 40))
    spool.write(NEXT_DAY, *range(40, 60))
    assert [spool.read(stop_after=25) for _ in range(4)] == [[*range(1, 26)], [*range(26, 51)], [*range(51, 60)], []]


def test_half_a_line_waits_until_it_is_whole(spool: Spool) -> None:
    spool.write(DAY, 1)
    spool.write(DAY, 2, end=b"")
    assert spool.read() == [1]
    assert spool.read() == []
    whole = json.dumps({"seq": 2, "padding": "x" * 200}).encode()
    spool.write_bytes(DAY, whole[-9:] + b"\n")
    assert spool.read() == [2]


def test_half_a_line_that_the_next_writer_drops_is_not_sent(spool: Spool) -> None:
    spool.write(DAY, 1)
    size = (spool.place / DAY).stat().st_size
    spool.write(DAY, 2, end=b"")
    assert spool.read() == [1]
    os.truncate(spool.place / DAY, size)
    spool.write(DAY, 3)
    assert spool.read() == [3]


def test_half_a_line_that_stays_at_the_end_of_an_old_file_is_sent_as_it_is(spool: Spool) -> None:
    spool.write(DAY, 1)
    spool.write(DAY, 2, end=b"")
    assert spool.read() == [1]
    spool.write(NEXT_DAY, 3)
    found = spool.read()
    assert (found[0] < 0, found[1:]) == (True, [3])
    assert spool.read() == []


def test_what_still_came_on_the_old_day_is_sent_before_the_new_one(spool: Spool) -> None:
    spool.write(DAY, 1)
    assert spool.read() == [1]
    spool.write(DAY, 2)
    spool.write(NEXT_DAY, 3)
    assert spool.read() == [2, 3]


def test_a_full_file_that_was_renamed_is_sent_to_its_end_before_the_next(spool: Spool) -> None:
    spool.write(DAY, 1)
    assert spool.read() == [1]
    spool.write(DAY, 2)
    spool.rename(DAY, PIECE)
    spool.write(DAY, 3)
    spool.rename(DAY, LATER_PIECE)
    spool.write(DAY, 4)
    assert spool.read() == [2, 3, 4]
    spool.rename(DAY, "audit-2026-03-01.101012.jsonl")
    assert spool.read() == []
    spool.write(DAY, 5)
    assert spool.read() == [5]


def test_files_that_are_renamed_and_begun_while_they_are_read_lose_nothing(spool: Spool) -> None:
    spool.write(DAY, 1, 2)
    lines = spool.go()
    assert _get_number(next(lines)) == 1
    spool.write(DAY, 3)
    spool.rename(DAY, PIECE)
    spool.write(DAY, 4)
    spool.rename(DAY, LATER_PIECE)
    spool.write(DAY, 5)
    spool.write(NEXT_DAY, 6)
    assert [_get_number(line) for line in lines] == [2, 3, 4, 5, 6]
    assert spool.read() == []


def test_pruning_takes_what_it_takes_and_nothing_else(spool: Spool) -> None:
    spool.write(DAY, 1)
    spool.write(NEXT_DAY, 2)
    spool.write("audit-2026-03-03.jsonl", 3)
    assert spool.read(stop_after=1) == [1]
    (spool.place / DAY).unlink()
    assert spool.read(stop_after=1) == [2]
    spool.write(NEXT_DAY, 4)
    (spool.place / NEXT_DAY).unlink()
    assert spool.read() == [3]


def test_a_piece_that_is_pruned_under_the_name_that_another_file_has_now(spool: Spool) -> None:
    spool.write(DAY, 1)
    assert spool.read() == [1]
    spool.rename(DAY, PIECE)
    spool.write(DAY, 2)
    (spool.place / PIECE).unlink()
    assert spool.read() == [2]


def test_lines_that_were_taken_back_are_followed_by_those_in_their_place(spool: Spool) -> None:
    """A line that could not be made durable is cut off again; it may have been sent already."""
    spool.write(DAY, 1)
    size = (spool.place / DAY).stat().st_size
    spool.write(DAY, 2, 3)
    assert spool.read() == [1, 2, 3]
    os.truncate(spool.place / DAY, size)
    assert spool.read() == []
    spool.write(DAY, 22, 23)
    assert spool.read() == [22, 23]


def test_a_first_line_of_a_day_that_was_taken_back(spool: Spool) -> None:
    spool.write(DAY, 1)
    spool.write(NEXT_DAY, 2)
    assert spool.read() == [1, 2]
    os.truncate(spool.place / NEXT_DAY, 0)
    assert spool.read() == []
    spool.write(NEXT_DAY, 22)
    assert spool.read() == [22]


def test_a_copy_put_in_the_place_of_the_file_is_no_reason_to_send_it_again(spool: Spool) -> None:
    spool.write(DAY, 1, 2)
    assert spool.read() == [1, 2]
    shutil.copy2(spool.place / DAY, spool.place / "copy")
    (spool.place / "copy").rename(spool.place / DAY)
    spool.write(DAY, 3)
    assert spool.read() == [3]


def test_an_older_state_of_the_directory_does_not_stop_what_comes_after_it(spool: Spool) -> None:
    spool.write(DAY, 1, 2)
    shutil.copytree(spool.place, spool.place.with_name("backup"))
    spool.write(DAY, 3)
    spool.write(NEXT_DAY, 4)
    assert spool.read() == [1, 2, 3, 4]
    shutil.rmtree(spool.place)
    spool.place.with_name("backup").rename(spool.place)
    spool.write(DAY, 33)
    assert 33 in spool.read()
    assert spool.read() == []


def test_a_line_too_long_to_be_read_is_passed_once(spool: Spool) -> None:
    spool.write(DAY, 1)
    spool.write_bytes(DAY, b"x" * (LONGEST_LINE + 100_000) + b"\n")
    assert spool.read() == [1, 0]
    assert spool.read() == []
    spool.write(DAY, 3)
    assert spool.read() == [3]


def test_blank_lines_are_no_lines(spool: Spool) -> None:
    spool.write_bytes(DAY, b"\n\n")
    assert spool.read() == []
    spool.write(DAY, 1)
    spool.write_bytes(DAY, b"\n\n")
    assert spool.read() == [1]
    spool.write(DAY, 2)
    assert spool.read() == [2]


def test_of_too_many_lines_the_newest_are_sent(spool: Spool) -> None:
    spool.write(DAY, *range(1, 61))
    spool.write(NEXT_DAY, *range(61, 101))
    assert spool.read(most_lines=30, stop_after=2) == [71, 72]
    assert spool.read(most_lines=30) == [*range(73, 101)]
    spool.write(NEXT_DAY, *range(101, 151))
    assert spool.read(most_lines=50) == [*range(101, 151)]
    spool.write(NEXT_DAY, *range(151, 202))
    assert spool.read(most_lines=50) == [*range(152, 202)]


def test_of_too_many_bytes_the_newest_are_sent(spool: Spool) -> None:
    spool.write(DAY, *range(1, 10))
    spool.write(NEXT_DAY, *range(10, 100))
    line = len(json.dumps({"seq": 10, "padding": "x" * 200})) + 1
    assert spool.read(most_bytes=line * 20) == [*range(80, 100)]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_writers_do_between_and_while_reading_each_line_is_sent_once_and_in_order(
    spool: Spool, seed: int
) -> None:
    chance = random.Random(seed)
    day, number, sent = date(2026, 3, 1), 0, []

    def change() -> None:
        nonlocal day, number
        name = f"audit-{day}.jsonl"
        match chance.randrange(8):
            case 0:
                day += timedelta(days=1)
            case 1 if (spool.place / name).exists():
                pieces = len(list(spool.place.glob(f"audit-{day}.*.jsonl")))
                spool.rename(name, f"audit-{day}.{100_000 + pieces}.jsonl")
            case _:
                count = chance.randrange(1, 4)
                spool.write(name, *range(number + 1, number + count + 1))
                number += count

    for _ in range(60):
        change()
        for line in spool.go(stop_after=chance.choice([0, 1, 3])):
            sent.append(_get_number(line))
            if chance.randrange(4) == 0:
                change()
    sent += spool.read()
    assert sent == [*range(1, number + 1)]


# -- the cursor


def test_a_cursor_is_the_same_after_it_was_kept() -> None:
    sent = SentLine(begin=0, end=10, seq=1, digest="ab" * 8)
    cursor = Cursor(file=DAY, inode=7, trail=(sent,), head=3, sent_at=NOON).begin(NOON)
    assert parse_cursor(dump_cursor(cursor)) == cursor
    assert parse_cursor(dump_cursor(cursor) + b'longer before"}\n') == cursor


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 300,
        b"{",
        b"[]",
        b'{"file": 1, "trail": {}, "failures": true, "next_try": "soon"}',
        b'{"trail": [[5, 5, 1, "x"], [-1, 5, 1, "x"], ["a", 5, 1, "x"], [], null, 7]}',
        b"[" * 100_000,
    ],
)
def test_a_cursor_that_cannot_be_read_stands_before_everything(data: bytes) -> None:
    assert parse_cursor(data) == Cursor()


def test_pauses_grow_from_one_second_to_sixty_and_a_clock_set_back_does_not_lengthen_them() -> None:
    cursor, pauses = Cursor(), []
    for _ in range(9):
        cursor = cursor.begin(NOON)
        pauses.append(cursor.get_pause(NOON))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert cursor.get_pause(NOON + timedelta(seconds=60)) == 0
    assert cursor.get_pause(NOON - timedelta(days=1)) == 0
    assert cursor.succeed(NOON).begin(NOON).get_pause(NOON) == 1

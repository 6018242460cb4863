"""Reading the log's files from either end."""

from __future__ import annotations

import json
import os
import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loki_core.audit.events import AuditEntry
from loki_core.audit.file_lines import LONGEST_LINE, count_lines_before, read_lines
from loki_core.audit.file_log import FileLog
from loki_core.errors import AuditUnavailable
from tests.core.workshop import NOON


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "dashboard" / "audit"
    place.mkdir(mode=0o700, parents=True)
    return place


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    file.chmod(0o600)


def _both(place: Path) -> list[bytes]:
    forwards = list(read_lines(str(place)))
    assert list(read_lines(str(place), newest_first=True)) == forwards[::-1]
    for line in forwards:
        content = (place / line.file).read_bytes()
        assert content[line.offset :].startswith(line.data)
        assert content[: line.offset].count(b"\n") == count_lines_before(str(place), line)
    return [line.data for line in forwards]


def test_both_ways_give_the_same_lines_whatever_their_lengths(place: Path) -> None:
    pick = random.Random(1)
    for day in range(1, 4):
        lines = [b"x" * pick.choice([1, 7, 400, 65_535, 65_536, 65_537, 200_000]) for _ in range(12)]
        _write(place / f"audit-2026-03-0{day}.jsonl", b"\n".join(lines) + pick.choice([b"", b"\n", b"\n\n"]))
    assert len(_both(place)) == 36


def test_files_stand_in_the_order_of_writing_and_other_files_are_none_of_the_log(place: Path) -> None:
    for name, line in {
        "audit-2026-03-02.jsonl": b"5",
        "audit-2026-03-01.jsonl": b"4",
        "audit-2026-03-01.095959.jsonl": b"2",
        "audit-2026-03-01.101010.jsonl": b"3",
        "audit-2026-02-28.jsonl": b"1",
        "heads.jsonl": b"no",
        "audit-2026-03-01.jsonl.bak": b"no",
    }.items():
        _write(place / name, line + b"\n")
    assert _both(place) == [b"1", b"2", b"3", b"4", b"5"]


def test_files_of_earlier_days_are_not_opened(place: Path) -> None:
    _write(place / "audit-2026-03-02.jsonl", b"2\n")
    (place / "audit-2026-03-01.jsonl").mkdir()  # cannot be read
    since = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert [line.data for line in read_lines(str(place), since=since)] == [b"2"]
    with pytest.raises(AuditUnavailable):
        list(read_lines(str(place)))


def test_the_newest_lines_of_a_large_log_cost_no_more_than_them(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = json.dumps({"padding": "x" * 400}).encode() + b"\n"
    _write(place / "audit-2026-03-01.jsonl", line * 50_000)
    asked: list[int] = []
    real = os.pread

    def read(descriptor: int, size: int, offset: int) -> bytes:
        asked.append(size)
        return real(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", read)
    lines = read_lines(str(place), newest_first=True)
    assert [next(lines).data for _ in range(20)] == [line[:-1]] * 20
    assert sum(asked) <= 1 << 17


def test_a_line_beyond_all_measure_costs_its_own_place_and_no_memory(place: Path) -> None:
    huge = b"[" * (3 * LONGEST_LINE)
    _write(place / "audit-2026-03-01.jsonl", b"1\n" + huge + b"\n2\n" + huge)
    assert _both(place) == [b"1", b"", b"2", b""]


def test_a_file_that_is_full_while_it_is_read_gives_its_lines_all_the_same(place: Path) -> None:
    day, piece = place / "audit-2026-03-02.jsonl", place / "audit-2026-03-02.101010.jsonl"
    for newest_first in (False, True):
        _write(place / "audit-2026-03-01.jsonl", b"1\n")
        _write(day, b"2\n")
        lines = read_lines(str(place), newest_first=newest_first)
        found = [] if newest_first else [next(lines).data]
        day.rename(piece)
        _write(day, b"3\n")
        found += [line.data for line in lines]
        assert sorted(found) == [b"1", b"2", b"3"]
        piece.unlink()


@pytest.mark.parametrize("newest_first", [False, True])
def test_no_line_is_missing_while_files_fill_up_and_days_begin(tmp_path: Path, newest_first: bool) -> None:
    """A real writer in another thread, files of a few lines each, and whoever reads them from either end."""
    log = FileLog(str(tmp_path / "audit"), max_file_size=0.005)

    def write() -> None:
        for number in range(400):
            at = NOON + timedelta(hours=number / 4)
            log.record(AuditEntry(timestamp=at, event="auth.token.use", user_id="os:alice"), durable=False)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        seqs = [json.loads(line.data)["seq"] for line in read_lines(str(tmp_path / "audit"), newest_first=newest_first)]
        assert sorted(seqs) == list(range(1, len(seqs) + 1))
        assert seqs == sorted(seqs, reverse=newest_first)
    writer.join()
    log.close()


def test_no_directory_is_an_empty_log_and_one_of_another_kind_an_error(tmp_path: Path) -> None:
    assert list(read_lines(str(tmp_path / "none"))) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AuditUnavailable):
        list(read_lines(str(tmp_path / "file")))

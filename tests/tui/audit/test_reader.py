"""Reading a real log for the screen: in pages, as it grows, and when something else is there than before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from loki_core import AuditUnavailable, AuthorizationError, Loki
from loki_tui.audit.reader import LogReader, LogReplaced, find_names
from tests.tui.audit_samples import find_directory, list_uses, make_entry, make_failure, write_log
from tests.tui.samples import NOW, open_store


@pytest.fixture
def loki(tmp_path: Path) -> Iterator[Loki]:
    with open_store(tmp_path, clock=lambda: NOW) as loki:
        yield loki


def read_all(reader: LogReader) -> list[int]:
    page, more = reader.read_older(1_000)
    assert not more
    return [row.seq for row in page.rows]


def test_pages_go_back_into_the_past_and_numbers_keep_their_order(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(25, every=timedelta(hours=3)))
    reader = LogReader(loki)
    first, more = reader.read_older(10)
    assert ([row.seq for row in first.rows], more) == (list(range(25, 15, -1)), True)
    rest, more = reader.read_older(100)
    assert ([row.seq for row in rest.rows], more) == (list(range(15, 0, -1)), False)
    write_log(tmp_path, [make_entry(timestamp=NOW), make_failure(timestamp=NOW)])
    new = reader.read_new()
    assert [row.seq for row in new.rows] == [27, 26]
    assert len(new.failures) == 1
    assert new.days == {(NOW.date(), True): 1, (NOW.date(), False): 1}
    numbers = [row.number for row in (*new.rows, *first.rows, *rest.rows)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 27
    assert reader.read_new().rows == ()
    reader.close()


def test_what_is_written_between_the_two_first_looks_comes_once(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(3))
    reader = LogReader(loki)
    write_log(tmp_path, [make_entry(timestamp=NOW)])  # seen by both
    assert read_all(reader) == [4, 3, 2, 1]
    assert reader.read_new().rows == ()
    write_log(tmp_path, [make_entry(timestamp=NOW)])
    assert [row.seq for row in reader.read_new().rows] == [5]


def test_a_log_that_begins_later_is_read_anew(loki: Loki, tmp_path: Path) -> None:
    reader = LogReader(loki)
    assert read_all(reader) == []
    assert reader.read_new().rows == ()
    write_log(tmp_path, list_uses(2))
    with pytest.raises(LogReplaced):
        reader.read_new()  # it may be a long one that was away: page by page
    assert read_all(LogReader(loki)) == [2, 1]


def test_a_new_day_goes_on_in_a_new_file(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(2))
    reader = LogReader(loki)
    read_all(reader)
    write_log(tmp_path, [make_entry(timestamp=NOW + timedelta(days=1)), make_entry(timestamp=NOW + timedelta(days=2))])
    assert [row.seq for row in reader.read_new().rows] == [4, 3]


def test_a_full_file_that_was_renamed_is_read_anew_so_that_places_are_right(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(3))
    reader = LogReader(loki)
    read_all(reader)
    (file,) = find_directory(tmp_path).glob("audit-*.jsonl")
    file.rename(file.with_name(f"{file.stem}.140000.jsonl"))
    write_log(tmp_path, [make_entry(timestamp=NOW)])
    with pytest.raises(LogReplaced):
        reader.read_new()
    again = LogReader(loki)
    page, _ = again.read_older(10)
    assert [row.seq for row in page.rows] == [4, 3, 2, 1]
    assert page.rows[-1].stored.file == f"{file.stem}.140000.jsonl"


@pytest.mark.parametrize("deed", ["remove the directory", "remove the files", "replace the file", "cut the file"])
def test_a_log_that_is_not_what_it_was_is_noticed(loki: Loki, tmp_path: Path, deed: str) -> None:
    write_log(tmp_path, list_uses(5))
    reader = LogReader(loki)
    read_all(reader)
    (file,) = find_directory(tmp_path).glob("audit-*.jsonl")
    if deed == "remove the directory":
        shutil.rmtree(find_directory(tmp_path))
    elif deed == "remove the files":
        file.unlink()
    elif deed == "replace the file":
        file.unlink()
        write_log(tmp_path, list_uses(9, every=timedelta(seconds=3)))
    else:
        file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:3]))
    with pytest.raises(LogReplaced):
        reader.read_new()
    assert read_all(LogReader(loki)) == {
        "replace the file": [9, 8, 7, 6, 5, 4, 3, 2, 1],
        "cut the file": [3, 2, 1],
    }.get(deed, [])


def test_a_log_that_cannot_be_read_says_why(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(2))
    directory = find_directory(tmp_path)
    moved = directory.rename(tmp_path / "elsewhere")
    directory.symlink_to(moved)
    with pytest.raises(AuditUnavailable):
        LogReader(loki).read_older(10)


def test_who_does_not_hold_audit_reads_nothing(loki: Loki) -> None:
    secret = loki.tokens.generate("ci-bot", role="operator").secret
    limited = loki.acting_as(loki.authenticate(secret.reveal()))
    with pytest.raises(AuthorizationError):
        LogReader(limited)
    assert find_names(limited) == {}


def test_tokens_are_called_by_their_names_revoked_ones_too(loki: Loki) -> None:
    one, two = (loki.tokens.generate(name).token for name in ("ci-bot", "old"))
    loki.tokens.revoke("old")
    assert find_names(loki) == {one.id: "ci-bot", two.id: "old"}
    reader = LogReader(loki)
    page, _ = reader.read_older(10)
    assert page.names == {one.id: "ci-bot", two.id: "old"}

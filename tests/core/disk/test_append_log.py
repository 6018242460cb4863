"""Logs of lines that are only ever appended to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loki_core.disk.append_log import LogFollower, append_lines
from loki_core.disk.directory import PrivateDirectory
from tests.core.workshop import refuses


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "private").mkdir(mode=0o700)
    return tmp_path / "private"


def _append(place: Path, *lines: bytes, durable: bool = False) -> None:
    with PrivateDirectory.open(str(place)) as directory:
        append_lines(directory, "log", list(lines), durable=durable)


def _read(follower: LogFollower, place: Path) -> tuple[bool, list[bytes]]:
    with PrivateDirectory.open(str(place)) as directory:
        return follower.read_new(directory)


@pytest.mark.parametrize("durable", [True, False])
def test_every_line_is_read_once(place: Path, durable: bool) -> None:
    follower = LogFollower("log")
    assert _read(follower, place) == (False, [])
    _append(place, b"one", b"two", durable=durable)
    assert _read(follower, place) == (False, [b"one", b"two"])
    assert _read(follower, place) == (False, [])
    _append(place, b"three", durable=durable)
    assert _read(follower, place) == (False, [b"three"])


def test_half_a_line_is_read_when_it_is_whole(place: Path) -> None:
    follower = LogFollower("log")
    _append(place, b"one")
    with open(place / "log", "ab") as file:
        file.write(b"tw")
    assert _read(follower, place) == (False, [b"one"])
    with open(place / "log", "ab") as file:
        file.write(b"o\n")
    assert _read(follower, place) == (False, [b"two"])


def test_a_line_torn_by_a_crash_is_closed_off_before_the_next(place: Path) -> None:
    _append(place, b"one")
    with open(place / "log", "ab") as file:
        file.write(b"to")
    _append(place, b"three")
    assert _read(LogFollower("log"), place)[1] == [b"one", b"to", b"three"]


@pytest.mark.parametrize("deed", ["replaced", "shortened", "removed and made anew"])
def test_another_file_of_that_name_is_read_from_its_start(place: Path, deed: str) -> None:
    follower = LogFollower("log")
    _append(place, b"one", b"two")
    _read(follower, place)
    if deed == "replaced":
        (place / "new").write_bytes(b"three\nfour\nfive\n")
        (place / "new").chmod(0o600)
        (place / "new").rename(place / "log")
        expected = [b"three", b"four", b"five"]
    elif deed == "shortened":
        os.truncate(place / "log", 4)
        expected = [b"one"]
    else:
        (place / "log").unlink()
        assert _read(follower, place) == (True, [])
        _append(place, b"three")
        expected = [b"three"]
    assert _read(follower, place)[1] == expected


def test_a_replaced_file_is_told_of_so_that_sums_begin_anew(place: Path) -> None:
    follower = LogFollower("log")
    _append(place, b"one")
    _read(follower, place)
    os.truncate(place / "log", 0)
    assert _read(follower, place) == (True, [])


def test_nothing_is_appended_through_a_link(place: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("")
    (place / "log").symlink_to(tmp_path / "victim")
    with refuses("not_a_regular_file"):
        _append(place, b"one")
    assert (tmp_path / "victim").read_text() == ""

"""A private directory reached by descriptor: nobody swaps it, or a file in it, under us."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from loki_core.disk.directory import PrivateDirectory
from tests.core.workshop import refuses


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "private"


def _replace(directory: PrivateDirectory, *chunks: bytes) -> None:
    os.close(directory.replace("file", list(chunks), previous="file.bak"))


def test_missing_directories_are_made_private_with_their_parents(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    with PrivateDirectory.open(str(deep), create=True):
        pass
    for each in (deep, deep.parent, deep.parent.parent):
        assert stat.S_IMODE(each.stat().st_mode) == 0o700


def test_a_directory_renamed_away_while_it_is_open_is_still_the_one_we_write_to(place: Path, tmp_path: Path) -> None:
    """Between check and use the attacker puts his own directory in its place (CWE-367)."""
    with PrivateDirectory.open(str(place), create=True) as directory:
        place.rename(tmp_path / "moved")
        place.mkdir()
        _replace(directory, b"one")
    assert (tmp_path / "moved" / "file").read_bytes() == b"one"
    assert os.listdir(place) == []


def test_a_link_put_in_place_of_the_file_is_replaced_and_not_followed(place: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    with PrivateDirectory.open(str(place), create=True) as directory:
        (place / "file").symlink_to(victim)
        with refuses("not_a_regular_file"):
            directory.open_file("file")
        _replace(directory, b"one")
        _replace(directory, b"two")
    assert victim.read_text() == "precious"
    assert not (place / "file").is_symlink()
    assert (place / "file").read_bytes() == b"two"
    assert (place / "file.bak").read_bytes() == b"one"


def test_replacing_keeps_the_previous_content_and_leaves_nothing_else(place: Path) -> None:
    with PrivateDirectory.open(str(place), create=True) as directory:
        _replace(directory, b"one")
        assert sorted(os.listdir(place)) == ["file"]
        for number in range(3):
            _replace(directory, b"a" * number, b"b")
    assert sorted(os.listdir(place)) == ["file", "file.bak"]
    assert (place / "file").read_bytes() == b"aab"
    assert (place / "file.bak").read_bytes() == b"ab"


def test_a_descriptor_of_the_new_file_is_returned_and_no_other_is_left_open(place: Path) -> None:
    with PrivateDirectory.open(str(place), create=True) as directory:
        before = len(os.listdir("/dev/fd"))
        descriptor = directory.replace("file", [b"one"])
        assert os.pread(descriptor, 10, 0) == b"one"
        assert os.fstat(descriptor).st_ino == (place / "file").stat().st_ino
        os.close(descriptor)
        assert len(os.listdir("/dev/fd")) == before


def test_a_directory_in_place_of_the_file_leaves_everything_as_it_is(place: Path) -> None:
    with PrivateDirectory.open(str(place), create=True) as directory:
        (place / "file").mkdir()
        with pytest.raises(OSError, match=r"directory|permitted"):
            directory.replace("file", [b"one"], previous="file.bak")
        assert os.listdir(place) == ["file"]


def test_names_given_to_a_process_that_runs_another_program_are_closed(place: Path) -> None:
    with PrivateDirectory.open(str(place), create=True) as directory:
        descriptor = directory.replace("file", [b"one"])
        opened = directory.open_file("file")
        assert not os.get_inheritable(directory.descriptor)
        assert not os.get_inheritable(descriptor)
        assert not os.get_inheritable(opened.descriptor)
        os.close(opened.descriptor)
        os.close(descriptor)

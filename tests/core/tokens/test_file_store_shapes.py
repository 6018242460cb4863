"""What may lie where the store's files belong, and must neither be believed nor touched."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.workshop import Workshop, is_root, refuses

Plant = Callable[[Path, Path], object]


def _plant_socket(place: Path, _: Path) -> None:
    here = os.open(place.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{here}/{place.name}")  # a socket's path has room for 107 bytes only
    finally:
        os.close(here)


def _plant_link(place: Path, aside: Path) -> None:
    aside.write_text('{"version": "1.0", "tokens": {}}')
    aside.chmod(0o600)
    place.symlink_to(aside)


SHAPES: dict[str, Plant] = {
    "a symbolic link": _plant_link,
    "a dangling link": lambda place, aside: place.symlink_to(aside / "nowhere"),
    "a link to itself": lambda place, _: place.symlink_to(place.name),
    "a FIFO": lambda place, _: os.mkfifo(place, 0o600),
    "a directory": lambda place, _: place.mkdir(),
    "a socket": _plant_socket,
    "a device": lambda place, _: os.mknod(place, stat.S_IFCHR | 0o600, os.makedev(1, 3)),
}
every_shape = pytest.mark.parametrize("shape", SHAPES)


def _plant(shape: str, place: Path) -> os.stat_result:
    if shape == "a device" and not is_root():
        pytest.skip("only root makes devices")
    place.unlink(missing_ok=True)
    SHAPES[shape](place, place.parent.parent / "aside")
    return os.lstat(place)


def _names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


@every_shape
def test_what_stands_in_for_the_store_is_refused_by_name_and_left_untouched(workshop: Workshop, shape: str) -> None:
    issued = workshop.open().tokens.generate("ci-bot")
    workshop.close()
    planted = _plant(shape, workshop.file)
    names = _names(workshop.dashboard)
    loki = workshop.open()
    for call in (
        lambda: loki.tokens.list(),
        lambda: loki.authenticate(issued.secret.reveal()),
        lambda: loki.tokens.generate("other"),
        lambda: loki.tokens.revoke("ci-bot"),
    ):
        with refuses("not_a_regular_file") as caught:
            call()
        assert str(workshop.file) in caught.value.message
    assert loki.health()[0].code == "not_a_regular_file"
    assert os.lstat(workshop.file) == planted or shape == "a link to itself"
    assert _names(workshop.dashboard) == names


@every_shape
def test_a_store_replaced_while_it_is_open_is_noticed_at_the_next_verification(workshop: Workshop, shape: str) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    loki.authenticate(issued.secret.reveal())
    _plant(shape, workshop.file)
    with refuses("not_a_regular_file"):
        loki.authenticate(issued.secret.reveal())


@every_shape
def test_without_a_readable_revoked_log_nothing_verifies(workshop: Workshop, shape: str) -> None:
    issued = workshop.open().tokens.generate("ci-bot")
    workshop.close()
    _plant(shape, workshop.dashboard / "revoked.log")
    with refuses("not_a_regular_file") as caught:
        workshop.open().authenticate(issued.secret.reveal())
    assert "revoked.log" in caught.value.message


@every_shape
def test_what_stands_in_for_the_lock_is_refused_and_nothing_is_written(workshop: Workshop, shape: str) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    before = workshop.file.read_bytes()
    _plant(shape, workshop.dashboard / ".tokens.lock")
    with refuses("not_a_regular_file") as caught:
        loki.tokens.generate("other")
    assert ".tokens.lock" in caught.value.message
    assert workshop.file.read_bytes() == before
    loki.authenticate(issued.secret.reveal())


@every_shape
def test_what_stands_in_for_the_notes_of_uses_fails_no_verification_and_no_list(workshop: Workshop, shape: str) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    planted = _plant(shape, workshop.dashboard / "usage.jsonl")
    loki.authenticate(issued.secret.reveal(), address="10.0.0.1")
    loki.close()
    again = workshop.open()
    assert again.tokens.list()[0].last_used is None
    assert os.lstat(workshop.dashboard / "usage.jsonl").st_mode == planted.st_mode


@pytest.mark.parametrize("shape", ["a symbolic link to a directory", "a file", "a FIFO", "a dangling link"])
def test_what_stands_in_for_the_directory_is_refused_by_name(workshop: Workshop, tmp_path: Path, shape: str) -> None:
    workshop.home.mkdir(mode=0o700)
    elsewhere = tmp_path / "elsewhere"
    if shape == "a symbolic link to a directory":
        elsewhere.mkdir(mode=0o700)
        workshop.dashboard.symlink_to(elsewhere)
    elif shape == "a dangling link":
        workshop.dashboard.symlink_to(elsewhere)
    elif shape == "a file":
        workshop.dashboard.write_text("mine")
    else:
        os.mkfifo(workshop.dashboard)
    loki = workshop.open()
    for call in (lambda: loki.tokens.list(), lambda: loki.tokens.generate("ci-bot"), lambda: loki.tokens.revoke("x")):
        with refuses("not_a_directory") as caught:
            call()
        assert str(workshop.dashboard) in caught.value.message
    assert not elsewhere.exists() or not os.listdir(elsewhere)


@every_shape
def test_what_stands_in_for_the_previous_copy_does_not_stop_a_write_and_is_not_followed(
    workshop: Workshop, shape: str
) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    _plant(shape, workshop.dashboard / "tokens.json.bak")
    aside = workshop.home / "aside"
    before = aside.read_bytes() if aside.is_file() else b""
    loki.tokens.generate("other")
    assert len(loki.tokens.list()) == 2
    assert (aside.read_bytes() if aside.is_file() else b"") == before


def test_planted_names_of_the_file_written_aside_are_not_followed(workshop: Workshop, tmp_path: Path) -> None:
    """An attacker who guesses the name of the new file plants links to what he wants overwritten."""
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for number in range(50):
        (workshop.dashboard / f".tokens.json.{os.getpid()}.{number:08x}.new").symlink_to(victim)
    loki.tokens.generate("other")
    assert victim.read_text() == "precious"
    assert [name for name in _names(workshop.dashboard) if name.startswith(".tokens.json.")] == []


def test_what_interrupted_writes_left_is_reported_and_swept_at_the_next_write(workshop: Workshop) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    for name in (".tokens.json.99.0a0b0c0d.new", ".tokens.json.99.0a0b0c0d.old"):
        (workshop.dashboard / name).write_text("half")
    mine = workshop.dashboard / ".tokens.json.swp"
    mine.write_text("an editor's")
    assert "leftovers" in {finding.code for finding in loki.health()}
    loki.tokens.generate("other")
    assert [name for name in _names(workshop.dashboard) if name.startswith(".tokens.json.")] == [mine.name]
    assert "leftovers" not in {finding.code for finding in loki.health()}


def test_the_previous_good_copy_is_kept(workshop: Workshop) -> None:
    loki = workshop.open()
    loki.tokens.generate("one")
    before = workshop.file.read_bytes()
    loki.tokens.generate("two")
    assert (workshop.dashboard / "tokens.json.bak").read_bytes() == before


def test_a_store_that_is_gone_while_its_copy_is_there_is_reported(workshop: Workshop) -> None:
    loki = workshop.open()
    loki.tokens.generate("one")
    loki.tokens.generate("two")
    workshop.file.unlink()
    assert loki.tokens.list() == ()
    worst = loki.health()[0]
    assert (worst.code, worst.severity) == ("store_gone", "error")

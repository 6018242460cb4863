"""What may lie where the store's files belong, and must neither be believed nor touched."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

import loki_core
from loki_core.errors import StorageError
from tests.core.workshop import Workshop, is_root, make_peer_record, make_peer_secret, make_store_document, refuses

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


BROKEN_FILES = {
    "zero bytes": b"",
    "cut short": b'{"version": "1.0", "tokens": {"tok-1": {"na',
    "a list": b"[]",
    "null": b"null",
    "UTF-16": '{"tokens": {}}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"tokens": {}}',
    "zeros": bytes(1 << 16),
    "NaN": b'{"tokens": {}, "x": NaN}',
    "deep nesting": b"[" * 100_000,
    "a huge integer": b'{"tokens": {}, "x": ' + b"1" * 10_000 + b"}",
}


@pytest.mark.parametrize("content", BROKEN_FILES.values(), ids=BROKEN_FILES)
def test_a_file_that_does_not_parse_is_an_error_and_never_an_empty_store(workshop: Workshop, content: bytes) -> None:
    workshop.write(content)
    names = _names(workshop.dashboard)
    loki = workshop.open()
    for call in (
        lambda: loki.tokens.list(),
        lambda: loki.authenticate(make_peer_secret()),
        lambda: loki.tokens.preview("ci-bot"),
        lambda: loki.tokens.generate("ci-bot"),
        lambda: loki.tokens.rotate("ci-bot"),
        lambda: loki.tokens.delete("ci-bot"),
    ):
        with refuses("store_corrupt") as caught:
            call()
        assert str(workshop.file) in caught.value.message
        assert "tokens.json.bak" in caught.value.remedy
    assert workshop.file.read_bytes() == content
    assert set(_names(workshop.dashboard)) - {".tokens.lock"} == set(names)
    assert loki.health()[0].code == "store_corrupt"


def test_200_megabytes_of_nothing_are_refused(workshop: Workshop) -> None:
    workshop.write(b"")
    os.truncate(workshop.file, 200 << 20)
    with refuses("store_corrupt"):
        workshop.open().tokens.list()


def test_a_file_too_large_for_any_store_is_refused_without_being_read(workshop: Workshop) -> None:
    workshop.write(b"")
    os.truncate(workshop.file, (1 << 30) + 1)
    with refuses("store_too_large"):
        workshop.open().tokens.list()


def test_every_file_and_directory_is_private_whatever_the_umask(workshop: Workshop) -> None:
    before = os.umask(0)
    try:
        loki = workshop.open()
        issued = loki.tokens.generate("ci-bot")
        loki.authenticate(issued.secret.reveal())
        loki.tokens.rotate("ci-bot")
        loki.tokens.revoke("ci-bot")
        loki.close()
    finally:
        os.umask(before)
    found = [workshop.home, *workshop.home.rglob("*")]
    assert {"tokens.json", "tokens.json.bak", "revoked.log", "usage.jsonl", ".tokens.lock", "audit"} <= {
        each.name for each in found
    }
    for each in found:
        assert stat.S_IMODE(each.lstat().st_mode) == (0o700 if each.is_dir() else 0o600), each


def test_a_umask_that_takes_everything_takes_nothing_from_us(workshop: Workshop) -> None:
    workshop.home.mkdir(mode=0o700)
    before = os.umask(0o777)
    try:
        loki = workshop.open()
        loki.tokens.generate("one")
        loki.tokens.generate("two")
    finally:
        os.umask(before)
    assert stat.S_IMODE(workshop.file.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused_and_left_untouched(workshop: Workshop, mode: int) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    workshop.file.chmod(mode)
    for call in (lambda: loki.authenticate(issued.secret.reveal()), lambda: loki.tokens.generate("other")):
        with refuses("writable_by_others") as caught:
            call()
        assert "chmod 600" in caught.value.remedy
    assert stat.S_IMODE(workshop.file.stat().st_mode) == mode


@pytest.mark.parametrize("name", ["revoked.log", ".tokens.lock"])
def test_a_log_or_lock_that_others_can_write_is_refused(workshop: Workshop, name: str) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    loki.tokens.revoke("ci-bot")
    (workshop.dashboard / name).chmod(0o666)
    with refuses("writable_by_others"):
        loki.tokens.generate("other")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_tightened_at_the_next_write_with_its_copy_and_audited(
    workshop: Workshop, mode: int
) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    workshop.file.chmod(mode)
    assert "mode_loose" in {finding.code for finding in loki.health()}
    loki.tokens.generate("other")
    assert stat.S_IMODE(workshop.file.stat().st_mode) == 0o600
    assert stat.S_IMODE((workshop.dashboard / "tokens.json.bak").stat().st_mode) == 0o600
    repaired = [entry for entry in workshop.log() if entry["event"] == "store.repaired"]
    assert [entry["details"]["code"] for entry in repaired] == ["mode_tightened"]
    assert f"{mode:04o}" in repaired[0]["details"]["message"]


def test_a_directory_that_others_can_write_is_refused_for_reading_and_tightened_by_a_revocation(
    workshop: Workshop,
) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    workshop.dashboard.chmod(0o777)
    os.utime(workshop.file)
    with refuses("writable_by_others"):
        loki.tokens.list()
    loki.tokens.revoke(issued.token.id)
    assert stat.S_IMODE(workshop.dashboard.stat().st_mode) == 0o700
    assert loki.tokens.list() == ()


def test_a_directory_that_others_can_enter_is_reported_and_tightened_at_the_next_write(workshop: Workshop) -> None:
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret())))
    workshop.dashboard.chmod(0o755)
    loki = workshop.open()
    assert [token.name for token in loki.tokens.list()] == ["ci-bot"]
    assert "mode_loose" in {finding.code for finding in loki.health()}
    loki.tokens.generate("other")
    assert stat.S_IMODE(workshop.dashboard.stat().st_mode) == 0o700


def test_a_directory_as_the_umask_002_of_private_groups_makes_it_is_taken(workshop: Workshop) -> None:
    """Loki Mode under Ubuntu's default leaves mode 0775, and the group has no other member."""
    if not is_root():
        pytest.skip("needs a user whose private group is known: root")
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret())))
    workshop.dashboard.chmod(0o775)
    assert len(workshop.open().tokens.list()) == 1
    os.chown(workshop.dashboard, 0, 54_321)
    os.utime(workshop.file)
    with refuses("writable_by_others"):
        workshop.open().tokens.list()


def test_a_second_name_of_the_store_is_a_warning_and_gone_after_the_next_write(
    workshop: Workshop, tmp_path: Path
) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    os.link(workshop.file, tmp_path / "second")
    warning = next(finding for finding in loki.health() if finding.code == "hard_link")
    assert warning.severity == "warning"
    assert len(loki.tokens.list()) == 1
    loki.tokens.generate("other")
    assert "hard_link" not in {finding.code for finding in loki.health()}


def test_opening_looking_and_drafting_create_nothing(workshop: Workshop) -> None:
    loki = workshop.open()
    assert loki.tokens.list() == ()
    assert loki.tokens.summary().total == 0
    loki.tokens.preview("ci-bot")
    loki.tokens.prepare("ci-bot")
    loki.health()
    loki.revision()
    with refuses("not_found"):
        loki.tokens.get("ci-bot")
    assert not workshop.home.exists()


def test_a_relative_path_is_taken_from_where_the_process_was_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loki_core.settings import Settings

    monkeypatch.chdir(tmp_path)
    with loki_core.open(Settings(home=Path("rel")), environ={}) as loki:
        loki.tokens.preview("ci-bot")
        loki.tokens.generate("ci-bot")
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path / "sub")
        assert len(loki.tokens.list()) == 1
    assert (tmp_path / "rel" / "dashboard" / "audit").is_dir()


def test_storage_errors_never_hold_the_content_of_the_file(workshop: Workshop) -> None:
    secret = make_peer_secret()
    workshop.write(f'{{"tokens": "{secret}"'.encode())
    with pytest.raises(StorageError) as caught:
        workshop.open().tokens.list()
    assert secret not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None

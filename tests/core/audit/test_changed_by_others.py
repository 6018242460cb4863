"""What others do to the log between two entries of a process that holds its files open."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from tests.core.workshop import NOON, check_chain, refuses

ENTRY = AuditEntry(timestamp=NOON, event=AuditEvent.TOKEN_CREATE, user_id="os:alice", resource_id="tok-1")
DAY = "audit-2026-03-01.jsonl"
HELD = pytest.mark.parametrize("durable", [True, False], ids=["durable", "in quick succession"])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "audit"


@pytest.fixture
def log(place: Path) -> FileLog:
    return FileLog(str(place), lock_seconds=1)


def _use(log: FileLog, durable: bool) -> None:
    """Let the log hold what it holds: all it needs, when entries come in quick succession."""
    for _ in range(3):
        log.record(ENTRY, durable=durable)


def _remove_lock(place: Path) -> None:
    (place / ".audit.lock").unlink()


def _replace_lock(place: Path) -> None:
    (place / "other").touch(0o600)
    (place / "other").rename(place / ".audit.lock")


def _append(place: Path) -> None:
    FileLog(str(place)).record(ENTRY)


def _continue_another_day(place: Path) -> None:
    FileLog(str(place)).record(replace(ENTRY, timestamp=NOON + timedelta(days=1)))


def _fill(place: Path) -> None:
    FileLog(str(place), max_file_size=0.0001).record(ENTRY)


def _rewrite_as_another_file(place: Path) -> None:
    shutil.copy2(place / DAY, place / "copy")
    (place / "copy").rename(place / DAY)


def _rewrite_shorter_in_place(place: Path) -> None:
    (place / DAY).write_bytes(b"".join((place / DAY).read_bytes().splitlines(keepends=True)[:-1]))


def _append_half_a_line(place: Path) -> None:
    with (place / DAY).open("ab") as file:
        file.write(b'{"timestamp": ')


def _append_an_end_less_line(place: Path) -> None:
    content = (place / DAY).read_bytes()
    (place / DAY).write_bytes(content[:-1])


def _rotate_as_the_peer(place: Path) -> None:
    (place / DAY).rename(place / "audit-2026-03-01.120000.jsonl")


def _link(place: Path) -> None:
    os.link(place / DAY, place / "another name")


HARMLESS: dict[str, Callable[[Path], object]] = {
    "the lock removed": _remove_lock,
    "the lock replaced": _replace_lock,
    "an entry by another process": _append,
    "the next day begun": _continue_another_day,
    "a full file continued": _fill,
    "the file renamed": _rotate_as_the_peer,
    "the file rewritten": _rewrite_as_another_file,
    "half a line left": _append_half_a_line,
    "a line without its end": _append_an_end_less_line,
    "another name for the file": _link,
    "the last line cut off": _rewrite_shorter_in_place,
}


@HELD
@pytest.mark.parametrize("deed", HARMLESS)
def test_the_log_goes_on_from_what_is_there(place: Path, log: FileLog, deed: str, durable: bool) -> None:
    _use(log, durable)
    HARMLESS[deed](place)
    for _ in range(3):
        log.record(ENTRY, durable=durable)
        FileLog(str(place)).record(ENTRY)
    numbers = [entry["seq"] for entry in check_chain(place)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 8


@HELD
def test_a_directory_that_was_moved_away_gets_nothing_any_more(place: Path, log: FileLog, durable: bool) -> None:
    _use(log, durable)
    aside = place.with_name("aside")
    place.rename(aside)
    log.record(ENTRY, durable=durable)
    assert len(check_chain(aside)) == 3
    assert len(check_chain(place)) == 1


def _leave_a_link_to_it(place: Path) -> None:
    place.rename(place.with_name("aside"))
    place.symlink_to(place.with_name("aside"))


def _leave_a_link_to_the_file(place: Path) -> None:
    (place / DAY).rename(place.with_name("aside"))
    (place / DAY).symlink_to(place.with_name("aside"))


def _leave_a_pipe(place: Path) -> None:
    (place / DAY).rename(place.with_name("aside"))
    os.mkfifo(place / DAY, 0o600)


def _leave_a_directory_as_lock(place: Path) -> None:
    (place / ".audit.lock").unlink()
    (place / ".audit.lock").mkdir()


def _open_the_file_to_others(place: Path) -> None:
    (place / DAY).chmod(0o606)


REFUSED: dict[str, Callable[[Path], object]] = {
    "a link to the directory": _leave_a_link_to_it,
    "a link to the file": _leave_a_link_to_the_file,
    "a pipe": _leave_a_pipe,
    "a directory as the lock": _leave_a_directory_as_lock,
    "a file that others can write": _open_the_file_to_others,
}


@HELD
@pytest.mark.parametrize("deed", REFUSED)
def test_what_is_put_in_the_place_of_what_is_held_is_refused(
    place: Path, log: FileLog, deed: str, durable: bool
) -> None:
    _use(log, durable)
    before = (place / DAY).read_bytes()
    REFUSED[deed](place)
    with refuses("audit_unavailable"):
        log.record(ENTRY)
    kept = [each for each in (place / DAY, place.with_name("aside"), place.with_name("aside") / DAY) if each.is_file()]
    assert {each.read_bytes() for each in kept} == {before}


def test_a_directory_that_others_can_write_is_closed_to_them_again(place: Path, log: FileLog) -> None:
    _use(log, durable=False)
    place.chmod(0o777)
    log.record(ENTRY)
    assert place.stat().st_mode & 0o777 == 0o700


def _find_open_for_writing(place: Path) -> list[str]:
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
            flags = int(Path(f"/proc/self/fdinfo/{name}").read_text().split("flags:")[1].split()[0], 8)
        except FileNotFoundError:
            continue
        if target.startswith(str(place)) and flags & os.O_ACCMODE != os.O_RDONLY:
            found.append(target)
    return found


def test_no_file_stays_open_for_writing_when_nothing_is_written_so_that_the_disk_can_be_made_read_only(
    place: Path, log: FileLog
) -> None:
    _use(log, durable=True)
    assert _find_open_for_writing(place) == []
    _use(log, durable=False)
    assert _find_open_for_writing(place) == [str(place / DAY)]
    until = time.monotonic() + 30
    while _find_open_for_writing(place) and time.monotonic() < until:
        time.sleep(0.05)
    assert _find_open_for_writing(place) == []
    log.record(ENTRY)
    assert len(check_chain(place)) == 7


def test_closing_lets_go_of_every_file(place: Path, log: FileLog) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))
    _use(log, durable=False)
    assert len(os.listdir("/proc/self/fd")) > descriptors
    log.close()
    assert len(os.listdir("/proc/self/fd")) == descriptors

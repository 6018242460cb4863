"""Reading on in the log's files as they grow: through new days, full files that are renamed, pruning and torn lines."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from loki_core.audit.file_lines import (
    FIRM,
    as_audit_unavailable,
    list_files,
    open_if_there,
    read_backwards,
    read_files,
    read_forwards,
)
from loki_core.audit.lines import StoredLine
from loki_core.disk.directory import OpenedFile, PrivateDirectory
from loki_core.frozen import dataclass

_WITNESS = 4096
"""Bytes before the place that tell whether a file still holds what was read, and since where it does not."""
_FRESH_NS = 20_000_000
"""A directory that changed less than this ago may change again without its time telling so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """How far the log was read: a file, and the byte behind the last whole line of it.

    `witness` is what stands before that byte. Before there is any file, the name is "".
    """

    name: str = ""
    device: int = 0
    inode: int = 0
    offset: int = 0
    witness: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A place's file among those of the log.

    Attributes:
        names: the log's files, listed before this one was opened.
        name: what it is called now, or was when it is gone.
        opened: the file, which the caller closes, or None when it is gone.
        offset: up to where it holds what was read.
    """

    names: list[str]
    name: str
    opened: OpenedFile | None = None
    offset: int = 0

    @property
    def following(self) -> list[str]:
        """The files behind it. Under the name of one that is gone another may have been begun."""
        return _list_following(self.names, self)


def _list_following(names: list[str], found: _Found) -> list[str]:
    return [name for name in names if name > found.name or (name == found.name and found.opened is None)]


class FileFollower:
    """Follows the log in one directory, from its end on."""

    def __init__(self, path: str) -> None:
        """Take the log's end as the beginning.

        Args:
            path: the directory, which need not be there yet.

        Raises:
            AuditUnavailable: the log cannot be read.
        """
        self._path = path
        self._seen: object = None
        self._place = _Place()
        with as_audit_unavailable(path, "read"):
            try:
                directory = PrivateDirectory.open(path, firm=FIRM)
            except FileNotFoundError:
                pass
            else:
                with directory:
                    for name in list_files(directory)[-1:]:
                        self._place = self._find_end(directory, name)
        self._began = self._place

    def _find_end(self, directory: PrivateDirectory, name: str) -> _Place:
        opened = open_if_there(directory, name)
        if opened is None:
            return _Place(name=name)  # renamed this moment: a new one is about to be begun
        try:
            end = opened.status.st_size
            if end and os.pread(opened.descriptor, 1, end - 1) != b"\n":
                last = next(read_backwards(name, opened), None)
                end = last.offset if last is not None else 0  # half a line: it may grow
            return _make_place(name, opened, end)
        finally:
            os.close(opened.descriptor)

    def lines_before(self) -> Iterator[StoredLine]:
        """Yield the lines before the one with which following began, newest first.

        Raises:
            AuditUnavailable: the log cannot be read.
        """
        began = self._began
        if not began.name:
            return
        with as_audit_unavailable(self._path, "read"), PrivateDirectory.open(self._path, firm=FIRM) as directory:
            found = _find_file(directory, began)
            if found.opened is not None:
                try:
                    yield from read_backwards(found.name, found.opened, found.offset)
                finally:
                    os.close(found.opened.descriptor)
            older = [each for each in found.names if each < found.name]
            yield from read_files(directory, older, newest_first=True)

    def read_new(self) -> tuple[StoredLine, ...]:
        """Return the whole lines that came since the last call; two stats when there are none.

        Raises:
            AuditUnavailable: the log cannot be read.
        """
        seen = self._look()
        if seen is not None and seen == self._seen:
            return ()
        with as_audit_unavailable(self._path, "read"):
            try:
                directory = PrivateDirectory.open(self._path, firm=FIRM)
            except FileNotFoundError:
                return ()
            with directory:
                found = tuple(self._read_on(directory))
        self._seen = seen
        return found

    def _look(self) -> object:
        """Return what changes whenever lines may have come, or None when that cannot be told."""
        try:
            around = os.stat(self._path)
            status = os.stat(os.path.join(self._path, self._place.name)) if self._place.name else around
        except OSError:
            return None
        if abs(time.time_ns() - around.st_mtime_ns) < _FRESH_NS:
            return None
        return (around.st_ino, around.st_mtime_ns, status.st_ino, status.st_size, status.st_mtime_ns)

    def _read_on(self, directory: PrivateDirectory) -> Iterator[StoredLine]:
        """Yield what is new in the place's file, then in those behind it, each once it is known which one is next."""
        while True:
            found = _find_file(directory, self._place)
            if found.opened is not None:
                try:
                    lines, end = _read_whole_lines(found)
                    self._place = _make_place(found.name, found.opened, end)
                finally:
                    os.close(found.opened.descriptor)
                yield from lines
            if not found.following:
                return
            self._go_behind(directory, found)

    def _go_behind(self, directory: PrivateDirectory, found: _Found) -> None:
        """Make the next file the place, unless it is not the next one any more."""
        name = found.following[0]
        opened = open_if_there(directory, name)
        if opened is None:
            return
        try:
            # Had it been full and renamed before it was opened, its new name would stand before this one.
            if _list_following(list_files(directory), found)[:1] == [name]:
                self._place = _make_place(name, opened, 0)
        finally:
            os.close(opened.descriptor)


def _make_place(name: str, opened: OpenedFile, offset: int) -> _Place:
    start = max(offset - _WITNESS, 0)
    return _Place(
        name=name,
        device=opened.status.st_dev,
        inode=opened.status.st_ino,
        offset=offset,
        witness=os.pread(opened.descriptor, offset - start, start),
    )


def _read_whole_lines(found: _Found) -> tuple[list[StoredLine], int]:
    """Return the whole lines that were not read yet, and the byte behind them: half a line may grow.

    There was another file before this one is read to its end: then nothing grows there any more.
    """
    if found.opened is None:
        return [], 0
    lines = list(read_forwards(found.name, found.opened, found.offset))
    if not lines:
        return lines, found.offset
    end = lines[-1].offset + len(lines[-1].data)
    if lines[-1].data and os.pread(found.opened.descriptor, 1, end) == b"\n":
        return lines, end + 1
    return (lines, end) if found.following else (lines, lines.pop().offset)


def _find_file(directory: PrivateDirectory, place: _Place) -> _Found:
    """Return the place's file, whatever it is called now, and what stands behind it."""
    names = list_files(directory)
    while True:
        for name in sorted(names, key=lambda name: name != place.name) if place.name else ():
            opened = open_if_there(directory, name)
            if opened is None:
                continue
            is_same = (opened.status.st_dev, opened.status.st_ino) == (place.device, place.inode)
            is_worth_it = is_same or (name == place.name and place.witness)
            offset = _find_agreement(opened, place) if is_worth_it else None
            if offset is not None:
                return _Found(names=names, name=name, opened=opened, offset=offset)
            os.close(opened.descriptor)
        again = list_files(directory)
        if again == names:
            return _Found(names=names, name=place.name)
        names = again  # it was renamed between the listing and the look


def _find_agreement(opened: OpenedFile, place: _Place) -> int | None:
    """Return the byte up to which whole lines are as they were read, or None when none is.

    It lies before the place when the last line was taken back, because it could not be made durable.
    """
    start = place.offset - len(place.witness)
    found = os.pread(opened.descriptor, len(place.witness), start)
    if found == place.witness:
        return place.offset
    differing = (number for number, pair in enumerate(zip(found, place.witness, strict=False)) if pair[0] != pair[1])
    whole = place.witness.rfind(b"\n", 0, next(differing, len(found))) + 1
    return start + whole if whole else None

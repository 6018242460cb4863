"""Reading on in the log's files as they grow: through new days, full files that are renamed, pruning and torn lines."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from loki_core.audit.file_lines import (
    FIRM,
    as_audit_unavailable,
    list_files,
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
        opened = _open_if_there(directory, name)
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
            names = list_files(directory)
            name, offset = _find_file(directory, names, began)
            opened = _open_if_there(directory, name) if name else None
            if opened is not None:
                try:
                    yield from read_backwards(name, opened, offset)
                finally:
                    os.close(opened.descriptor)
            older = [each for each in names if each < (name or began.name)]
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
        names, place = list_files(directory), self._place
        name, offset = _find_file(directory, names, place)
        if name:
            yield from self._read_file(directory, name, offset)
        for each in names:
            # The place's own name again: the file was renamed, or is gone, and another begun.
            if each > (name or place.name) or (each == place.name and not name):
                yield from self._read_file(directory, each, 0)

    def _read_file(self, directory: PrivateDirectory, name: str, start: int) -> list[StoredLine]:
        opened = _open_if_there(directory, name)
        if opened is None:
            return []  # pruned this moment
        try:
            lines, end = list(read_forwards(name, opened, start)), start
            if lines:
                end = lines[-1].offset + len(lines[-1].data)
                if lines[-1].data and os.pread(opened.descriptor, 1, end) == b"\n":
                    end += 1
                else:
                    end = lines.pop().offset  # half a line: it may grow
            self._place = _make_place(name, opened, end)
            return lines
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


def _find_file(directory: PrivateDirectory, names: list[str], place: _Place) -> tuple[str, int]:
    """Return what the place's file is called now, and up to where it holds what was read; or "" when it is gone."""
    if not place.name:
        return "", 0
    for name in sorted(names, key=lambda name: name != place.name):
        opened = _open_if_there(directory, name)
        if opened is None:
            continue
        try:
            is_same = (opened.status.st_dev, opened.status.st_ino) == (place.device, place.inode)
            offset = _find_agreement(opened, place) if is_same or name == place.name else None
            if offset is not None:
                return name, offset
        finally:
            os.close(opened.descriptor)
    return "", 0


def _open_if_there(directory: PrivateDirectory, name: str) -> OpenedFile | None:
    try:
        return directory.open_file(name)
    except FileNotFoundError:
        return None


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

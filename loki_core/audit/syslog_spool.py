"""The log as the spool of what is to be forwarded: its lines behind a cursor, through new days, pieces and pruning.

No lock is taken: a writer may add lines, give a full file another name, begin the next one or remove old ones at any
time. A file is left for the next one only after what came last in it was read.
"""

from __future__ import annotations

import os
from collections.abc import Generator

from loki_core.audit.file_lines import list_files, read_files, read_forwards
from loki_core.audit.lines import StoredLine
from loki_core.audit.syslog_cursor import Cursor, SentLine, digest_line
from loki_core.disk.directory import OpenedFile, PrivateDirectory
from loki_core.frozen import dataclass

UNREAD = ""
"""The digest of a line that was too long to be read."""
_SHORT_LINE = 128
"""Bytes; our lines are longer. As long as what waits would be few lines even so, nobody counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledLine:
    """A line that waits.

    Attributes:
        stored: the line, and the name of its file when it was read.
        inode: of that file.
        end: the byte behind its line end.
    """

    stored: StoredLine
    inode: int
    end: int

    def as_sent(self, seq: int) -> SentLine:
        """Return what the cursor keeps of it, with its number in the whole log."""
        digest = digest_line(self.stored.data) if self.stored.data else UNREAD
        return SentLine(begin=self.stored.offset, end=self.end, seq=seq, digest=digest)


def read_spool(
    directory: PrivateDirectory, cursor: Cursor, *, most_lines: int, most_bytes: int
) -> Generator[SpooledLine, None, None]:
    """Yield the lines that were not sent, oldest first; of too many, the newest.

    Args:
        directory: the log's.
        cursor: how far it was sent.
        most_lines: how many of the lines that wait may be yielded, when the first of them is.
        most_bytes: how many bytes of files may be gone through then.

    Raises:
        StorageError, OSError: the log cannot be read.
    """
    place = _find_place(directory, cursor)
    if place is None:
        return
    name, opened, start = place
    skipped = _find_bound(directory, name, start, most_lines, most_bytes)
    if skipped is not None:
        os.close(opened.descriptor)
        name, start = skipped
        opened = directory.open_file(name)
    while True:
        try:
            end = start
            for line in _read_whole_lines(name, opened, start):
                end = line.end
                yield line
            if not _find_next(directory, name, opened.status.st_ino):
                return
            # Nobody writes to this one any more: what came until then is all, and half a line stays half a line.
            yield from _read_lines(name, opened, end)
            following = _open_next(directory, name, opened.status.st_ino)
        finally:
            os.close(opened.descriptor)
        if following is None:
            return
        name, opened, start = *following, 0


def _find_place(directory: PrivateDirectory, cursor: Cursor) -> tuple[str, OpenedFile, int] | None:
    """Return the file in which to go on, open, and the byte."""
    names = list_files(directory)
    # By its name first, then under any other: a full file is renamed.
    for name in sorted(names, key=lambda name: name != cursor.file) if cursor.trail else ():
        if name != cursor.file and _find_inode(directory, name) != cursor.inode:
            continue
        opened = _open_if_there(directory, name)
        if opened is None:
            continue
        offset = _find_agreement(opened, cursor)
        if offset is not None:
            return name, opened, offset
        os.close(opened.descriptor)
    # It was pruned, or what was sent is not in it any more: then all that there is from there on is new.
    rest = [name for name in names if name >= cursor.file] or names[-1:]
    for name in rest:
        opened = _open_if_there(directory, name)
        if opened is not None:
            return name, opened, 0
    return None


def _find_agreement(opened: OpenedFile, cursor: Cursor) -> int | None:
    """Return the byte behind the last line that was sent and is there still, or None when there is none."""
    for sent in reversed(cursor.trail):
        if sent.digest == UNREAD:
            if opened.status.st_size >= sent.end:
                return sent.end
            continue
        data = os.pread(opened.descriptor, sent.end - sent.begin, sent.begin)
        if len(data) == sent.end - sent.begin and digest_line(data.rstrip(b"\n")) == sent.digest:
            return sent.end
    return None


def _find_bound(
    directory: PrivateDirectory, name: str, start: int, most_lines: int, most_bytes: int
) -> tuple[str, int] | None:
    """Return where to begin when too much waits behind a place, or None when all of it may be sent."""
    names = [each for each in list_files(directory) if each >= name]
    waiting = sum(_find_status(directory, each)[1] for each in names) - start
    if waiting <= min(most_lines * _SHORT_LINE, most_bytes):
        return None
    bound = None
    for number, line in enumerate(read_files(directory, names, newest_first=True)):
        if line.file == name and line.offset < start:
            return None
        most_bytes -= len(line.data) + 1
        if number == most_lines or most_bytes < 0:
            return bound
        bound = line.file, line.offset
    return None


def _read_whole_lines(name: str, opened: OpenedFile, start: int) -> Generator[SpooledLine, None, None]:
    """Yield the lines that have their end."""
    for line in _read_lines(name, opened, start):
        if os.pread(opened.descriptor, 1, line.end - 1) == b"\n":
            yield line


def _read_lines(name: str, opened: OpenedFile, start: int) -> Generator[SpooledLine, None, None]:
    inode, before = opened.status.st_ino, None
    for line in read_forwards(name, opened, start):
        if before is not None:
            yield SpooledLine(stored=before, inode=inode, end=line.offset)
        before = line
    if before is not None:
        # Of a line that was too long to be read, only the file tells where it ends.
        size = os.fstat(opened.descriptor).st_size
        end = min(before.offset + len(before.data) + 1, size) if before.data else size
        yield SpooledLine(stored=before, inode=inode, end=end)


def _open_next(directory: PrivateDirectory, name: str, inode: int) -> tuple[str, OpenedFile] | None:
    """Return the file behind the one with this inode, open, or None when that is the last."""
    while following := _find_next(directory, name, inode):
        found = _open_if_there(directory, following)
        if found is None:
            continue
        # Its name may have been given to a newer one before it was opened.
        is_next = following == _find_next(directory, name, inode)
        if is_next and _find_inode(directory, following) == found.status.st_ino:
            return following, found
        os.close(found.descriptor)
    return None


def _find_next(directory: PrivateDirectory, name: str, inode: int) -> str:
    """Return the name behind that of the file with this inode, whatever it is called now; "" when it is the last."""
    names = list_files(directory)
    here = [each for each in (name, *reversed(names)) if each in names and _find_inode(directory, each) == inode]
    if not here:  # it was pruned
        return next((each for each in names if each >= name), "")
    return next((each for each in names if each > here[0]), "")


def _find_inode(directory: PrivateDirectory, name: str) -> int:
    return _find_status(directory, name)[0]


def _find_status(directory: PrivateDirectory, name: str) -> tuple[int, int]:
    """Return inode and size of a file, zeros when it was pruned."""
    try:
        status = os.stat(name, dir_fd=directory.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return 0, 0
    return status.st_ino, status.st_size


def _open_if_there(directory: PrivateDirectory, name: str) -> OpenedFile | None:
    try:
        return directory.open_file(name)
    except FileNotFoundError:
        return None

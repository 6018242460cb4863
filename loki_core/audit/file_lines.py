"""The lines of the log's files, read from either end: in chunks, so that who asks for the newest reads only these."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime

from loki_core.audit.day_files import find_period, get_period, list_day_files, name_day_file
from loki_core.audit.lines import StoredLine
from loki_core.disk.directory import OpenedFile, PrivateDirectory
from loki_core.disk.failures import as_storage_error
from loki_core.errors import AuditUnavailable, StorageError

FIRM = 2
"""The log is in the store's directory, which may be no link either."""
LONGEST_LINE = 1 << 20
"""Bytes; of a longer one, which we never write, only the place is told."""
_CHUNK = 1 << 16


@contextmanager
def as_audit_unavailable(path: str, deed: str) -> Iterator[None]:
    """Turn what the system or the checks of the directory refuse into what the audit log's errors are.

    Raises:
        AuditUnavailable: always instead of OSError and StorageError.
    """
    try:
        with as_storage_error(f"the audit log in {path} cannot be {deed}"):
            yield
    except StorageError as error:
        raise AuditUnavailable(error.message, remedy=error.remedy) from None


def read_lines(path: str, *, newest_first: bool = False, since: datetime | None = None) -> Iterator[StoredLine]:
    """Yield the lines of the log in a directory, lazily; none when there is no directory.

    Args:
        path: the directory.
        newest_first: from the last line to the first.
        since: files of earlier days are not opened; no line in them is younger.

    Raises:
        AuditUnavailable: the log cannot be read.
    """
    with as_audit_unavailable(path, "read"):
        try:
            directory = PrivateDirectory.open(path, firm=FIRM)
        except FileNotFoundError:
            return
        with directory:
            yield from read_files(directory, list_files(directory, since), newest_first=newest_first)


def list_files(directory: PrivateDirectory, since: datetime | None = None) -> list[str]:
    """Return the names of the log's files, oldest first, without those of days before a time."""
    first = "" if since is None else get_period(since)
    return [name for name in list_day_files(directory.names()) if find_period(name) >= first]


def read_files(directory: PrivateDirectory, names: list[str], *, newest_first: bool) -> Iterator[StoredLine]:
    """Yield the lines of some files; one that was pruned meanwhile has none.

    Args:
        directory: where they are.
        names: the files, oldest first.
        newest_first: from the last line of the last file to the first of the first.
    """
    for name in reversed(names) if newest_first else names:
        opened = open_if_there(directory, name)
        try:
            # A file that is full is renamed, and a new one begun under its name: this may be the new one, or not yet.
            missed = _find_missed(directory, names, name, opened) if name == names[-1] else []
            if not newest_first:
                yield from read_files(directory, missed, newest_first=False)
            if opened is not None:
                yield from read_backwards(name, opened) if newest_first else read_forwards(name, opened)
            if newest_first:
                yield from read_files(directory, missed, newest_first=True)
        finally:
            if opened is not None:
                os.close(opened.descriptor)


def open_if_there(directory: PrivateDirectory, name: str) -> OpenedFile | None:
    """Return a file of the log, open, or None when there is none: it was pruned or renamed.

    Raises:
        StorageError, OSError: it is there and cannot be opened.
    """
    try:
        return directory.open_file(name)
    except FileNotFoundError:
        return None


def _find_missed(directory: PrivateDirectory, names: list[str], name: str, opened: OpenedFile | None) -> list[str]:
    """Return the pieces of a day that its file became between the listing and its opening; not what is open itself."""
    period, missed = find_period(name), []
    if name == name_day_file(period):
        for each in list_files(directory):
            if find_period(each) == period and each < name and each not in names:
                if opened is not None and _is_same(directory, each, opened):
                    break
                missed.append(each)
    return missed


def _is_same(directory: PrivateDirectory, name: str, opened: OpenedFile) -> bool:
    try:
        status = os.stat(name, dir_fd=directory.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (status.st_dev, status.st_ino) == (opened.status.st_dev, opened.status.st_ino)


def read_forwards(name: str, opened: OpenedFile, start: int = 0) -> Iterator[StoredLine]:
    """Yield the lines of an open file from a byte on, the last one also when it has no end."""
    offset, carry, skipped = start, b"", 0
    while chunk := os.pread(opened.descriptor, _CHUNK, offset + skipped + len(carry)):
        lines = (carry + chunk).split(b"\n")
        carry = lines.pop()
        for line in lines:
            if line or skipped:
                yield StoredLine(data=b"" if skipped else line, file=name, offset=offset)
            offset, skipped = offset + skipped + len(line) + 1, 0
        if skipped + len(carry) > LONGEST_LINE:
            skipped, carry = skipped + len(carry), b""
    if carry or skipped:
        yield StoredLine(data=b"" if skipped else carry, file=name, offset=offset)


def read_backwards(name: str, opened: OpenedFile, end: int | None = None) -> Iterator[StoredLine]:
    """Yield the lines of an open file, from the last one before a byte (by default the file's size) to the first."""
    start = opened.status.st_size if end is None else end
    carry, skipped = b"", 0
    while start > 0:
        size = min(_CHUNK, start)
        start -= size
        lines = (os.pread(opened.descriptor, size, start) + carry).split(b"\n")
        carry = lines.pop(0)
        offset = start + len(carry) + sum(len(line) + 1 for line in lines) + 1
        for line in reversed(lines):
            offset -= len(line) + 1
            if line or skipped:
                yield StoredLine(data=b"" if skipped else line, file=name, offset=offset)
            skipped = 0
        if skipped + len(carry) > LONGEST_LINE:
            skipped, carry = skipped + len(carry), b""
    if carry or skipped:
        yield StoredLine(data=b"" if skipped else carry, file=name, offset=0)


def count_lines_before(path: str, line: StoredLine) -> int:
    """Return how many lines of its file stand before a line.

    Raises:
        AuditUnavailable: the log cannot be read, or that file is gone.
    """
    with as_audit_unavailable(path, "read"), PrivateDirectory.open(path, firm=FIRM) as directory:
        opened = directory.open_file(line.file)
        try:
            count = offset = 0
            while chunk := os.pread(opened.descriptor, min(_CHUNK, line.offset - offset), offset):
                count += chunk.count(b"\n")
                offset += len(chunk)
        finally:
            os.close(opened.descriptor)
    return count


def find_revision(path: str) -> Hashable:
    """Return what changes whenever the log in a directory does: its directory and its newest file, or None without."""
    try:
        around = os.stat(path)
        names = list_day_files(os.listdir(path))
        newest = os.stat(os.path.join(path, names[-1])) if names else around
    except OSError:
        return None
    return (around.st_ino, around.st_mtime_ns, newest.st_ino, newest.st_size, newest.st_mtime_ns)

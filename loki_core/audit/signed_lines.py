"""The files beside the log whose lines are signed: appended to durably, and no half line of them counts.

Whoever appends holds the log's lock; whoever reads needs none.
"""

from __future__ import annotations

import os

from loki_core.audit.recovery import mend_tail
from loki_core.disk.append_log import append_lines
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.durability import sync

Signature = tuple[int, ...]
"""Changes whenever a file does."""


def append_signed_line(directory: PrivateDirectory, name: str, line: bytes) -> None:
    """Append a line durably; half a line that a crash left is dropped: nobody was told of it.

    Raises:
        StorageError, OSError: it was not written.
    """
    try:
        opened = directory.open_file(name, os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:
        pass
    else:
        try:
            mend_tail(opened.descriptor, opened.status.st_size, lines=0, sealed=0)
        finally:
            os.close(opened.descriptor)
    append_lines(directory, name, [line], durable=True)


def sync_file(directory: PrivateDirectory, name: str) -> None:
    """Make durable what was written to a file, also by a process that has crashed since.

    Raises:
        StorageError, OSError: it may not be durable.
    """
    opened = directory.open_file(name)
    try:
        sync(opened.descriptor)
    finally:
        os.close(opened.descriptor)


def find_signature(name: str, descriptor: int | None = None) -> Signature:
    """Return what changes whenever a file does; () when there is none.

    Args:
        name: its path, or its name in an open directory.
        descriptor: of that directory.

    Raises:
        OSError: the system refused.
    """
    try:
        status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns

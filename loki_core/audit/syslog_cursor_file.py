"""`.syslog.json` beside the log: the cursor of whoever forwards, written in place under the lock of forwarding."""

from __future__ import annotations

import os

from loki_core.audit.day_files import list_day_files
from loki_core.audit.syslog_cursor import Cursor, dump_cursor, parse_cursor
from loki_core.disk.directory import PrivateDirectory
from loki_core.errors import StorageError

CURSOR_NAME = ".syslog.json"
_MOST_BYTES = 1 << 16


def may_wait(path: str) -> bool:
    """Tell whether the log in a directory may hold more than was forwarded: a look at two files, without any lock."""
    try:
        with PrivateDirectory.open(path) as directory:
            newest = list_day_files(directory.names())[-1]
            status = os.stat(newest, dir_fd=directory.descriptor, follow_symlinks=False)
            cursor = CursorFile(directory).load()
    except (OSError, StorageError, IndexError):
        return False  # there is no log, or whoever forwards it could not read it either
    return (cursor.file, cursor.inode, cursor.offset) != (newest, status.st_ino, status.st_size)


class CursorFile:
    """Where the cursor is kept. What a power failure tears is read as "nothing was sent", and is sent again."""

    def __init__(self, directory: PrivateDirectory) -> None:
        self._directory = directory

    def load(self) -> Cursor:
        """Return the cursor.

        Raises:
            StorageError, OSError: the file cannot be read.
        """
        try:
            opened = self._directory.open_file(CURSOR_NAME)
        except FileNotFoundError:
            return Cursor()
        try:
            return parse_cursor(os.pread(opened.descriptor, _MOST_BYTES, 0))
        finally:
            os.close(opened.descriptor)

    def save(self, cursor: Cursor) -> None:
        """Keep the cursor; in place, because a file that is renamed would make every writer look at the names anew.

        Raises:
            StorageError, OSError: the system refused.
        """
        data = dump_cursor(cursor)
        opened = self._directory.open_file(CURSOR_NAME, os.O_RDWR, create=True)
        try:
            os.pwrite(opened.descriptor, data, 0)
            os.ftruncate(opened.descriptor, len(data))  # only the first line counts: what is behind may stay till then
        finally:
            os.close(opened.descriptor)

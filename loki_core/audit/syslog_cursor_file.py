"""`.syslog.json` beside the log: the cursor of whoever forwards, written in place under the lock of forwarding."""

from __future__ import annotations

import os

from loki_core.audit.syslog_cursor import Cursor, dump_cursor, parse_cursor
from loki_core.disk.directory import PrivateDirectory

CURSOR_NAME = ".syslog.json"
_MOST_BYTES = 1 << 16


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

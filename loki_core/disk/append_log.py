"""A log of lines in a private directory: appended to by many processes, read on from where one stopped."""

from __future__ import annotations

import contextlib
import os

from loki_core.disk.content import write_all
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.durability import sync


def append_lines(directory: PrivateDirectory, name: str, lines: list[bytes], *, durable: bool) -> None:
    """Append whole lines; a line that a crash left without its end is closed off first.

    Whoever calls holds the lock of all who write this file.

    Args:
        directory: where the log is.
        name: its name; it is made with mode 0600 when it is missing.
        lines: what to append, each without its line end.
        durable: return only once the lines survive a power failure.

    Raises:
        StorageError, OSError: nothing was written, or, on a disk that fails altogether, a part.
    """
    opened = directory.open_file(name, os.O_RDWR | os.O_APPEND, create=True)
    try:
        data = b"".join(line + b"\n" for line in lines)
        size = opened.status.st_size
        if size and os.pread(opened.descriptor, 1, size - 1) != b"\n":
            data = b"\n" + data
        try:
            write_all(opened.descriptor, data)
            if durable:
                sync(opened.descriptor)
                if size == 0:
                    sync(directory.descriptor)  # the new name must be durable too
        except OSError:
            # What may not be durable is not acknowledged, so it must not count either.
            with contextlib.suppress(OSError):
                os.ftruncate(opened.descriptor, size)
            raise
    finally:
        os.close(opened.descriptor)


class LogFollower:
    """Reads the lines that were appended since the last call; starts over when the file was replaced."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._identity: tuple[int, int] | None = None
        self._offset = 0

    def read_new(self, directory: PrivateDirectory) -> tuple[bool, list[bytes]]:
        """Return whether the file is another one than before, and the whole lines not returned yet.

        Raises:
            StorageError, OSError: the file cannot be read.
        """
        try:
            opened = directory.open_file(self._name)
        except FileNotFoundError:
            replaced = self._identity is not None
            self._identity, self._offset = None, 0
            return replaced, []
        try:
            identity = (opened.status.st_dev, opened.status.st_ino)
            replaced = self._identity is not None and (
                identity != self._identity or opened.status.st_size < self._offset
            )
            if replaced or self._identity is None:
                self._identity, self._offset = identity, 0
            parts: list[bytes] = []
            offset = self._offset
            while part := os.pread(opened.descriptor, 1 << 20, offset):
                parts.append(part)
                offset += len(part)
        finally:
            os.close(opened.descriptor)
        data = b"".join(parts)
        end = data.rfind(b"\n") + 1
        self._offset += end
        return replaced, data[:end].splitlines()

"""The newest file of the log, open at its end: lines are appended, or taken back when they may not be durable."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from loki_core.disk.durability import sync


class Overtaken(Exception):
    """A program without our lock wrote meanwhile: what was chained to a line that is not the last was taken back."""


class FileTail:
    """A file of the log that is open for appending, and what it was like when it was opened."""

    def __init__(self, descriptor: int) -> None:
        """Take over an open file.

        Args:
            descriptor: the file, open for reading and appending; `close` closes it.
        """
        self._descriptor = descriptor
        try:
            self.identity = identify(os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
        self.inode = self.identity[1]

    def is_unchanged(self, size: int, *, closely: bool) -> bool:
        """Tell whether it is as it was when it was opened, and has that size.

        Args:
            size: in bytes.
            closely: whether to look at its mode and owner too, which makes the system note a time with the next write.

        Raises:
            OSError: the system refused.
        """
        if os.lseek(self._descriptor, 0, os.SEEK_END) != size:
            return False
        return not closely or identify(os.fstat(self._descriptor)) == self.identity

    def append(self, size: int, lines: Iterable[bytes], *, durable: bool) -> int:
        """Append lines, all or none, under the log's lock; return the file's new size.

        Args:
            size: the file's size.
            lines: what to append, each without its end.
            durable: return only once they survive a power failure.

        Raises:
            Overtaken: the file was longer than that.
            OSError: the system refused.
        """
        data = b"\n".join([*lines, b""])
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:] if written else data)
                if os.lseek(self._descriptor, 0, os.SEEK_CUR) != size + written:
                    raise Overtaken
            if durable:
                sync(self._descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                self._take_back(written)
            raise
        return size + written

    def sync(self) -> None:
        """Return once what was written, by whomever, survives a power failure.

        Raises:
            OSError: it may not.
        """
        sync(self._descriptor)

    def _take_back(self, written: int) -> None:
        """Cut off what was written, if it stands at the end: what is not acknowledged must not stay, not even half."""
        position = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        if written and os.fstat(self._descriptor).st_size == position:
            os.ftruncate(self._descriptor, position - written)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def identify(status: os.stat_result) -> tuple[int, ...]:
    """Return what tells a file from another one, and from itself with another mode, owner or number of names."""
    return status.st_dev, status.st_ino, status.st_mode, status.st_uid, status.st_nlink

"""The end of one file of the log: lines are appended there, or taken back when they may not be durable."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from loki_core.disk.durability import sync


class Overtaken(Exception):
    """A program without our lock wrote meanwhile: what was chained to a line that is not the last was taken back."""


def append_at(descriptor: int, size: int, lines: Iterable[bytes], *, durable: bool) -> int:
    """Append lines, all or none, and return the file's new size.

    Args:
        descriptor: the file, open for appending and not written to yet, under the log's lock.
        size: its size.
        lines: what to append, each without its end.
        durable: return only once they survive a power failure.

    Raises:
        Overtaken: the file was longer than that.
        OSError: the system refused.
    """
    data = b"".join([line + b"\n" for line in lines])
    written = 0
    try:
        while written < len(data):
            written += os.write(descriptor, data[written:] if written else data)
            if os.lseek(descriptor, 0, os.SEEK_CUR) != size + written:
                raise Overtaken
        if durable:
            sync(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            _take_back(descriptor, written)
        raise
    return size + written


def _take_back(descriptor: int, written: int) -> None:
    """Cut off what was written, if it stands at the end: what was not acknowledged must not stay, not even half."""
    position = os.lseek(descriptor, 0, os.SEEK_CUR)
    if written and os.fstat(descriptor).st_size == position:
        os.ftruncate(descriptor, position - written)

"""Making what was written survive a power failure."""

from __future__ import annotations

import fcntl
import os

_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)


def sync(descriptor: int) -> None:
    """Return once the file's content is on the disk itself.

    On macOS fsync(2) leaves it in the drive's cache; F_FULLFSYNC does not, where the file system has it.

    Raises:
        OSError: it may not be durable.
    """
    if _FULL_SYNC is not None:
        try:
            fcntl.fcntl(descriptor, _FULL_SYNC)
        except OSError:
            os.fsync(descriptor)
    else:
        os.fsync(descriptor)

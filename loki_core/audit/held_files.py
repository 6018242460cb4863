"""The log's directory and lock, held open between entries, and looked at before each.

What is held is used again only when nothing about it changed: the directory's path still leads to it, with the same
owner and mode, and the lock's name to the lock. On any difference everything is closed and opened anew, with all the
checks that opening makes. Names inside the directory are looked at only when its ctime changed, which no program can
set: then a file may have been made, renamed, removed or put in the place of another. The ctime also tells that the
directory itself was moved, so that of entries in quick succession only some are preceded by a look at its path.
"""

from __future__ import annotations

import os
import time

from loki_core.audit.day_files import list_day_files
from loki_core.audit.file_lines import FIRM
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.kept_lock import KeptLock
from loki_core.disk.lock import make_busy_error, make_removed_error
from loki_core.forks import holding_forks

LOCK_NAME = ".audit.lock"
_SETTLED_NS = 20_000_000
"""Two changes within the kernel's tick have the same time: only an older one is known to be the last."""
_CLOSELY_SECONDS = 0.05
"""How long entries in quick succession go on without a look at what only its path or its status tells."""


class HeldFiles:
    """The open directory and lock of a log. Not for several threads at once."""

    def __init__(self, path: str, lock_seconds: float) -> None:
        """Prepare; nothing is opened.

        Args:
            path: the log's directory.
            lock_seconds: how long to wait for another writer.
        """
        self._path = path
        self._lock_seconds = lock_seconds
        self._directory: PrivateDirectory | None = None
        self._lock: KeptLock | None = None
        self._identity: tuple[int, ...] = ()
        self._names: list[str] | None = None
        self._changed_at = 0
        """The directory's ctime when its names were looked at, or 0 when they must be looked at again."""
        self._looked_at = float("-inf")
        self.looked_closely = True
        """Whether the last time that the lock was taken the directory's path was looked at."""

    def acquire(self, wait_seconds: float | None = None) -> PrivateDirectory:
        """Take the log's lock and return the directory, both checked.

        Args:
            wait_seconds: how long to wait for another writer, when not as long as usual.

        Raises:
            StoreBusy: another writer has held it all the time.
            StorageError, OSError: the directory or the lock is not as it must be, or cannot be opened.
        """
        until, seconds = 0.0, self._lock_seconds if wait_seconds is None else wait_seconds
        while True:
            directory, lock = self._directory, self._lock
            if directory is None or lock is None:
                directory, lock = self._open()
            lock.acquire(seconds)
            try:
                if self._is_unchanged(directory, lock):
                    return directory
            except BaseException:
                lock.release()
                raise
            lock.release()
            self.close()
            until = until or time.monotonic() + seconds
            if time.monotonic() > until:
                raise make_busy_error(directory, LOCK_NAME, seconds)

    def _is_unchanged(self, directory: PrivateDirectory, lock: KeptLock) -> bool:
        seconds = time.monotonic()
        self.looked_closely = (
            seconds - self._looked_at >= _CLOSELY_SECONDS
            or os.fstat(directory.descriptor).st_ctime_ns != self._changed_at
        )
        if not self.looked_closely:
            return True
        now = time.time_ns()
        try:
            status = os.stat(self._path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if _identify(status) != self._identity:
            return False
        self._looked_at = seconds
        if status.st_ctime_ns != self._changed_at:
            self._names = None
            self._changed_at = 0 if abs(now - status.st_ctime_ns) < _SETTLED_NS else status.st_ctime_ns
        return lock.is_in_place()

    def _open(self) -> tuple[PrivateDirectory, KeptLock]:
        with holding_forks():  # a child that does not know of the lock's file would keep it locked for us
            directory = PrivateDirectory.open(self._path, create=True, firm=FIRM)
            try:
                self._identity = _identify(os.fstat(directory.descriptor))
                lock = KeptLock(directory, LOCK_NAME)
            except BaseException:
                directory.close()
                raise
            self._directory, self._lock = directory, lock
        self.forget_names()
        return directory, lock

    def release(self) -> None:
        """Let go of the lock; the files stay open."""
        if self._lock is not None:
            try:
                self._lock.release()
            except OSError:
                self.close()  # which lets go of it too

    def check_in_place(self) -> None:
        """Make sure, right before a change and after long work under the lock, that it still keeps others out.

        Raises:
            StoreBusy: the lock file is gone or another one.
            OSError: the system refused.
        """
        if self._directory is not None and self._lock is not None and not self._lock.is_in_place():
            raise make_removed_error(self._directory, LOCK_NAME)

    def day_files(self) -> list[str]:
        """Return the names of the log's files in their order; only under the lock.

        Raises:
            OSError: the system refused.
        """
        if self._names is None:
            assert self._directory is not None  # noqa: S101 - whoever holds the lock has it open
            self._names = list_day_files(self._directory.names())
        return self._names

    def forget_names(self) -> None:
        """Look at the names anew: we are changing them."""
        self._names, self._changed_at = None, 0

    def close(self) -> None:
        """Close everything; the lock must not be held, except by the parent of a forked child."""
        directory, lock = self._directory, self._lock
        self._directory = self._lock = None
        if lock is not None:
            lock.close()
        if directory is not None:
            directory.close()


def _identify(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_mode, status.st_uid

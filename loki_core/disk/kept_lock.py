"""A lock file that stays open between the times it is held: taking the lock costs one call, and a look at its name."""

from __future__ import annotations

import errno
import fcntl
import os
import time

from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.lock import lock_of_this_process, make_busy_error, pause_before_retry


class KeptLock:
    """The lock of one directory, its file held open. Not for several threads at once."""

    def __init__(self, directory: PrivateDirectory, name: str) -> None:
        """Open the lock file, which is made when it is missing; nothing is locked yet.

        Opened for reading alone, where that is enough: a file open for writing keeps the system from making the disk
        read-only.

        Raises:
            StorageError, OSError: it cannot be opened.
        """
        self._directory = directory
        self._name = name
        self._mutex = lock_of_this_process(directory, name)
        self._open(os.O_RDONLY)

    def _open(self, access: int) -> None:
        opened = self._directory.open_file(self._name, access, create=True)
        try:
            self._identity = _identify(os.fstat(opened.descriptor))
        except BaseException:
            os.close(opened.descriptor)
            raise
        self._descriptor, self._access = opened.descriptor, access

    def is_in_place(self) -> bool:
        """Tell whether its name still stands for the file that is held, unchanged.

        Raises:
            OSError: the system refused.
        """
        try:
            status = os.stat(self._name, dir_fd=self._directory.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return _identify(status) == self._identity

    def acquire(self, wait_seconds: float) -> None:
        """Take the lock.

        Args:
            wait_seconds: how long to wait for another holder.

        Raises:
            StoreBusy: another process or thread has held it all the time.
            OSError: the system refused.
        """
        if not (self._mutex.acquire(blocking=False) or self._mutex.acquire(timeout=wait_seconds)):
            raise make_busy_error(self._directory, self._name, wait_seconds)
        try:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                self._wait(error, wait_seconds)
        except BaseException:
            self._mutex.release()
            raise

    def _wait(self, error: OSError, wait_seconds: float) -> None:
        """Take the lock, which could not be had at once."""
        deadline, attempt = time.monotonic() + wait_seconds, 0
        while True:
            if error.errno == errno.EBADF and self._access != os.O_RDWR:
                for_reading = self._descriptor
                self._open(os.O_RDWR)  # NFS locks only what is open for writing (flock(2))
                os.close(for_reading)
            elif not isinstance(error, BlockingIOError):
                raise error
            elif time.monotonic() >= deadline:
                raise make_busy_error(self._directory, self._name, wait_seconds)
            else:
                pause_before_retry(attempt)
                attempt += 1
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as again:
                error = again
            else:
                return

    def release(self) -> None:
        """Let go of the lock; the file stays open."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        finally:
            self._mutex.release()

    def close(self) -> None:
        """Close the file, which must not be locked, or in a forked child: there, closing unlocks nothing."""
        os.close(self._descriptor)


def _identify(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_mode, status.st_uid, status.st_nlink

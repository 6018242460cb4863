"""One advisory lock for all writers of a directory (flock(2)), held by a file that we never rename or remove."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from loki_core.disk.directory import PrivateDirectory
from loki_core.errors import StoreBusy

WAIT_SECONDS = 60.0
_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.02

_threads: dict[tuple[int, int, str], threading.Lock] = {}
_threads_guard = threading.Lock()
_held: set[int] = set()
"""The descriptors of lock files in use: a forked child inherits them, and must not keep a lock that nobody releases."""


def lock_of_this_process(directory: PrivateDirectory, name: str) -> threading.Lock:
    """Return where the threads of this process queue first, so that only one of them contends for the file's lock."""
    status = os.fstat(directory.descriptor)
    with _threads_guard:
        return _threads.setdefault((status.st_dev, status.st_ino, name), threading.Lock())


def make_busy_error(directory: PrivateDirectory, name: str, wait_seconds: float) -> StoreBusy:
    """Return the error about a lock that somebody else has held for all the time that we wait."""
    return StoreBusy(
        f"another process has held {os.path.join(directory.path, name)} for {wait_seconds:.0f} s",
        remedy="see who it is with: fuser -v on that file",
    )


def make_removed_error(directory: PrivateDirectory, name: str) -> StoreBusy:
    """Return the error about a lock file that somebody removed while we held it."""
    return StoreBusy(
        f"{os.path.join(directory.path, name)} was removed while it was held",
        remedy="try again, and leave that file alone: it is harmless when nobody writes",
    )


class HeldLock:
    """The lock while it is held."""

    def __init__(self, directory: PrivateDirectory, name: str, descriptor: int) -> None:
        self._directory = directory
        self._name = name
        self._status = os.fstat(descriptor)

    def check_in_place(self) -> None:
        """Make sure, right before a change, that nobody removed the lock file: then another writer may be at work.

        Raises:
            StoreBusy: the file is gone or another one.
            OSError: the system refused.
        """
        if not _is_still_in_place(self._directory, self._name, self._status):
            raise make_removed_error(self._directory, self._name)


@contextmanager
def hold_lock(directory: PrivateDirectory, name: str, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[HeldLock]:
    """Hold the exclusive lock while the block runs.

    Args:
        directory: where the lock file is; it is made when missing.
        name: the lock file's name.
        wait_seconds: how long to wait for another holder.

    Raises:
        StoreBusy: another process or thread has held it all the time.
        StorageError, OSError: the lock file cannot be opened.
    """
    deadline = time.monotonic() + wait_seconds
    busy = make_busy_error(directory, name, wait_seconds)
    mutex = lock_of_this_process(directory, name)
    if not mutex.acquire(timeout=wait_seconds):
        raise busy
    try:
        descriptor = _take(directory, name, deadline)
        if descriptor is None:
            raise busy
        try:
            yield HeldLock(directory, name, descriptor)
        finally:
            _release(descriptor)
    finally:
        mutex.release()


def _take(directory: PrivateDirectory, name: str, deadline: float) -> int | None:
    attempt = 0
    while True:
        opened = directory.open_file(name, os.O_RDWR, create=True)
        _held.add(opened.descriptor)
        try:
            while not _try_lock(opened.descriptor):
                if time.monotonic() >= deadline:
                    _release(opened.descriptor)
                    return None
                pause_before_retry(attempt)
                attempt += 1
            if _is_still_in_place(directory, name, opened.status):
                return opened.descriptor
        except BaseException:
            _release(opened.descriptor)
            raise
        _release(opened.descriptor)  # someone removed the lock file while we waited: lock the one in its place


def _release(descriptor: int) -> None:
    if descriptor not in _held:  # this is a forked child, which has let go of it already
        return
    _held.discard(descriptor)
    with contextlib.suppress(OSError):
        # Closing alone would leave the lock to a child that was forked meanwhile.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _forget_all() -> None:
    global _threads_guard
    _threads_guard = threading.Lock()
    _threads.clear()
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_forget_all)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def pause_before_retry(attempt: int) -> None:
    """Sleep before a lock is tried again: longer each time, and by chance, so that nobody starves."""
    time.sleep(min(_FIRST_PAUSE * 2 ** min(attempt, 10), _LONGEST_PAUSE) * os.urandom(1)[0] / 255)


def _is_still_in_place(directory: PrivateDirectory, name: str, status: os.stat_result) -> bool:
    try:
        current = os.stat(name, dir_fd=directory.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (current.st_dev, current.st_ino) == (status.st_dev, status.st_ino)

"""One advisory lock for all writers of a directory (flock(2)), held by a file that is never renamed or removed."""

from __future__ import annotations

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


def _lock_of_this_process(directory: PrivateDirectory, name: str) -> threading.Lock:
    # Threads of one process queue here first, so that only one of them contends for the file's lock.
    status = os.fstat(directory.descriptor)
    with _threads_guard:
        return _threads.setdefault((status.st_dev, status.st_ino, name), threading.Lock())


@contextmanager
def hold_lock(directory: PrivateDirectory, name: str, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
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
    busy = StoreBusy(
        f"another process has held {os.path.join(directory.path, name)} for {wait_seconds:.0f} s",
        remedy="see who it is with: fuser -v on that file",
    )
    mutex = _lock_of_this_process(directory, name)
    if not mutex.acquire(timeout=wait_seconds):
        raise busy
    try:
        descriptor = _take(directory, name, deadline)
        if descriptor is None:
            raise busy
        try:
            yield
        finally:
            os.close(descriptor)
    finally:
        mutex.release()


def _take(directory: PrivateDirectory, name: str, deadline: float) -> int | None:
    pause = _FIRST_PAUSE
    while True:
        opened = directory.open_file(name, os.O_RDWR, create=True)
        try:
            while not _try_lock(opened.descriptor):
                if time.monotonic() >= deadline:
                    os.close(opened.descriptor)
                    return None
                time.sleep(pause * os.urandom(1)[0] / 255)  # jitter, so that nobody starves
                pause = min(pause * 2, _LONGEST_PAUSE)
            if _is_still_in_place(directory, name, opened.status):
                return opened.descriptor
        except BaseException:
            os.close(opened.descriptor)
            raise
        os.close(opened.descriptor)  # someone removed the lock file while we waited: lock the one in its place


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still_in_place(directory: PrivateDirectory, name: str, status: os.stat_result) -> bool:
    try:
        current = os.stat(name, dir_fd=directory.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (current.st_dev, current.st_ino) == (status.st_dev, status.st_ino)

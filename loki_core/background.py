"""One thread for what must not delay a caller: notes of uses, entries about sign-ins, seals of the log.

Bounded, and flushed at exit.
"""

from __future__ import annotations

import atexit
import contextlib
import heapq
import math
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from itertools import count

from loki_core.forks import renew_after_fork

LONGEST_QUEUE = 10_000
FLUSH_SECONDS = 2.0
_LINGER_SECONDS = 1.0
_open: weakref.WeakSet[BackgroundWriter] = weakref.WeakSet()


class BackgroundWriter:
    """Runs jobs one after the other in a daemon thread that starts with the first of them, and ends when none are left.

    A job must not raise. When the queue is full a job is dropped: nobody waits here.
    """

    def __init__(self) -> None:
        self.renew()
        _open.add(self)
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child: what waits is done by the parent."""
        self._jobs: deque[Callable[[], None]] = deque()
        self._timed: list[tuple[float, int, Callable[[], None]]] = []
        """A heap of what is to run at a time of the monotonic clock."""
        self._numbers = count()
        self._wake = threading.Condition()
        self._busy = False
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> bool:
        """Run the job soon; return False when it was dropped because too many wait."""
        with self._wake:
            if len(self._jobs) >= LONGEST_QUEUE:
                return False
            self._jobs.append(job)
            self._start()
        return True

    def submit_later(self, seconds: float, job: Callable[[], None]) -> bool:
        """Run the job after so many seconds, or at the end of the program; return False when too many wait."""
        if seconds <= 0:
            return self.submit(job)
        with self._wake:
            if len(self._timed) >= LONGEST_QUEUE:
                return False
            heapq.heappush(self._timed, (time.monotonic() + seconds, next(self._numbers), job))
            self._start()
        return True

    def _start(self) -> None:
        if not self._is_running():
            thread = threading.Thread(target=self._run, name="loki-background", daemon=True)
            with contextlib.suppress(RuntimeError):  # no thread can be had now: the next job, or flush, sees to it
                thread.start()
                self._thread = thread
        self._wake.notify_all()

    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._take_due() and not self._jobs:
                    pause = max(self._timed[0][0] - time.monotonic(), 0) if self._timed else _LINGER_SECONDS
                    if not self._wake.wait(pause) and not self._timed and not self._jobs:
                        self._thread = None  # the next job starts another
                        return
                job = self._jobs.popleft()
                self._busy = True
            try:
                job()
            except Exception:  # noqa: BLE001, S110 - against the rule; its note is lost, the others must not be
                pass
            finally:
                with self._wake:
                    self._busy = False
                    self._wake.notify_all()

    def _take_due(self, now: float | None = None) -> bool:
        """Put the timed jobs whose time has come with the others, and tell whether there was one."""
        now = time.monotonic() if now is None else now
        due = bool(self._timed) and self._timed[0][0] <= now
        while self._timed and self._timed[0][0] <= now:
            self._jobs.append(heapq.heappop(self._timed)[2])
        return due

    def hasten(self) -> None:
        """Let all that was to run later run soon."""
        with self._wake:
            self._take_due(math.inf)
            self._wake.notify_all()

    def drop_later(self) -> None:
        """Forget all that was to run later."""
        with self._wake:
            self._timed.clear()
            self._wake.notify_all()

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until all jobs ran, but for those that are to run later.

        Args:
            seconds: how long to wait.

        Returns:
            False when they did not run within that time.
        """
        if threading.current_thread() is self._thread:
            return True
        deadline = time.monotonic() + seconds
        while not self._is_running() and self._jobs and time.monotonic() < deadline:
            self._jobs.popleft()()
        with self._wake:
            while self._jobs or self._busy:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._wake.wait(left)
        return True

    def finish(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Wait as `flush` does, for the last time: what takes longer is not waited for at the program's end either."""
        is_done = self.flush(seconds)
        _open.discard(self)
        return is_done


def _flush_all() -> None:
    for writer in list(_open):
        writer.hasten()
        writer.flush()


atexit.register(_flush_all)

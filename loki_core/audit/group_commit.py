"""Threads that wait for the log together are written together: one of them does the work for all.

Whoever finds nobody at work leads: it writes its own entries and all that wait, in one batch. What comes meanwhile is
written next, by one of those who wait. Each learns what became of its own entries.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from loki_core.audit.events import AuditEntry
from loki_core.errors import AuditUnavailable


class Request:
    """Entries that one thread wants written, all or none, and what became of them."""

    __slots__ = ("durable", "entries", "error", "is_settled", "wake")

    def __init__(self, entries: Sequence[AuditEntry], durable: bool) -> None:
        self.entries = entries
        self.durable = durable
        self.is_settled = False
        self.error: Exception | None = None
        """Why they were not written."""
        self.wake: threading.Lock | None = None
        """Held while the thread waits; let go when there is something for it to see."""

    def settle(self, error: Exception | None = None) -> None:
        """Say what became of the entries."""
        self.error = error
        self.is_settled = True


class GroupCommit:
    """Gathers what several threads want written at the same time."""

    def __init__(self, write: Callable[[Sequence[Request]], None]) -> None:
        """Prepare.

        Args:
            write: writes a batch and settles each of its requests; called by one thread at a time.
        """
        self._write = write
        self._turn = threading.Lock()
        self._waiting: deque[Request] = deque()

    @property
    def waiting(self) -> int:
        """How many threads wait to be written."""
        return len(self._waiting)

    def submit(self, entries: Sequence[AuditEntry], durable: bool) -> None:
        """Have entries written, and return when they are.

        Raises:
            AuditUnavailable: they were not.
        """
        request = Request(entries, durable)
        if self._turn.acquire(blocking=False):
            self._lead([request])
        else:
            self._wait(request)
        if request.error is not None:
            raise request.error

    @contextlib.contextmanager
    def exclusively(self) -> Iterator[None]:
        """Keep every other thread from writing while the block runs."""
        self._turn.acquire()
        try:
            yield
        finally:
            self._turn.release()
            self._wake_next()

    def _lead(self, batch: list[Request]) -> None:
        """Write a batch and all that waits, and hand over the turn, which we have."""
        try:
            while self._waiting:
                batch.append(self._waiting.popleft())
            if batch:
                self._write(batch)
        finally:
            self._turn.release()
            for request in batch:
                if not request.is_settled:  # an interrupt, such as the user's
                    request.settle(AuditUnavailable("writing the audit log was interrupted", remedy="try again"))
                if request.wake is not None:
                    _wake(request.wake)
            if self._waiting:
                self._wake_next()

    def _wait(self, request: Request) -> None:
        request.wake = threading.Lock()
        request.wake.acquire()
        self._waiting.append(request)
        try:
            while not request.is_settled:
                if self._turn.acquire(blocking=False):
                    self._lead([])
                else:
                    request.wake.acquire()
        except BaseException:  # an interrupt: nobody waits for these entries any more
            with contextlib.suppress(ValueError):
                self._waiting.remove(request)
            self._wake_next()
            raise

    def _wake_next(self) -> None:
        """Let one of those who wait try for the turn, which was given back."""
        with contextlib.suppress(IndexError):  # nobody does, or another thread leads already
            _wake(self._waiting[0].wake)


def _wake(lock: threading.Lock | None) -> None:
    if lock is not None:
        with contextlib.suppress(RuntimeError):  # it is awake already
            lock.release()

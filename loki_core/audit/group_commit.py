"""Threads that wait for the log together are written together: one of them does the work for all.

Whoever finds nobody at work leads: it writes its own entries, then everything that came meanwhile is written by one of
those who wait, in one batch, and so on. Each learns what became of its own entries.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from loki_core.audit.events import AuditEntry
from loki_core.errors import AuditUnavailable


class Request:
    """Entries that one thread wants written, all or none, and what became of them."""

    __slots__ = ("durable", "entries", "error", "is_settled", "leads", "wake")

    def __init__(self, entries: Sequence[AuditEntry], durable: bool) -> None:
        self.entries = entries
        self.durable = durable
        self.error: BaseException | None = None
        self.is_settled = False
        """Whether they were written, or `error` says why not."""
        self.leads = False
        self.wake: threading.Lock | None = None
        """Held while its thread waits."""

    def settle(self, error: BaseException | None = None) -> None:
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
        self._guard = threading.Lock()
        self._waiting: list[Request] = []
        self._is_led = False

    def submit(self, entries: Sequence[AuditEntry], durable: bool) -> None:
        """Have entries written, and return when they are.

        Raises:
            AuditUnavailable: they were not.
        """
        request = Request(entries, durable)
        with self._guard:
            leads = not self._is_led
            if leads:
                self._is_led = True
            else:
                request.wake = threading.Lock()
                request.wake.acquire()
                self._waiting.append(request)
        if leads:
            self._lead([request])
        else:
            self._follow(request)
        if request.error is not None:
            raise request.error

    def _follow(self, request: Request) -> None:
        assert request.wake is not None  # noqa: S101 - made before it was queued
        try:
            request.wake.acquire()
        except BaseException:  # an interrupt: nobody waits for these entries any more
            with self._guard:
                if request in self._waiting:
                    self._waiting.remove(request)
            if request.leads:
                self._pass_on()
            raise
        if request.leads:
            with self._guard:
                batch, self._waiting = [request, *self._waiting], []
            self._lead(batch)

    def _lead(self, batch: list[Request]) -> None:
        try:
            self._write(batch)
        finally:
            for request in batch:
                if not request.is_settled:
                    request.settle(_interrupted())
            for request in batch:
                if request.wake is not None and not request.leads:
                    request.wake.release()
            self._pass_on()

    def _pass_on(self) -> None:
        """Let the first of those who wait lead."""
        with self._guard:
            if not self._waiting:
                self._is_led = False
                return
            heir = self._waiting.pop(0)
            heir.leads = True
        assert heir.wake is not None  # noqa: S101 - made before it was queued
        heir.wake.release()


def _interrupted() -> AuditUnavailable:
    return AuditUnavailable("writing the audit log was interrupted", remedy="try again")

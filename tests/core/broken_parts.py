"""A log that can be down and a store that can fail: parts for tests of the order between them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from loki_core import AuditUnavailable, StorageError
from loki_core.audit.events import AuditEntry
from loki_core.audit.memory_log import MemoryLog
from loki_core.interfaces import Finding, Transaction
from loki_core.tokens.memory_store import MemoryStore


class Crash(BaseException):
    """The process ends here."""


class SwitchedLog(MemoryLog):
    """A log that can be down, altogether or from a given entry on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_down = False
        self.breaks_at = -1

    def record_all(self, entries: Sequence[AuditEntry], *, durable: bool = True) -> None:
        self.check_writable()
        for entry in entries:  # a disk that fails altogether keeps what it took before
            if len(self.entries) == self.breaks_at:
                self.is_down = True
                self.check_writable()
            super().record_all((entry,), durable=durable)

    def check_writable(self) -> None:
        if self.is_down:
            raise AuditUnavailable("the disk is full", remedy="free some space")

    def words(self) -> list[tuple[str, str, bool]]:
        """Return event, token and success of every entry."""
        return [(str(entry.event), entry.resource_id, entry.success) for entry in self.entries]


class FailingStore(MemoryStore):
    """A store whose commits, or burials, fail while it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.commit_fails_with: BaseException | None = None
        self.burial_fails = False

    @contextlib.contextmanager
    def transaction(self, *, wait: bool = True) -> Iterator[Any]:
        with super().transaction(wait=wait) as real:
            yield _FailingTransaction(self, real)


class _FailingTransaction:
    def __init__(self, store: FailingStore, real: Transaction) -> None:
        self._store = store
        self._real = real
        self.put, self.remove = real.put, real.remove
        self.set_outbox, self.accept_clock = real.set_outbox, real.accept_clock
        self.set_audit_head = real.set_audit_head
        self.view = real.view

    def bury(self, burials: Any) -> None:
        burials = tuple(burials)
        if burials and self._store.burial_fails:
            raise StorageError("no space for the burial", remedy="free some")
        self._real.bury(burials)

    def commit(self, now: Any) -> tuple[Finding, ...]:
        if self._store.commit_fails_with is not None:
            raise self._store.commit_fails_with
        return self._real.commit(now)


NO_SPACE = StorageError("no space left", code="storage_failed", remedy="free some")

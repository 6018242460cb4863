"""A store in memory: the contract of a store without a disk, for tests, demonstrations and embedding."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from loki_core.errors import StoreBusy
from loki_core.interfaces import Finding
from loki_core.tokens.burials import Burial, Burials
from loki_core.tokens.change import Change
from loki_core.tokens.document import Document
from loki_core.tokens.repairs import describe_repairs
from loki_core.tokens.snapshot import Snapshot
from loki_core.tokens.token import Use
from loki_core.tokens.uses import UseTally


class MemoryStore:
    """Keeps tokens as long as the object lives."""

    label = "memory"

    def __init__(self, document: Document | None = None) -> None:
        self._lock = threading.RLock()
        self._burials = Burials()
        self._uses = UseTally()
        self._revision = 0
        self._snapshot = Snapshot(document or Document(), self._burials, revision=0)

    def view(self) -> Snapshot:
        """Return the store as it is now."""
        return self._snapshot

    def revision(self) -> Hashable:
        """Return what changes whenever tokens or their uses do."""
        return (self._revision, self._uses.noted)

    @contextmanager
    def transaction(self, *, wait: bool = True) -> Iterator[MemoryTransaction]:
        """Return the exclusive right to change the store.

        Args:
            wait: whether to wait for another writer; without it a busy store is refused at once.

        Raises:
            StoreBusy: another thread holds it.
        """
        if not self._lock.acquire(blocking=wait):
            raise StoreBusy("another thread is changing the store")
        try:
            yield MemoryTransaction(self)
        finally:
            self._lock.release()

    def replace(self, document: Document, burials: Iterable[Burial] = ()) -> None:
        """Take a document in place of the current one."""
        with self._lock:
            self._burials = self._burials.extended(burials)
            self._revision += 1
            self._snapshot = Snapshot(
                document,
                self._burials,
                revision=self._revision,
                previous=self._snapshot,
            )

    def note_use(self, use: Use) -> None:
        """Note a use."""
        self._uses.add(use)

    def find_uses(self, token_id: str | None = None) -> tuple[Use, ...]:
        """Return the noted uses of one token, or of all."""
        return self._uses.find(token_id)

    def find_last_uses(self) -> Mapping[str, datetime]:
        """Return the newest noted use of each token."""
        return self._uses.last

    def check_writable(self) -> None:
        """Memory can always be written."""

    def diagnose(self) -> tuple[Finding, ...]:
        """Return what is remarkable about the store."""
        return (Finding(code="store_in_memory", severity="info", message="the tokens live in memory only"),)

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


class MemoryTransaction:
    """An exclusive change of a MemoryStore."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.view = store.view()
        self._change = Change(self.view)
        self.put = self._change.put
        self.remove = self._change.remove
        self.set_outbox = self._change.set_outbox
        self.set_audit_head = self._change.set_audit_head
        self.accept_clock = self._change.accept_clock

    def bury(self, burials: Iterable[Burial]) -> None:
        """Make digests unusable for good."""
        self._store.replace(self._store.view().document, burials)

    def commit(self, now: datetime) -> tuple[Finding, ...]:
        """Store the change, and return what was repaired on the way."""
        document = self._change.apply(now, self._store.find_last_uses)
        self._store.replace(document, self._change.find_missing_burials(now))
        return describe_repairs(self.view)

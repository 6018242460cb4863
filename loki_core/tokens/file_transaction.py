"""An exclusive change of the file store."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.lock import HeldLock
from loki_core.errors import StorageError
from loki_core.interfaces import Finding
from loki_core.tokens.burials import Burial
from loki_core.tokens.change import Change
from loki_core.tokens.document import Document
from loki_core.tokens.file_reader import NAME
from loki_core.tokens.repairs import describe_repairs
from loki_core.tokens.snapshot import Snapshot


class Writer(Protocol):
    """What a transaction needs of its store."""

    def write(self, directory: PrivateDirectory, lock: HeldLock, document: Document) -> None:
        """Replace the file."""

    def bury(self, directory: PrivateDirectory, burials: Iterable[Burial]) -> None:
        """Append to revoked.log."""

    def announce(self, directory: PrivateDirectory) -> None:
        """Make every process read again."""

    def find_last_uses(self) -> Mapping[str, datetime]:
        """Return the newest noted use of each token."""


class FileTransaction:
    """An exclusive change of a FileStore."""

    def __init__(self, store: Writer, directory: PrivateDirectory, lock: HeldLock, view: Snapshot) -> None:
        self._store = store
        self._directory = directory
        self._lock = lock
        self._buried = False
        self._committed = False
        self._change = Change(view)
        self.view = view
        self.put = self._change.put
        self.remove = self._change.remove
        self.set_outbox = self._change.set_outbox
        self.set_audit_head = self._change.set_audit_head
        self.accept_clock = self._change.accept_clock

    def bury(self, burials: Iterable[Burial]) -> None:
        """Make digests unusable for good, at once and durably.

        Raises:
            StorageError: they could not be written.
        """
        burials = tuple(burials)
        if burials:
            self._store.bury(self._directory, burials)
            self._buried = True

    def commit(self, now: datetime) -> tuple[Finding, ...]:
        """Store the change durably, and return what was repaired on the way.

        Raises:
            StorageError: the store holds what it held before; what was buried stays buried.
        """
        findings = [*describe_repairs(self.view), *self._find_loose_mode()]
        # A record that says "revoked" and is not in the log yet: a foreign writer could undo that one. The log is
        # the second line of defence, so when it cannot be written the record alone has to do.
        with contextlib.suppress(StorageError):
            self._store.bury(self._directory, self._change.find_missing_burials(now))
        self._store.write(self._directory, self._lock, self._change.apply(now, self._store.find_last_uses))
        self._committed = True
        return tuple(findings)

    def _find_loose_mode(self) -> Iterator[Finding]:
        with contextlib.suppress(OSError):
            mode = os.stat(NAME, dir_fd=self._directory.descriptor, follow_symlinks=False).st_mode & 0o777
            if mode & 0o077:
                yield Finding(
                    code="mode_tightened",
                    severity="warning",
                    message=f"{NAME} could be read by others (mode {mode:04o}): it is 0600 now",
                )

    def finish(self) -> None:
        """End the transaction; burials without a commit are made known to every process."""
        if self._buried and not self._committed:
            self._store.announce(self._directory)

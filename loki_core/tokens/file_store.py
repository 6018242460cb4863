"""The default store: `tokens.json`, side by side with Loki Mode.

Reading: an immutable snapshot, keyed by the file's stat signature; one stat a verification.
Writing: one lock for all writers, then a whole new file renamed over the old one, or no change at all.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from loki_core.background import BackgroundWriter
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.failures import as_storage_error
from loki_core.disk.lock import HeldLock, hold_lock
from loki_core.disk.network import find_network_type
from loki_core.errors import LokiError, StorageError
from loki_core.forks import renew_after_fork
from loki_core.interfaces import Finding
from loki_core.tokens.burials import Burial
from loki_core.tokens.document import Document, dump_document
from loki_core.tokens.file_checks import describe_file
from loki_core.tokens.file_reader import NAME, FileReader
from loki_core.tokens.file_transaction import FileTransaction
from loki_core.tokens.snapshot import Snapshot
from loki_core.tokens.token import Use
from loki_core.tokens.usage_log import UsageLog

PREVIOUS_NAME = "tokens.json.bak"
LOCK_NAME = ".tokens.lock"


class FileStore:
    """Tokens in one directory."""

    def __init__(
        self,
        path: str,
        background: BackgroundWriter,
        *,
        label: str = "",
        allow_network_fs: bool = False,
        lock_seconds: float = 60.0,
        torn_seconds: float = 0.05,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Prepare; nothing is read or made.

        Args:
            path: the directory that holds tokens.json.
            background: where uses are written.
            label: what to call the store to a person; the path by default.
            allow_network_fs: whether to write on a network file system too.
            lock_seconds: how long to wait for another writer.
            torn_seconds: how long to try again when what is read is not whole.
            wall_ns: the clock of the file system, in nanoseconds since the epoch.
        """
        self._path = os.path.abspath(path)
        self._label = label or os.path.join(self._path, NAME)
        self._allow_network_fs = allow_network_fs
        self._lock_seconds = lock_seconds
        self._reader = FileReader(self._path, torn_seconds=torn_seconds, wall_ns=wall_ns)
        self._file = self._reader.file
        self._usage_log = UsageLog(self._path, background)
        renew_after_fork(self._reader)

    @property
    def label(self) -> str:
        """What to call the store to a person."""
        return self._label

    def view(self) -> Snapshot:
        """Return the store as it is now; one stat when nothing has changed.

        Raises:
            StorageError: it cannot be read or is not a token store.
        """
        return self._reader.view()

    def revision(self) -> Hashable:
        """Return what changes whenever tokens or their uses do; two stats."""
        return (self._reader.revision(), self._usage_log.revision())

    @contextmanager
    def transaction(self, *, wait: bool = True) -> Iterator[FileTransaction]:
        """Return the exclusive right to change the store.

        Args:
            wait: whether to wait for another writer; without it a busy store is refused at once.

        Raises:
            StoreBusy: another writer holds it, for longer than we wait.
            StorageError: it cannot be read, locked, or be written by us.
        """
        with contextlib.ExitStack() as stack:
            with as_storage_error(f"{self._path} cannot be used"):
                directory = stack.enter_context(PrivateDirectory.open(self._path, create=True))
                self._check_file_system(directory)
                lock = stack.enter_context(
                    hold_lock(directory, LOCK_NAME, wait_seconds=self._lock_seconds if wait else 0)
                )
            transaction = FileTransaction(self, directory, lock, self._reader.view_inside(directory))
            try:
                yield transaction
            finally:
                transaction.finish()

    def _check_file_system(self, directory: PrivateDirectory) -> None:
        if self._allow_network_fs:
            return
        kind = find_network_type(directory.descriptor)
        if kind:
            raise StorageError(
                f"{self._path} is on a network file system ({kind}), where locks may not hold",
                code="network_file_system",
                remedy="move it to a local disk (LOKI_HOME), or set store.allow_network_fs: true",
            )

    def write(self, directory: PrivateDirectory, lock: HeldLock, document: Document) -> None:
        """Replace the file by this document; the caller holds the lock.

        Raises:
            StorageError: the file holds what it held before.
        """
        chunks = dump_document(document)
        with as_storage_error(f"{self._file} cannot be written"), self._reader.mutex:
            directory.sweep(NAME)
            descriptor = directory.replace(NAME, chunks, previous=PREVIOUS_NAME, check=lock.check_in_place)
            self._reader.take_written(descriptor, document, b"".join(chunks))

    def bury(self, directory: PrivateDirectory, burials: Iterable[Burial]) -> None:
        """Append to revoked.log; the caller holds the lock.

        Raises:
            StorageError: the digests could not be written.
        """
        with self._reader.mutex:
            self._reader.revoked_log.append(directory, burials)

    def announce(self, directory: PrivateDirectory) -> None:
        """Make every process read again, although tokens.json did not change: burials count from now on."""
        with contextlib.suppress(OSError):
            os.utime(NAME, dir_fd=directory.descriptor, follow_symlinks=False)
        self._reader.distrust()

    def note_use(self, use: Use) -> None:
        """Note a use, soon and in the background."""
        self._usage_log.note(use)

    def find_uses(self, token_id: str | None = None) -> tuple[Use, ...]:
        """Return the noted uses of one token, or of all, newest first."""
        return self._usage_log.refresh().find(token_id)

    def find_last_uses(self) -> dict[str, datetime]:
        """Return the newest noted use of each token (UTC)."""
        return self._usage_log.refresh().last

    def check_writable(self) -> None:
        """Find out whether a change could be stored now; makes nothing.

        Raises:
            StorageError: it could not.
        """
        self.view()
        place = self._path
        while not os.path.lexists(place):
            place = os.path.dirname(place)
        with as_storage_error(f"{place} cannot be used"):
            with PrivateDirectory.open(self._path) if place == self._path else contextlib.nullcontext() as directory:
                if directory is not None:
                    self._check_file_system(directory)
            if not os.access(place, os.W_OK | os.X_OK):
                raise StorageError(
                    f"{place} cannot be written", code="storage_failed", remedy="run as its owner, or remount it"
                )

    def diagnose(self) -> tuple[Finding, ...]:
        """Return what is wrong or remarkable about the files; never raises."""
        try:
            self.view()
        except LokiError as error:
            return (Finding(code=error.code, severity="error", message=error.message, remedy=error.remedy),)
        return describe_file(self._path, NAME, PREVIOUS_NAME)

    def close(self) -> None:
        """Let go of the files."""
        self._reader.close()

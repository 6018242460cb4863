"""The default store: `tokens.json`, side by side with Loki Mode.

Reading: an immutable snapshot, keyed by the file's stat signature; one stat a verification.
Writing: one lock for all writers, then a whole new file renamed over the old one, or no change at all.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from loki_core.background import BackgroundWriter
from loki_core.disk.directory import OpenedFile, PrivateDirectory, read_all
from loki_core.disk.failures import as_storage_error, explain_failure
from loki_core.disk.lock import HeldLock, hold_lock
from loki_core.disk.network import find_network_type
from loki_core.errors import LokiError, StorageError
from loki_core.forks import renew_after_fork
from loki_core.interfaces import Finding
from loki_core.tokens.burials import Burial
from loki_core.tokens.change import Change
from loki_core.tokens.document import Document, dump_document, parse_document
from loki_core.tokens.file_checks import describe_file
from loki_core.tokens.repairs import describe_repairs
from loki_core.tokens.revoked_log import RevokedLog
from loki_core.tokens.snapshot import Snapshot
from loki_core.tokens.token import Use
from loki_core.tokens.usage_log import UsageLog

NAME = "tokens.json"
PREVIOUS_NAME = "tokens.json.bak"
LOCK_NAME = ".tokens.lock"
LARGEST = 1 << 30
_SETTLING_NS = 20_000_000
"""A file younger than this may be written to again within one tick of the file system's clock."""

Signature = tuple[int, int, int, int, int]
_NO_FILE: Signature = (-1, -1, -1, -1, -1)


def _sign(status: os.stat_result) -> Signature:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What was read, and the descriptor that keeps its inode from being given to another file."""

    signature: Signature | None
    settled: bool
    snapshot: Snapshot
    descriptor: int = -1
    content: bytes | None = None

    def __del__(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)


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
        self._file = os.path.join(self._path, NAME)
        self._label = label or self._file
        self._allow_network_fs = allow_network_fs
        self._lock_seconds = lock_seconds
        self._torn_seconds = torn_seconds
        self._wall_ns = wall_ns
        self._mutex = threading.RLock()
        self._revoked_log = RevokedLog()
        self._usage_log = UsageLog(self._path, background)
        self._reading: _Reading | None = None
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child; what is buried stays so."""
        self._mutex = threading.RLock()
        self._revoked_log.start_over()
        self._reading = None

    @property
    def label(self) -> str:
        """What to call the store to a person."""
        return self._label

    def view(self) -> Snapshot:
        """Return the store as it is now; one stat when nothing has changed.

        Raises:
            StorageError: it cannot be read or is not a token store.
        """
        signature: Signature | None
        try:
            signature = _sign(os.stat(self._file, follow_symlinks=False))
        except FileNotFoundError:
            signature = None
        except OSError:
            signature = _NO_FILE  # reading it says what is in the way
        reading = self._reading
        if reading is not None and reading.settled and reading.signature == signature:
            return reading.snapshot
        with self._mutex:
            reading = self._reading  # another thread may have read it meanwhile
            if reading is not None and reading.settled and reading.signature == signature:
                return reading.snapshot
            return self._read().snapshot

    def _view_inside(self, directory: PrivateDirectory) -> Snapshot:
        """Return the store as it is in a directory that is held open: the path may lead elsewhere by now."""
        signature: Signature | None
        try:
            signature = _sign(os.stat(NAME, dir_fd=directory.descriptor, follow_symlinks=False))
        except FileNotFoundError:
            signature = None
        except OSError:
            signature = _NO_FILE
        with self._mutex:
            reading = self._reading
            if reading is not None and reading.settled and reading.signature == signature:
                return reading.snapshot
            return self._read(directory).snapshot

    def _cannot_read(self, error: OSError) -> StorageError:
        return explain_failure(f"{self._file} cannot be read", error)

    def _read(self, inside: PrivateDirectory | None = None) -> _Reading:
        deadline = time.monotonic() + self._torn_seconds
        while True:
            try:
                self._reading = self._read_once(inside)
                return self._reading
            except StorageError as error:
                # Loki Mode truncates and writes in place: what is torn now may be whole in a moment.
                if error.code != "store_corrupt" or time.monotonic() >= deadline:
                    raise
            except OSError as error:
                raise self._cannot_read(error) from None
            time.sleep(0.002)

    def _read_once(self, inside: PrivateDirectory | None) -> _Reading:
        if inside is not None:
            return self._read_inside(inside)
        try:
            directory = PrivateDirectory.open(self._path)
        except FileNotFoundError:
            return self._adopt(None, True, Document(), -1, None)
        with directory:
            return self._read_inside(directory)

    def _read_inside(self, directory: PrivateDirectory) -> _Reading:
        try:
            opened = directory.open_file(NAME)
        except FileNotFoundError:
            self._revoked_log.refresh(directory)
            return self._adopt(None, True, Document(), -1, None)
        try:
            reading = self._read_opened(opened)
            # After the tokens: what was buried meanwhile is refused, whatever was read of it.
            self._revoked_log.refresh(directory)
        except BaseException:
            os.close(opened.descriptor)
            raise
        signature, settled, document, content = reading
        return self._adopt(signature, settled, document, opened.descriptor, content)

    def _read_opened(self, opened: OpenedFile) -> tuple[Signature, bool, Document, bytes | None]:
        began = self._wall_ns()
        status = os.fstat(opened.descriptor)
        if status.st_size > LARGEST:
            raise StorageError(
                f"{self._file} has {status.st_size >> 20} MiB",
                code="store_too_large",
                remedy="restore a backup, or delete revoked tokens: at most 1024 MiB are read",
            )
        signature = _sign(status)
        content = read_all(opened.descriptor, status.st_size)
        if _sign(os.fstat(opened.descriptor)) != signature:
            raise StorageError(f"{self._file} is being written in place", code="store_corrupt", remedy="try again")
        # A writer can set mtime back, but not ctime.
        settled = min(abs(began - status.st_mtime_ns), abs(began - status.st_ctime_ns)) >= _SETTLING_NS
        before = self._reading
        if before is not None and before.content == content and before.signature == signature:
            document = before.snapshot.document
        else:
            document = parse_document(content, self._file)
        return signature, settled, document, None if settled else content

    def _adopt(
        self, signature: Signature | None, settled: bool, document: Document, descriptor: int, content: bytes | None
    ) -> _Reading:
        before = self._reading
        burials = self._revoked_log.burials
        if before is not None and before.snapshot.document is document and before.snapshot.burials is burials:
            snapshot = before.snapshot
        else:
            snapshot = Snapshot(
                document,
                burials,
                revision=signature,
                previous=before.snapshot if before else None,
            )
        return _Reading(signature=signature, settled=settled, snapshot=snapshot, descriptor=descriptor, content=content)

    def revision(self) -> Hashable:
        """Return what changes whenever tokens or their uses do; two stats."""
        try:
            signature: Hashable = _sign(os.stat(self._file, follow_symlinks=False))
        except OSError as error:
            signature = error.errno
        return (signature, self._usage_log.revision())

    @contextmanager
    def transaction(self) -> Iterator[FileTransaction]:
        """Return the exclusive right to change the store.

        Raises:
            StorageError: it cannot be read, locked, or be written by us.
        """
        with contextlib.ExitStack() as stack:
            with as_storage_error(f"{self._path} cannot be used"):
                directory = stack.enter_context(PrivateDirectory.open(self._path, create=True))
                self._check_file_system(directory)
                lock = stack.enter_context(hold_lock(directory, LOCK_NAME, wait_seconds=self._lock_seconds))
            with self._mutex:
                transaction = FileTransaction(self, directory, lock, self._view_inside(directory))
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
        with as_storage_error(f"{self._file} cannot be written"), self._mutex:
            directory.sweep(NAME)
            descriptor = directory.replace(NAME, chunks, previous=PREVIOUS_NAME, check=lock.check_in_place)
            try:
                signature = _sign(os.fstat(descriptor))
            except OSError:
                os.close(descriptor)  # it is stored: this would only have spared us reading it
                self._reading = None
                return
            self._reading = self._adopt(signature, False, document, descriptor, b"".join(chunks))

    def bury(self, directory: PrivateDirectory, burials: Iterable[Burial]) -> None:
        """Append to revoked.log; the caller holds the lock.

        Raises:
            StorageError: the digests could not be written.
        """
        with self._mutex:
            self._revoked_log.append(directory, burials)

    def announce(self, directory: PrivateDirectory) -> None:
        """Make every process read again, although tokens.json did not change: burials count from now on."""
        with contextlib.suppress(OSError):
            os.utime(NAME, dir_fd=directory.descriptor, follow_symlinks=False)
        with self._mutex:
            if self._reading is not None:
                self._reading.settled = False

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
        with self._mutex:
            self._reading = None


class FileTransaction:
    """An exclusive change of a FileStore."""

    def __init__(self, store: FileStore, directory: PrivateDirectory, lock: HeldLock, view: Snapshot) -> None:
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

"""Reading `tokens.json`: an immutable snapshot, keyed by the file's stat signature; one stat when nothing has changed.

The descriptor of what was read stays open, so that its inode is not given to another file; a file younger than one tick
of the file system's clock is read again; a torn read of a writer in place is tried again for a moment.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable

from loki_core.disk.content import read_all
from loki_core.disk.directory import OpenedFile, PrivateDirectory
from loki_core.disk.failures import explain_failure
from loki_core.errors import StorageError
from loki_core.tokens.document import Document, parse_document
from loki_core.tokens.revoked_log import RevokedLog
from loki_core.tokens.snapshot import Snapshot

NAME = "tokens.json"
LARGEST = 1 << 30
_SETTLING_NS = 20_000_000
"""A file younger than this may be written to again within one tick of the file system's clock."""

Signature = tuple[int, int, int, int, int]
_NO_FILE: Signature = (-1, -1, -1, -1, -1)


def _sign(status: os.stat_result) -> Signature:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _find_signature(path: str, inside: int | None = None) -> Signature | None:
    try:
        return _sign(os.stat(path, dir_fd=inside, follow_symlinks=False))
    except FileNotFoundError:
        return None
    except OSError:
        return _NO_FILE  # reading it says what is in the way


class _Reading:
    """What was read, and the descriptor that keeps its inode from being given to another file."""

    __slots__ = ("content", "descriptor", "settled", "signature", "snapshot")

    def __init__(
        self,
        *,
        signature: Signature | None,
        settled: bool,
        snapshot: Snapshot,
        descriptor: int = -1,
        content: bytes | None = None,
    ) -> None:
        self.signature = signature
        self.settled = settled
        self.snapshot = snapshot
        self.descriptor = descriptor
        self.content = content

    def __del__(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)


class FileReader:
    """The file of one directory, with the digests buried beside it.

    Attributes:
        file: the path of the file.
        mutex: held while what was read is exchanged; whoever writes holds it too.
        revoked_log: the digests buried beside the file.
    """

    def __init__(self, path: str, *, torn_seconds: float, wall_ns: Callable[[], int]) -> None:
        """Prepare; nothing is read.

        Args:
            path: the directory, absolute.
            torn_seconds: how long to try again when what is read is not whole.
            wall_ns: the clock of the file system, in nanoseconds since the epoch.
        """
        self._path = path
        self.file = os.path.join(path, NAME)
        self._torn_seconds = torn_seconds
        self._wall_ns = wall_ns
        self.mutex = threading.RLock()
        self.revoked_log = RevokedLog()
        self._reading: _Reading | None = None

    def renew(self) -> None:
        """Begin anew in a forked child; what is buried stays so."""
        self.mutex = threading.RLock()
        self.revoked_log.start_over()
        self._reading = None

    def view(self) -> Snapshot:
        """Return the store as it is now; one stat when nothing has changed.

        Raises:
            StorageError: it cannot be read or is not a token store.
        """
        signature = _find_signature(self.file)
        reading = self._reading
        if reading is not None and reading.settled and reading.signature == signature:
            return reading.snapshot
        return self._view_changed(signature, None)

    def view_inside(self, directory: PrivateDirectory) -> Snapshot:
        """Return the store as it is in a directory that is held open: the path may lead elsewhere by now.

        Raises:
            StorageError: it cannot be read or is not a token store.
        """
        return self._view_changed(_find_signature(NAME, directory.descriptor), directory)

    def _view_changed(self, signature: Signature | None, inside: PrivateDirectory | None) -> Snapshot:
        with self.mutex:
            reading = self._reading  # another thread may have read it meanwhile
            if reading is not None and reading.settled and reading.signature == signature:
                return reading.snapshot
            return self._read(inside).snapshot

    def _cannot_read(self, error: OSError) -> StorageError:
        return explain_failure(f"{self.file} cannot be read", error)

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
            self.revoked_log.refresh(directory)
            return self._adopt(None, True, Document(), -1, None)
        try:
            reading = self._read_opened(opened)
            # After the tokens: what was buried meanwhile is refused, whatever was read of it.
            self.revoked_log.refresh(directory)
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
                f"{self.file} has {status.st_size >> 20} MiB",
                code="store_too_large",
                remedy="restore a backup, or delete revoked tokens: at most 1024 MiB are read",
            )
        signature = _sign(status)
        content = read_all(opened.descriptor, status.st_size)
        after = os.fstat(opened.descriptor)
        # Not ctime: our own writers change that of the file they replace, and what was read of it is whole.
        if (after.st_size, after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
            raise StorageError(f"{self.file} is being written in place", code="store_corrupt", remedy="try again")
        # A writer can set mtime back, but not ctime.
        settled = min(abs(began - status.st_mtime_ns), abs(began - status.st_ctime_ns)) >= _SETTLING_NS
        before = self._reading
        if before is not None and before.content == content and before.signature == signature:
            document = before.snapshot.document
        else:
            document = parse_document(content, self.file)
        return signature, settled, document, None if settled else content

    def _adopt(
        self, signature: Signature | None, settled: bool, document: Document, descriptor: int, content: bytes | None
    ) -> _Reading:
        before = self._reading
        burials = self.revoked_log.burials
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

    def take_written(self, descriptor: int, document: Document, content: bytes) -> None:
        """Take what was just written as read; the caller holds the mutex and gives the descriptor away."""
        try:
            signature = _sign(os.fstat(descriptor))
        except OSError:
            os.close(descriptor)  # it is stored: this would only have spared us reading it
            self._reading = None
            return
        self._reading = self._adopt(signature, False, document, descriptor, content)

    def distrust(self) -> None:
        """Read again at the next view, whatever the signature says."""
        with self.mutex:
            if self._reading is not None:
                self._reading.settled = False

    def revision(self) -> Hashable:
        """Return what changes whenever the file does; one stat."""
        try:
            return _sign(os.stat(self.file, follow_symlinks=False))
        except OSError as error:
            return error.errno

    def close(self) -> None:
        """Let go of the file."""
        with self.mutex:
            self._reading = None

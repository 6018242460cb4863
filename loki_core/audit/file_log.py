"""The audit log on disk: one file a day, chained lines, one lock for all writers, readable by Loki Mode's own tools."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from loki_core.audit.chain import GENESIS, HASH_FIELD, parse_entry, parse_line, seal_entry
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_follower import FileFollower
from loki_core.audit.file_lines import count_lines_before, find_revision, read_lines
from loki_core.audit.lines import StoredLine
from loki_core.disk.content import read_all, write_all
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.durability import sync
from loki_core.disk.failures import as_storage_error
from loki_core.disk.lock import HeldLock, hold_lock
from loki_core.errors import AuditUnavailable, StorageError
from loki_core.forks import renew_after_fork
from loki_core.frozen import dataclass

LOCK_NAME = ".audit.lock"
_DAY_FILE = re.compile(r"audit-\d{4}-\d{2}-\d{2}\.jsonl\Z")
_LOCK_SECONDS = 10.0
_FIRM = 2
"""The log is in the store's directory, which may be no link either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """Where the log ends: the newest file, its inode and size, the last line's hash and number."""

    name: str = ""
    inode: int = 0
    size: int = 0
    last_hash: str = GENESIS
    seq: int = 0


class FileLog:
    """The log in one directory."""

    newest_head: Mapping[str, Any] | None = None

    def __init__(self, path: str, *, lock_seconds: float = _LOCK_SECONDS) -> None:
        """Prepare; nothing is read or made.

        Args:
            path: the directory of the log.
            lock_seconds: how long to wait for another writer.
        """
        self._path = os.path.abspath(path)
        self._lock_seconds = lock_seconds
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child."""
        self._mutex = threading.Lock()
        self._end = _End()

    @property
    def label(self) -> str:
        """What to call the log to a person."""
        return self._path

    @contextmanager
    def _unavailable(self, deed: str) -> Iterator[None]:
        try:
            with as_storage_error(f"the audit log in {self._path} cannot be {deed}"):
                yield
        except StorageError as error:
            raise AuditUnavailable(error.message, remedy=error.remedy) from None

    def record(self, entry: AuditEntry, *, durable: bool = True) -> None:
        """Append an entry.

        Args:
            entry: what happened.
            durable: return only once it survives a power failure.

        Raises:
            AuditUnavailable: it was not written.
        """
        with (
            self._unavailable("written"),
            PrivateDirectory.open(self._path, create=True, firm=_FIRM) as directory,
            hold_lock(directory, LOCK_NAME, wait_seconds=self._lock_seconds) as lock,
            self._mutex,
        ):
            self._append(directory, lock, entry, durable)

    def _append(self, directory: PrivateDirectory, lock: HeldLock, entry: AuditEntry, durable: bool) -> None:
        end = self._find_end(directory)
        # The name never goes backwards, also when the clock does: the chain follows the order of the names.
        name = max(f"audit-{entry.timestamp.astimezone(UTC):%Y-%m-%d}.jsonl", end.name)
        opened = directory.open_file(name, os.O_RDWR | os.O_APPEND, create=True)
        try:
            size = opened.status.st_size
            kept = self._find_kept_size(opened.descriptor, size)
            entries = [entry]
            if kept < size:
                entries.insert(0, _describe_loss(entry, size - kept))
            lines = []
            last_hash, seq = end.last_hash, end.seq
            for each in entries:
                seq += 1
                line, last_hash = seal_entry(each, last_hash, seq)
                lines.append(line + b"\n")
            data = b"".join(lines)
            lock.check_in_place()
            if kept < size:
                os.ftruncate(opened.descriptor, kept)
            elif size and os.pread(opened.descriptor, 1, size - 1) != b"\n":
                data = b"\n" + data
            try:
                write_all(opened.descriptor, data)
                if durable:
                    sync(opened.descriptor)
                    if size == 0:
                        sync(directory.descriptor)
            except OSError:
                # An entry that may not be durable was not acknowledged: take it back, so that no half line stays.
                os.ftruncate(opened.descriptor, kept)
                raise
            inode, size = opened.status.st_ino, kept + len(data)
        finally:
            os.close(opened.descriptor)
        self._end = _End(name=name, inode=inode, size=size, last_hash=last_hash, seq=seq)

    def _find_kept_size(self, descriptor: int, size: int) -> int:
        """Return the size without a last line that a crash tore."""
        if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
            return size
        content = read_all(descriptor, size)
        tail = content[content.rfind(b"\n") + 1 :]
        return size if parse_line(tail) is not None else size - len(tail)

    def _find_end(self, directory: PrivateDirectory) -> _End:
        names = _day_files(directory)
        if not names:
            return _End()
        known = self._end
        status = os.stat(names[-1], dir_fd=directory.descriptor, follow_symlinks=False)
        if (known.name, known.inode, known.size) == (names[-1], status.st_ino, status.st_size):
            return known
        return self._count_to_end(directory, names)

    def _count_to_end(self, directory: PrivateDirectory, names: list[str]) -> _End:
        """Find the last hash, and the number of the last line: counted from the newest line that has one."""
        last_hash, behind = "", 0
        for name in reversed(names):
            for fields in _read_backwards(directory, name):
                digest = fields.get(HASH_FIELD)
                if not last_hash and isinstance(digest, str):
                    last_hash = digest
                seq = fields.get("seq")
                if isinstance(seq, int) and last_hash:
                    return _End(name=names[-1], last_hash=last_hash, seq=seq + behind)
                behind += 1
        return _End(name=names[-1], last_hash=last_hash or GENESIS, seq=behind)

    def check_writable(self) -> None:
        """Find out whether an entry could be written now; makes nothing.

        Raises:
            AuditUnavailable: it could not.
        """
        place = self._path
        while not os.path.lexists(place):
            place = os.path.dirname(place)
        with self._unavailable("written"):
            if place == self._path:
                with PrivateDirectory.open(place, firm=_FIRM) as directory:
                    for name in _day_files(directory)[-1:]:
                        os.close(directory.open_file(name, os.O_RDWR | os.O_APPEND).descriptor)
            if not os.access(place, os.W_OK | os.X_OK):
                raise StorageError(f"{place} cannot be written", remedy="mend its permissions, or remount it")

    def find_newest(
        self, *, limit: int, token_id: str = "", contains: str = "", within: int = sys.maxsize
    ) -> tuple[AuditEntry, ...]:
        """Return the newest entries, newest first.

        Args:
            limit: how many at most.
            token_id: only entries about or by this token.
            contains: only entries whose stored line holds this text.
            within: how many of the newest lines to look at.

        Raises:
            AuditUnavailable: the log cannot be read.
        """
        found: list[AuditEntry] = []
        written = json.dumps(token_id)[1:-1]  # as it stands in a line, whatever is in it
        wanted = [text.encode(errors="replace") for text in (written, contains) if text]
        with self._unavailable("read"):
            try:
                directory = PrivateDirectory.open(self._path, firm=_FIRM)
            except FileNotFoundError:
                return ()
            with directory:
                for name in reversed(_day_files(directory)):
                    for line in _read_lines_backwards(directory, name):
                        within -= 1
                        entry = parse_entry(parse_line(line) or {}) if all(t in line for t in wanted) else None
                        if entry is not None and (not token_id or token_id in {entry.resource_id, entry.token_id}):
                            found.append(entry)
                        if len(found) == limit or within == 0:
                            return tuple(found)
        return tuple(found)

    def lines(self, *, newest_first: bool = False, since: datetime | None = None) -> Iterator[StoredLine]:
        """Yield the stored lines; see AuditSink.lines."""
        return read_lines(self._path, newest_first=newest_first, since=since)

    def follow(self) -> FileFollower:
        """Return who reads on from the log's end; see AuditSink.follow."""
        return FileFollower(self._path)

    def count_lines_before(self, line: StoredLine) -> int:
        """Return how many lines of its file stand before a line; see AuditSink.count_lines_before."""
        return count_lines_before(self._path, line)

    def revision(self) -> Hashable:
        """Return what changes whenever the log does: one listing and two stats."""
        return find_revision(self._path)

    def close(self) -> None:
        """Do nothing: no file stays open between entries."""


def _describe_loss(entry: AuditEntry, size: int) -> AuditEntry:
    return AuditEntry(
        timestamp=entry.timestamp,
        event=AuditEvent.RECOVER,
        user_id=entry.user_id,
        resource_type="audit",
        success=False,
        error="torn_line",
        details={"dropped_bytes": size, "reason": "the last line was cut short by a crash"},
    )


def _day_files(directory: PrivateDirectory) -> list[str]:
    return [name for name in directory.names() if _DAY_FILE.match(name)]


def _read_backwards(directory: PrivateDirectory, name: str) -> Iterator[dict[str, object]]:
    """Yield the JSON objects of a file's lines, from the last to the first."""
    for line in _read_lines_backwards(directory, name):
        fields = parse_line(line)
        if fields is not None:
            yield fields


def _read_lines_backwards(directory: PrivateDirectory, name: str) -> Iterator[bytes]:
    opened = directory.open_file(name)
    try:
        end, carry = opened.status.st_size, b""
        while end > 0:
            start = max(end - (1 << 16), 0)
            carry = os.pread(opened.descriptor, end - start, start) + carry
            lines = carry.split(b"\n")
            carry = lines.pop(0) if start else b""
            end = start
            yield from (line for line in reversed(lines) if line)
    finally:
        os.close(opened.descriptor)

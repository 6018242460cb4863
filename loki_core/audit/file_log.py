"""The audit log on disk: one file a day, chained lines, one lock for all writers, readable by Loki Mode's own tools."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from loki_core.audit.burst import Burst
from loki_core.audit.day_files import list_day_files
from loki_core.audit.events import AuditEntry
from loki_core.audit.file_follower import FileFollower
from loki_core.audit.file_lines import FIRM, as_audit_unavailable, count_lines_before, find_revision, read_lines
from loki_core.audit.flood import Flood, admit
from loki_core.audit.flood_file import FloodFile
from loki_core.audit.group_commit import GroupCommit, Request
from loki_core.audit.held_files import HeldFiles
from loki_core.audit.lines import StoredLine, read_line
from loki_core.audit.log_end import LogEnd, count_to_end
from loki_core.audit.log_writer import LogWriter
from loki_core.audit.sealing import NOT_SEALED, Sealing
from loki_core.audit.verify_request import NO_WITNESSES, VerifyRequest, WitnessPaths
from loki_core.clock import read_system_clock
from loki_core.disk.directory import PrivateDirectory
from loki_core.errors import AuditUnavailable, StorageError
from loki_core.forks import renew_after_fork
from loki_core.interfaces import Clock, Finding

if TYPE_CHECKING:
    from loki_core.audit.verdict import Verdict

MEGABYTE = 1_000_000
_LOCK_SECONDS = 10.0


class FileLog:
    """The log in one directory. Safe to use from several threads and on both sides of a fork."""

    def __init__(
        self,
        path: str,
        *,
        clock: Clock = read_system_clock,
        max_file_size: float = 10,
        lock_seconds: float = _LOCK_SECONDS,
        sealing: Sealing = NOT_SEALED,
        notify: Callable[[], None] = lambda: None,
        is_on: bool = True,
        witnesses: WitnessPaths = NO_WITNESSES,
    ) -> None:
        """Prepare; nothing is read or made.

        Args:
            path: the directory of the log.
            clock: returns the current time, aware; for what happens outside of an entry.
            max_file_size: of one file (MB): a larger one is continued in another.
            lock_seconds: how long to wait for another writer.
            sealing: is told under the lock what was written.
            notify: is called after something was written, without the lock; must neither wait nor raise.
            witnesses: where else something is known of this log, for who verifies it.
            is_on: whether entries are written. Of a log that is switched off, the last one says so, and nothing fails.
        """
        self._path = os.path.abspath(path)
        self._sealing = sealing
        self._notify = notify
        self._is_on = is_on
        self._witnesses = witnesses
        self._held = HeldFiles(self._path, lock_seconds)
        self._writer = LogWriter(self._held, clock, int(max_file_size * MEGABYTE), sealing, is_on=is_on)
        self.renew()
        renew_after_fork(self)
        sealing.attach(self)

    def renew(self) -> None:
        """Begin anew in a forked child: its descriptors share the parent's lock."""
        self._held.close()
        self._writer.forget()
        self._group = GroupCommit(self._write)
        self._burst = Burst(self._group.exclusively, self._writer.put_down)
        self._flood = Flood()
        self._says_off = False

    @property
    def label(self) -> str:
        """What to call the log to a person; `off` when it is switched off."""
        return self._path if self._is_on else "off"

    def record(self, entry: AuditEntry, *, durable: bool = True) -> None:
        """Append an entry.

        Args:
            entry: what happened.
            durable: return only once it survives a power failure.

        Raises:
            AuditUnavailable: it was not written.
        """
        if self._is_on:
            self._group.submit((entry,), durable)
        else:
            self._say_off(entry)

    def record_all(self, entries: Sequence[AuditEntry], *, durable: bool = True) -> None:
        """Append entries one after the other, all or none.

        Raises:
            AuditUnavailable: none was written.
        """
        if entries and self._is_on:
            self._group.submit(entries, durable)
        elif entries:
            self._say_off(entries[0])

    def _say_off(self, entry: AuditEntry) -> None:
        """Say in the log that it is switched off, once; a log that cannot be written is asked again the next time."""
        if not self._says_off:
            with contextlib.suppress(AuditUnavailable), self._open_exclusively() as directory:
                self._writer.switch_off(directory, entry)
                self._says_off = True
            self._notify()

    def record_failures(
        self, failure: AuditEntry | None, counted: Mapping[str, int], now: datetime, *, is_end: bool = False
    ) -> Flood:
        """Append a failure or count it, and those counted before; see AuditSink.record_failures."""
        if not self._is_on:
            if failure is not None:
                self._say_off(failure)
            return Flood()
        with self._open_exclusively() as directory, contextlib.ExitStack() as stack:
            file = None
            with contextlib.suppress(OSError, StorageError):  # the quota of this process is better than none
                file = stack.enter_context(contextlib.closing(FloodFile(directory)))
                self._flood = file.load()
            flood, entries = admit(self._flood, now, failure, counted, is_end=is_end)
            if entries:
                self._writer.append(directory, entries, durable=False)
            self._flood = flood
            with contextlib.suppress(OSError):
                if file is not None:
                    file.save(flood)
        if entries:
            self._notify()
        return flood

    def _write(self, batch: Sequence[Request]) -> None:
        """Write what several threads want written, and tell each request what became of its entries."""
        try:
            directory = self._held.acquire()
        except (OSError, StorageError) as error:
            for request in batch:
                request.settle(self._explain(error))
            return
        try:
            if len(batch) == 1 or not self._append_together(directory, batch):
                for request in batch:
                    self._append(directory, request)
        finally:
            if not self._burst.keeps_open(batch[-1].durable):
                self._writer.put_down()
            self._held.release()
        self._notify()

    def _append_together(self, directory: PrivateDirectory, batch: Sequence[Request]) -> bool:
        """Append the entries of several requests; return False when it was too much, or one of them is wrong."""
        entries = [entry for request in batch for entry in request.entries]
        try:
            self._writer.append(directory, entries, durable=any(request.durable for request in batch))
        except Exception:  # noqa: BLE001 - whatever it is, each request then gets a chance of its own
            return False
        for request in batch:
            request.settle()
        return True

    def _append(self, directory: PrivateDirectory, request: Request) -> None:
        try:
            self._writer.append(directory, request.entries, durable=request.durable)
        except Exception as error:  # noqa: BLE001 - it is raised where the entries came from
            request.settle(self._explain(error))
        else:
            request.settle()

    def _explain(self, error: Exception) -> Exception:
        try:
            with as_audit_unavailable(self._path, "written"):
                raise error
        except AuditUnavailable as unavailable:
            return unavailable
        except Exception as wrong:  # noqa: BLE001 - the entry's own fault
            return wrong

    @contextmanager
    def hold(self, *, wait_seconds: float | None = None) -> Iterator[tuple[PrivateDirectory, LogEnd]]:
        """Hold the log's lock while the block runs, and return its directory and where it ends.

        Args:
            wait_seconds: how long to wait for another writer, when not as long as usual.

        Raises:
            AuditUnavailable: it cannot be locked, or its end cannot be found.
        """
        with self._open_exclusively(wait_seconds) as directory:
            yield directory, self._writer.find_end(directory)

    @contextmanager
    def _open_exclusively(self, wait_seconds: float | None = None) -> Iterator[PrivateDirectory]:
        with self._group.exclusively(), as_audit_unavailable(self._path, "written"):
            directory = self._held.acquire(wait_seconds)
            try:
                yield directory
            finally:
                self._writer.put_down()
                self._held.release()

    @property
    def newest_head(self) -> Mapping[str, Any] | None:
        """The newest signed head; see AuditSink.newest_head."""
        with contextlib.suppress(OSError, StorageError), PrivateDirectory.open(self._path, firm=FIRM) as directory:
            return self._sealing.describe_newest(directory)
        return None

    @property
    def first_key_made(self) -> str:
        """The first public key of the log (hex) when it was made here, else ""."""
        return self._sealing.first_key_made

    def diagnose(self) -> tuple[Finding, ...]:
        """Return what is wrong or remarkable about the log; see AuditSink.diagnose."""
        with contextlib.suppress(OSError, StorageError), PrivateDirectory.open(self._path, firm=FIRM) as directory:
            last_hash, seq = count_to_end(directory, list_day_files(directory.names()))
            return self._sealing.diagnose(directory, LogEnd(last_hash=last_hash, seq=seq))
        return ()  # there is none, or `check_writable` says what is wrong

    def check_writable(self) -> None:
        """Find out whether an entry could be written now; makes nothing.

        Raises:
            AuditUnavailable: it could not.
        """
        if not self._is_on:
            return
        place = self._path
        while not os.path.lexists(place):
            place = os.path.dirname(place)
        with as_audit_unavailable(self._path, "written"):
            if place == self._path:
                with PrivateDirectory.open(place, firm=FIRM) as directory:
                    for name in list_day_files(directory.names())[-1:]:
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
        for line in self.lines(newest_first=True):
            within -= 1
            read = read_line(line) if all(text in line.data for text in wanted) else None
            if read is not None and (not token_id or token_id in {read.entry.resource_id, read.entry.token_id}):
                found.append(read.entry)
            if len(found) == limit or within == 0:
                break
        return tuple(found)

    def lines(self, *, newest_first: bool = False, since: datetime | None = None) -> Iterator[StoredLine]:
        """Yield the stored lines; see AuditSink.lines."""
        return read_lines(self._path, newest_first=newest_first, since=since)

    def follow(self) -> FileFollower:
        """Return who reads on from the log's end; see AuditSink.follow."""
        return FileFollower(self._path)

    def verify(self, request: VerifyRequest) -> Verdict:
        """Return whether the log was tampered with, and how; see AuditSink.verify."""
        from loki_core.audit.verification import verify_log

        return verify_log(self._path, request, self._witnesses)

    def count_lines_before(self, line: StoredLine) -> int:
        """Return how many lines of its file stand before a line; see AuditSink.count_lines_before."""
        return count_lines_before(self._path, line)

    def revision(self) -> Hashable:
        """Return what changes whenever the log does: one listing and two stats."""
        return find_revision(self._path)

    def close(self) -> None:
        """Let go of every file. The log can be used again afterwards."""
        self._sealing.close()
        with self._group.exclusively():
            self._writer.put_down()
            self._held.close()

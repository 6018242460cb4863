"""Appends to the log under its lock: finds the end, mends it, changes files, chains the lines and writes them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from datetime import UTC, date

from loki_core.audit.chain import seal_entry
from loki_core.audit.day_files import find_period, get_period, name_day_file, name_piece
from loki_core.audit.events import AuditEntry
from loki_core.audit.file_lines import LONGEST_LINE
from loki_core.audit.file_tail import FileTail, Overtaken
from loki_core.audit.held_files import HeldFiles
from loki_core.audit.log_end import LogEnd, read_end
from loki_core.audit.recovery import Loss, describe_loss, mend_tail
from loki_core.audit.sealing import Sealing
from loki_core.audit.switching import describe_switch
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.durability import sync
from loki_core.errors import StorageError
from loki_core.frozen import replace
from loki_core.interfaces import Clock

_MOST_ATTEMPTS = 100
_APPENDING = os.O_RDWR | os.O_APPEND
_GUARDED = _APPENDING | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class LogWriter:
    """Writes the lines. Whoever calls holds the lock of the held files; not for several threads at once."""

    def __init__(self, held: HeldFiles, clock: Clock, most_bytes: int, sealing: Sealing, *, is_on: bool = True) -> None:
        """Prepare; nothing is opened.

        Args:
            held: the open directory and lock.
            clock: returns the current time, aware; for the name of a full file.
            most_bytes: the size from which on a file is full.
            sealing: is told what is written.
            is_on: whether the log is on; of one that is off, only `switch_off` writes.
        """
        self._is_on = is_on
        self._held = held
        self._clock = clock
        self._most_bytes = most_bytes
        self._sealing = sealing
        self._tail: FileTail | None = None
        self.forget()

    def forget(self) -> None:
        """Let go of the newest file and forget where the log ends."""
        self.put_down()
        self._end = LogEnd()
        self._name_at_end = ""
        """What the file of the day in which the log ends is called."""
        self._day: date | None = None
        self._name_today = ""
        """The day of the newest entry, and how its file is called."""
        self._identity: tuple[int, ...] = ()
        self._names: list[str] = []
        self._losses: list[Loss] = []
        """What was found to be lost, and is not said in the log yet."""

    def put_down(self) -> None:
        """Close the newest file; it is opened again with the next entry."""
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    def switch_off(self, directory: PrivateDirectory, entry: AuditEntry) -> None:
        """Let the log end with an entry that says that it is switched off, unless it does.

        Args:
            directory: the log's.
            entry: the one that is not written.

        Raises:
            StorageError, OSError: it could not be written.
        """
        if not self.find_end(directory).is_off:
            self.append(directory, (describe_switch(entry, enabled=False),), durable=True)

    def append(self, directory: PrivateDirectory, entries: Sequence[AuditEntry], *, durable: bool) -> None:
        """Append entries, all or none. The newest file stays open until `put_down`.

        Args:
            directory: the log's.
            entries: at least one.
            durable: return only once they survive a power failure.

        Raises:
            StorageError, OSError: none of them is in the log.
        """
        for _ in range(_MOST_ATTEMPTS):
            try:
                self._append_once(directory, entries, durable)
            except Overtaken:
                self._end = LogEnd()  # look again, and chain on from what the other program wrote
            else:
                return
        raise _make_overtaken_error()

    def _append_once(self, directory: PrivateDirectory, entries: Sequence[AuditEntry], durable: bool) -> None:
        end = self.find_end(directory)
        newest = entries[0].timestamp if len(entries) == 1 else max(entry.timestamp for entry in entries)
        if newest.tzinfo is not UTC or newest.date() != self._day:
            self._day = newest.astimezone(UTC).date()
            self._name_today = name_day_file(get_period(newest))
        # The name never goes backwards, also when the clock does: the chain follows the order of the names.
        name = max(self._name_today, self._name_at_end)
        tail, size = self._tail, end.size
        if tail is None or name != end.name or (size >= self._most_bytes and self._set_aside(directory, name)):
            tail, size = self._begin_file(directory, name), 0
        before: list[AuditEntry] = []
        if size == 0 or end.is_off or self._losses:
            before = [describe_loss(entries[0], loss) for loss in self._losses]
            if size == 0:
                before += self._sealing.begin_period(directory, end, find_period(name))
            if end.is_off and self._is_on:
                before.append(describe_switch(entries[0], enabled=True))
        lines, last_hash, seq = [], end.last_hash, end.seq
        for entry in (*before, *entries) if before else entries:
            seq += 1
            line, last_hash = seal_entry(entry, last_hash, seq)
            if len(line) > LONGEST_LINE:
                raise StorageError("the entry is too long", remedy="shorten what it describes")
            lines.append(line)
        size = tail.append(size, lines, durable=durable)
        is_off = not self._is_on
        self._end = LogEnd(name=name, inode=tail.inode, size=size, last_hash=last_hash, seq=seq, is_off=is_off)
        self._losses = []
        self._sealing.note_written(directory, self._end)

    def find_end(self, directory: PrivateDirectory) -> LogEnd:
        """Return where the log ends; the newest file is open then, if there is one, and a torn last line mended.

        Raises:
            StorageError, OSError: it cannot be found out.
        """
        names = self._held.day_files()
        if names is not self._names:
            self.put_down()  # the name may be another file's now
            self._names = names
        if not names:
            self._end, self._name_at_end = LogEnd(), ""
            return self._end
        if names[-1] == self._end.name and self._is_unchanged(directory):
            return self._end
        for _ in range(_MOST_ATTEMPTS):
            self.put_down()
            with contextlib.suppress(Overtaken):
                return self._read_end(directory, names)
        raise _make_overtaken_error()

    def _read_end(self, directory: PrivateDirectory, names: list[str]) -> LogEnd:
        opened = directory.open_file(names[-1], _APPENDING, create=True)
        self._tail = FileTail(opened.descriptor)
        before = os.fstat(opened.descriptor).st_size
        end = read_end(directory, names)
        self._held.check_in_place()  # reading may have taken its time
        if os.fstat(opened.descriptor).st_size != before:
            raise Overtaken
        sealed = self._sealing.count_sealed(directory)
        size, losses = mend_tail(opened.descriptor, before, lines=end.seq, sealed=sealed)
        self._losses += [loss for loss in losses if loss not in self._losses]
        self._end = replace(end, inode=self._tail.inode, size=size)
        self._identity, self._name_at_end = self._tail.identity, name_day_file(end.period)
        return self._end

    def _is_unchanged(self, directory: PrivateDirectory) -> bool:
        """Open the newest file if it is not; return whether it is as we left it."""
        if self._tail is not None:
            return self._tail.is_unchanged(self._end.size, closely=self._held.looked_closely)
        try:
            descriptor = os.open(self._end.name, _GUARDED, dir_fd=directory.descriptor)
        except OSError:
            return False  # with all its checks, opening says better why
        self._tail = FileTail(descriptor)
        return self._tail.identity == self._identity and self._tail.is_unchanged(self._end.size, closely=False)

    def _set_aside(self, directory: PrivateDirectory, name: str) -> bool:
        """Give the full file of a day the name of a piece; return False when the system does not let us."""
        piece = name_piece(find_period(name), self._clock(), self._held.day_files())
        try:
            os.rename(name, piece, src_dir_fd=directory.descriptor, dst_dir_fd=directory.descriptor)
        except OSError:
            return False  # a file that is too large is better than no entry
        return True

    def _begin_file(self, directory: PrivateDirectory, name: str) -> FileTail:
        """Make the file of a day, and hold it open."""
        if self._tail is not None:
            self._tail.sync()  # no line in the new file may outlive one in the file before
        self.put_down()
        self._held.forget_names()
        opened = directory.open_file(name, _APPENDING, create=True)
        self._tail = FileTail(opened.descriptor)
        if opened.status.st_size:
            raise Overtaken
        sync(directory.descriptor)  # before any line in it is acknowledged
        self._identity, self._name_at_end = self._tail.identity, name
        return self._tail


def _make_overtaken_error() -> StorageError:
    return StorageError("another program writes to the audit log all the time", remedy="stop that program")

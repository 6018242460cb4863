"""Appends to the log under its lock: finds the end, mends it, changes files, chains the lines and writes them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from loki_core.audit.chain import seal_entry
from loki_core.audit.day_files import get_period, name_day_file, name_piece
from loki_core.audit.events import AuditEntry
from loki_core.audit.file_lines import LONGEST_LINE
from loki_core.audit.file_tail import Overtaken, append_at
from loki_core.audit.held_files import HeldFiles
from loki_core.audit.log_end import LogEnd, count_to_end
from loki_core.audit.recovery import Loss, describe_loss, mend_tail
from loki_core.audit.sealing import Sealing
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.durability import sync
from loki_core.errors import StorageError
from loki_core.interfaces import Clock

_MOST_ATTEMPTS = 100
_APPENDING = os.O_RDWR | os.O_APPEND
_GUARDED = _APPENDING | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class LogWriter:
    """Writes the lines. Whoever calls holds the lock of the held files; not for several threads at once."""

    def __init__(self, held: HeldFiles, clock: Clock, most_bytes: int, sealing: Sealing) -> None:
        """Prepare; nothing is opened.

        Args:
            held: the open directory and lock.
            clock: returns the current time, aware; for the name of a full file.
            most_bytes: the size from which on a file is full.
            sealing: is told what is written.
        """
        self._held = held
        self._clock = clock
        self._most_bytes = most_bytes
        self._sealing = sealing
        self.forget()

    def forget(self) -> None:
        """Forget where the log ends."""
        self._end = LogEnd()
        self._identity: tuple[int, ...] = ()
        self._losses: list[Loss] = []
        """What was found to be lost, and is not said in the log yet."""

    def append(self, directory: PrivateDirectory, entries: Sequence[AuditEntry], *, durable: bool) -> None:
        """Append entries, all or none.

        Args:
            directory: the log's.
            entries: at least one.
            durable: return only once they survive a power failure.

        Raises:
            StorageError, OSError: none of them is in the log.
        """
        for _ in range(_MOST_ATTEMPTS):
            with contextlib.suppress(Overtaken):  # chain on from what the other program wrote
                self._append_once(directory, entries, durable)
                return
        raise StorageError("another program writes to the audit log all the time", remedy="stop that program")

    def _append_once(self, directory: PrivateDirectory, entries: Sequence[AuditEntry], durable: bool) -> None:
        end, descriptor = self._open_end(directory)
        try:
            # The name never goes backwards, also when the clock does: the chain follows the order of the names.
            period = max(get_period(max(entry.timestamp for entry in entries)), end.period)
            name, size = name_day_file(period), end.size
            if name != end.name or size >= self._most_bytes:
                if name == end.name:
                    self._set_aside(directory, period)
                if descriptor >= 0:
                    os.close(descriptor)
                    descriptor = -1
                descriptor, size = self._open_next(directory, name), 0
            before = [describe_loss(entries[0], loss) for loss in self._losses]
            if size == 0:
                before += self._sealing.begin_period(directory, end, period)
            lines, last_hash, seq = [], end.last_hash, end.seq
            for entry in (*before, *entries) if before else entries:
                seq += 1
                line, last_hash = seal_entry(entry, last_hash, seq)
                if len(line) > LONGEST_LINE:
                    raise StorageError("the entry is too long", remedy="shorten what it describes")
                lines.append(line)
            size = append_at(descriptor, size, lines, durable=durable)
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        self._end = LogEnd(name=name, inode=self._identity[1], size=size, last_hash=last_hash, seq=seq)
        self._losses.clear()
        self._sealing.note_written(directory, self._end, lines, durable)

    def find_end(self, directory: PrivateDirectory) -> LogEnd:
        """Return where the log ends; a torn last line is mended first.

        Raises:
            StorageError, OSError: it cannot be found out.
        """
        end, descriptor = self._open_end(directory)
        if descriptor >= 0:
            os.close(descriptor)
        return end

    def _open_end(self, directory: PrivateDirectory) -> tuple[LogEnd, int]:
        """Return the end of the log and the newest file open for appending, or -1 when there is none."""
        names = self._held.day_files()
        if not names:
            return LogEnd(), -1
        if names[-1] == self._end.name and (descriptor := self._open_unchanged(directory)) >= 0:
            return self._end, descriptor
        last_hash, seq = count_to_end(directory, names)
        opened = directory.open_file(names[-1], _APPENDING, create=True)
        try:
            self._held.check_in_place()  # counting may have taken its time
            sealed = self._sealing.count_sealed(directory)
            self._losses += mend_tail(opened.descriptor, opened.status.st_size, lines=seq, sealed=sealed)
            status = os.fstat(opened.descriptor)
        except BaseException:
            os.close(opened.descriptor)
            raise
        self._identity = _identify(status)
        self._end = LogEnd(name=names[-1], inode=status.st_ino, size=status.st_size, last_hash=last_hash, seq=seq)
        return self._end, opened.descriptor

    def _open_unchanged(self, directory: PrivateDirectory) -> int:
        """Open the newest file, and return -1 when it is not as we left it."""
        try:
            descriptor = os.open(self._end.name, _GUARDED, dir_fd=directory.descriptor)
        except OSError:
            return -1  # with all its checks, opening says better why
        status = os.fstat(descriptor)
        if status.st_size == self._end.size and _identify(status) == self._identity:
            return descriptor
        os.close(descriptor)
        return -1

    def _set_aside(self, directory: PrivateDirectory, period: str) -> None:
        """Give the full file of a day the name of a piece."""
        piece = name_piece(period, self._clock(), self._held.day_files())
        os.rename(name_day_file(period), piece, src_dir_fd=directory.descriptor, dst_dir_fd=directory.descriptor)
        self._held.forget_names()

    def _open_next(self, directory: PrivateDirectory, name: str) -> int:
        """Make a new file, and return it open for appending."""
        self._held.forget_names()
        opened = directory.open_file(name, _APPENDING, create=True)
        try:
            if opened.status.st_size:
                raise Overtaken
            sync(directory.descriptor)  # before any line in it is acknowledged
            self._identity = _identify(os.fstat(opened.descriptor))
        except BaseException:
            os.close(opened.descriptor)
            raise
        return opened.descriptor


def _identify(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_mode, status.st_uid, status.st_nlink

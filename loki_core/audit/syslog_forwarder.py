"""Forwards what the log holds to a syslog receiver, from where the last process stopped.

One process at a time does, under a lock of its own that nobody waits for. The place is noted once the receiver took
what was sent: a process that is killed in between sends at most one batch twice, and none is lost.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from datetime import datetime

from loki_core.audit.file_lines import FIRM
from loki_core.audit.lines import StoredLine, read_line
from loki_core.audit.syslog_cursor import Cursor
from loki_core.audit.syslog_cursor_file import CursorFile
from loki_core.audit.syslog_message import MOST_OCTETS, format_entry, format_head, format_skip, format_unreadable
from loki_core.audit.syslog_spool import read_spool
from loki_core.audit.syslog_transport import describe_failure, send_messages
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.lock import hold_lock
from loki_core.errors import StorageError, StoreBusy
from loki_core.frozen import dataclass, replace
from loki_core.interfaces import Clock
from loki_core.settings import SyslogSettings

LOCK_NAME = ".syslog.lock"
MOST_LINES = 10_000
MOST_BYTES = 16_000_000
"""Of more bytes than that, too, only the newest lines are sent."""
_BATCH_BYTES = 1_000_000
"""What is sent before the place is noted, at most."""
_MOST_ENTRIES = 1 << 48
_TROUBLE_SECONDS = 60.0
_BUSY_SECONDS = 1.0

Send = Callable[[Sequence[bytes], SyslogSettings], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How forwarding went.

    Attributes:
        pause: seconds after which to go on, or None when all is sent.
        is_busy: another process is at it.
    """

    pause: float | None = None
    is_busy: bool = False


class SyslogForwarder:
    """Forwards one log. Not for several threads at once."""

    def __init__(
        self,
        path: str,
        to: SyslogSettings,
        *,
        clock: Clock,
        host: str,
        with_heads: bool = False,
        most_lines: int = MOST_LINES,
        send: Send = send_messages,
    ) -> None:
        """Prepare; nothing is read or sent.

        Args:
            path: the directory of the log.
            to: the receiver.
            clock: returns the current time, aware.
            host: the name of this machine.
            with_heads: whether the signed heads are sent too.
            most_lines: how many may wait: of more, only the newest are sent.
            send: see `send_messages`.
        """
        self._path = path
        self._to = to
        self._clock = clock
        self._host = host
        self._with_heads = with_heads
        self._most_lines = most_lines
        self._send = send
        self._most = MOST_OCTETS[to.proto]

    def forward(self) -> Progress:
        """Send what waits, unless another process does, or it is too early after a failure; never raises."""
        if not os.path.lexists(self._path):
            return Progress()
        try:
            with (
                PrivateDirectory.open(self._path, firm=FIRM) as directory,
                hold_lock(directory, LOCK_NAME, wait_seconds=0),
            ):
                return self._forward_all(directory)
        except StoreBusy:
            return Progress(pause=_BUSY_SECONDS, is_busy=True)
        except (OSError, StorageError):
            return Progress(pause=_TROUBLE_SECONDS)  # whoever writes the log meets it too, and says it

    def _forward_all(self, directory: PrivateDirectory) -> Progress:
        file = CursorFile(directory)
        cursor = file.load()
        while True:
            now = self._clock()
            if pause := cursor.get_pause(now):
                return Progress(pause=pause)
            messages, there = self._collect(directory, cursor, now)
            if not messages:
                return Progress()
            cursor = cursor.begin(now)
            file.save(cursor)
            try:
                self._send(messages, self._to)
            except (OSError, ValueError) as error:
                cursor = replace(cursor, error=describe_failure(error))
                file.save(cursor)
                return Progress(pause=cursor.get_pause(self._clock()))
            cursor = there.succeed(self._clock())
            file.save(cursor)

    def _collect(self, directory: PrivateDirectory, cursor: Cursor, now: datetime) -> tuple[list[bytes], Cursor]:
        """Return the messages that are next, and where forwarding is when they were taken."""
        messages: list[bytes] = []
        size = 0
        spool = read_spool(directory, cursor, most_lines=self._most_lines, most_bytes=MOST_BYTES)
        with contextlib.closing(spool):
            for line in spool:
                message, seq = self._format_line(line.stored, cursor.seq + 1)
                if seq > cursor.seq + 1:
                    messages.append(format_skip(cursor.seq + 1, seq - 1, now, host=self._host, most=self._most))
                messages.append(message)
                cursor = cursor.pass_line(line.stored.file, line.inode, line.as_sent(seq))
                size += len(message)
                if len(messages) >= cursor.at_once or size >= _BATCH_BYTES:
                    return messages, cursor
        if self._with_heads:
            from loki_core.audit.syslog_heads import read_new_heads

            for fields, head in read_new_heads(directory, cursor.head):
                messages.append(format_head(fields, head.at, host=self._host, most=self._most))
                cursor = replace(cursor, head=head.number)
        return messages, cursor

    def _format_line(self, stored: StoredLine, expected: int) -> tuple[bytes, int]:
        """Return a line's message and its number: the expected one, unless the line has one that can be one."""
        line = read_line(stored)
        if line is None:
            return format_unreadable(stored, host=self._host, most=self._most), expected
        seq = line.entry.seq
        message = format_entry(line, host=self._host, most=self._most)
        return message, seq if 0 < seq < _MOST_ENTRIES else expected

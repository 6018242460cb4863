"""How far the log was forwarded, and when it is tried again: what all processes that forward it go on from. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from loki_core.frozen import dataclass, replace
from loki_core.tokens.record import format_time, parse_time

LONGEST_PAUSE = 60.0
"""Seconds between attempts, at most."""
MOST_AT_ONCE = 1_000
"""Messages in one batch: what may arrive twice."""
_LEAST_AT_ONCE = 10
_FIRST_AT_ONCE = 250
_LONGEST_TRAIL = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLine:
    """A line that was sent.

    Attributes:
        begin, end: the bytes of its file from its first one to behind its line end.
        seq: its number in the whole log.
        digest: of its bytes; see `digest_line`.
    """

    begin: int
    end: int
    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far forwarding is.

    Attributes:
        file: the file of the last line that was sent, or "" when none was.
        inode: of that file, which may have another name now.
        trail: the last lines that were sent of it, oldest first: one may be taken back because it could not be made
            durable, and then the one before is the last.
        head: the number of the newest head that was sent.
        failures: how many attempts in a row failed, one that is being made counted.
        failing_since: when the first of them was.
        next_try: not before this time, unless the clock was set back.
        error: what was wrong the last time, or "".
        sent_at: when something was sent.
        at_once: how many messages to send in one batch: less after a failure, more after a success, so that a slow
            receiver or a short-lived process gets on too.
    """

    file: str = ""
    inode: int = 0
    trail: tuple[SentLine, ...] = ()
    head: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    next_try: datetime | None = None
    error: str = ""
    sent_at: datetime | None = None
    at_once: int = _FIRST_AT_ONCE

    @property
    def seq(self) -> int:
        """The number of the last line that was sent, or 0."""
        return self.trail[-1].seq if self.trail else 0

    @property
    def offset(self) -> int:
        """The byte of the file behind the last line that was sent."""
        return self.trail[-1].end if self.trail else 0

    @property
    def is_failing(self) -> bool:
        """Whether attempts failed, beyond one that may be under way."""
        return bool(self.error) or self.failures > 1

    def pass_line(self, file: str, inode: int, sent: SentLine) -> Cursor:
        """Return the cursor behind one more line."""
        trail = self.trail if inode == self.inode else ()
        return replace(self, file=file, inode=inode, trail=(*trail[-_LONGEST_TRAIL + 1 :], sent))

    def get_pause(self, now: datetime) -> float:
        """Return the seconds until something may be tried, 0 for now."""
        if self.next_try is None:
            return 0.0
        left = (self.next_try - now).total_seconds()
        return left if 0 < left <= LONGEST_PAUSE else 0.0

    def begin(self, now: datetime) -> Cursor:
        """Return the cursor while an attempt is made, which counts as failed until it has succeeded.

        So whoever is killed over it, or hangs, is followed by a pause all the same.
        """
        pause = min(2.0 ** min(self.failures, 16), LONGEST_PAUSE)
        return replace(
            self,
            failures=self.failures + 1,
            failing_since=self.failing_since or now,
            next_try=now + timedelta(seconds=pause),
            at_once=max(self.at_once // 4, _LEAST_AT_ONCE),
        )

    def succeed(self, now: datetime) -> Cursor:
        """Return the cursor after an attempt that succeeded; call it on the one that the attempt was begun with."""
        at_once = min(self.at_once * 2, MOST_AT_ONCE)
        return replace(self, failures=0, failing_since=None, next_try=None, error="", sent_at=now, at_once=at_once)


def digest_line(data: bytes) -> str:
    """Return what tells whether the bytes of a line, its end included, are the ones that were sent."""
    return sha256(data).hexdigest()[:16]


def dump_cursor(cursor: Cursor) -> bytes:
    """Return the cursor as one line of JSON."""
    fields = {
        "file": cursor.file,
        "inode": cursor.inode,
        "seq": cursor.seq,
        "trail": [[sent.begin, sent.end, sent.seq, sent.digest] for sent in cursor.trail],
        "head": cursor.head,
        "failures": cursor.failures,
        "failing_since": format_time(cursor.failing_since),
        "next_try": format_time(cursor.next_try),
        "error": cursor.error,
        "sent_at": format_time(cursor.sent_at),
        "at_once": cursor.at_once,
    }
    return json.dumps(fields).encode("ascii") + b"\n"


def parse_cursor(data: bytes) -> Cursor:
    """Return the cursor in the first line of a file; one that cannot be read stands before the whole log."""
    try:
        fields = json.loads(data.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return Cursor()
    if not isinstance(fields, Mapping):
        return Cursor()
    file, error, trail = fields.get("file"), fields.get("error"), fields.get("trail")
    return Cursor(
        file=file if isinstance(file, str) else "",
        inode=_read_number(fields.get("inode")),
        trail=tuple(filter(None, map(_parse_sent, trail))) if isinstance(trail, list) else (),
        head=_read_number(fields.get("head")),
        failures=_read_number(fields.get("failures")),
        failing_since=_read_time(fields.get("failing_since")),
        next_try=_read_time(fields.get("next_try")),
        error=error if isinstance(error, str) else "",
        sent_at=_read_time(fields.get("sent_at")),
        at_once=min(_read_number(fields.get("at_once")) or _FIRST_AT_ONCE, MOST_AT_ONCE),
    )


def _parse_sent(fields: object) -> SentLine | None:
    match fields:
        case [int(begin), int(end), int(seq), str(digest)] if 0 <= begin < end and seq >= 0:
            return SentLine(begin=begin, end=end, seq=seq, digest=digest)
    return None


def _read_number(value: Any) -> int:
    return value if type(value) is int and value >= 0 else 0


def _read_time(value: Any) -> datetime | None:
    return parse_time(value) if isinstance(value, str) else None

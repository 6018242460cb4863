"""Audit sinks without a disk: one in memory, and one for a log that was switched off."""

from __future__ import annotations

import json
import sys
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from loki_core.audit.chain import dump_entry
from loki_core.audit.events import AuditEntry
from loki_core.audit.flood import Flood, admit
from loki_core.audit.lines import StoredLine
from loki_core.frozen import replace
from loki_core.interfaces import Finding

if TYPE_CHECKING:
    from loki_core.audit.verdict import Verdict
    from loki_core.audit.verify_request import VerifyRequest


class MemoryLog:
    """Keeps the entries as long as the object lives."""

    label = "memory"
    newest_head: Mapping[str, Any] | None = None
    first_key_made = ""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []
        self._flood = Flood()

    def record(self, entry: AuditEntry, *, durable: bool = True) -> None:
        """Append an entry."""
        self.record_all((entry,), durable=durable)

    def record_all(self, entries: Sequence[AuditEntry], *, durable: bool = True) -> None:
        """Append entries."""
        first = len(self.entries) + 1
        self.entries += [replace(entry, seq=seq) for seq, entry in enumerate(entries, first)]

    def record_failures(
        self, failure: AuditEntry | None, counted: Mapping[str, int], now: datetime, *, is_end: bool = False
    ) -> Flood:
        """Append a failure or count it; see AuditSink.record_failures."""
        flood, entries = admit(self._flood, now, failure, counted, is_end=is_end)
        self.record_all(entries, durable=False)
        self._flood = flood
        return flood

    def diagnose(self) -> tuple[Finding, ...]:
        """Nothing is wrong with it."""
        return ()

    def check_writable(self) -> None:
        """Memory can always be written."""

    def find_newest(
        self, *, limit: int, token_id: str = "", contains: str = "", within: int = sys.maxsize
    ) -> tuple[AuditEntry, ...]:
        """Return the newest entries, newest first."""
        found = (
            entry
            for entry in list(reversed(self.entries))[:within]
            if (not token_id or token_id in {entry.resource_id, entry.token_id})
            and (not contains or contains in json.dumps(dump_entry(entry), sort_keys=True))
        )
        return tuple(entry for _, entry in zip(range(limit), found, strict=False))

    def lines(self, *, newest_first: bool = False, since: datetime | None = None) -> Iterator[StoredLine]:
        """Yield the lines; see AuditSink.lines."""
        entries = list(self.entries)
        for entry in reversed(entries) if newest_first else entries:
            yield _store(entry)

    def follow(self) -> MemoryFollower:
        """Return who reads on from the log's end; see AuditSink.follow."""
        return MemoryFollower(self)

    def verify(self, request: VerifyRequest) -> Verdict:
        """Return that all is well: nobody else can change it."""
        from loki_core.audit.verdict import Verdict

        return Verdict(entries=len(self.entries))

    def count_lines_before(self, line: StoredLine) -> int:
        """Return how many lines stand before a line."""
        return line.offset

    def revision(self) -> Hashable:
        """Return what changes whenever the log does."""
        return len(self.entries)

    def close(self) -> None:
        """Do nothing."""


class MemoryFollower:
    """Follows a log in memory, from its end on."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self._began = self._read = len(log.entries)

    def lines_before(self) -> Iterator[StoredLine]:
        """Yield the lines before the beginning, newest first."""
        return map(_store, reversed(self._log.entries[: self._began]))

    def read_new(self) -> tuple[StoredLine, ...]:
        """Return the lines that came since the last call."""
        new = self._log.entries[self._read :]
        self._read += len(new)
        return tuple(map(_store, new))


def _store(entry: AuditEntry) -> StoredLine:
    fields = {**dump_entry(entry), "seq": entry.seq}
    return StoredLine(data=json.dumps(fields, sort_keys=True).encode("ascii"), offset=entry.seq - 1)


class NoLog:
    """Stands in for a log that the configuration switched off (`enterprise.audit.enabled: false`)."""

    label = "off"
    newest_head: Mapping[str, Any] | None = None
    first_key_made = ""

    def record(self, entry: AuditEntry, *, durable: bool = True) -> None:
        """Forget the entry."""

    def record_all(self, entries: Sequence[AuditEntry], *, durable: bool = True) -> None:
        """Forget the entries."""

    def record_failures(
        self, failure: AuditEntry | None, counted: Mapping[str, int], now: datetime, *, is_end: bool = False
    ) -> Flood:
        """Forget the failures."""
        return Flood()

    def diagnose(self) -> tuple[Finding, ...]:
        """Nothing can be wrong with it."""
        return ()

    def check_writable(self) -> None:
        """Nothing is written, so nothing can fail."""

    def find_newest(
        self, *, limit: int, token_id: str = "", contains: str = "", within: int = sys.maxsize
    ) -> tuple[AuditEntry, ...]:
        """Return nothing."""
        return ()

    def lines(self, *, newest_first: bool = False, since: datetime | None = None) -> Iterator[StoredLine]:
        """Yield nothing."""
        return iter(())

    def follow(self) -> MemoryFollower:
        """Return who will never read anything."""
        return MemoryFollower(MemoryLog())

    def verify(self, request: VerifyRequest) -> Verdict:
        """Return that there is nothing."""
        from loki_core.audit.verdict import Verdict

        return Verdict(entries=0)

    def count_lines_before(self, line: StoredLine) -> int:
        """Return nothing."""
        return 0

    def revision(self) -> Hashable:
        """Return what never changes."""
        return None

    def close(self) -> None:
        """Do nothing."""

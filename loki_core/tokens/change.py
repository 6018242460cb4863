"""A change to a store, gathered first and worked out whole: what every store's transaction has in common. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from loki_core.audit.heads import parse_head
from loki_core.frozen import replace
from loki_core.tokens.burials import Burial
from loki_core.tokens.document import Document
from loki_core.tokens.record import BrokenRecord, Record, dump_record, format_time
from loki_core.tokens.snapshot import Snapshot


def bury_record(record: Record, at: datetime) -> Burial:
    """Return the burial of a record's digest."""
    return Burial(hash=record.hash, salt=record.salt, lookup=record.lookup, token_id=record.id, at=at)


class Change:
    """What a transaction wants to store, on top of what the store holds."""

    def __init__(self, view: Snapshot) -> None:
        self._view = view
        self._puts: dict[str, Record] = {}
        self._removed: set[str] = set()
        self._outbox = view.outbox
        self._audit_head = view.audit_head
        self._clock_accepted = False

    def put(self, record: Record) -> None:
        """Add or replace a record."""
        self._puts[record.id] = record

    def remove(self, token_id: str) -> None:
        """Remove a record."""
        self._removed.add(token_id)

    def set_outbox(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Replace the waiting audit entries."""
        self._outbox = tuple(entries)

    def set_audit_head(self, head: Mapping[str, Any] | None) -> None:
        """Keep the newest head of the audit log, unless the one that is kept has a higher number.

        A log that was set back to an earlier state must not take away what shows it.
        """
        kept = parse_head(self._audit_head)
        if head is not None and (kept is None or head["number"] > kept.number):
            self._audit_head = head

    def accept_clock(self) -> None:
        """Let the time of this change be the newest, even when an earlier one was later."""
        self._clock_accepted = True

    def find_missing_burials(self, now: datetime) -> tuple[Burial, ...]:
        """Return the burials of records that are or become revoked and are not buried yet."""
        known = self._view.burials
        wanted = [
            record
            for record in (self._view.get_record(token_id) for token_id in self._view.unburied)
            if isinstance(record, Record) and record.revoked
        ]
        wanted += [record for record in self._puts.values() if record.revoked]
        return tuple(bury_record(record, record.revoked_at or now) for record in wanted if record.hash not in known)

    def apply(self, now: datetime, find_last_uses: Callable[[], Mapping[str, datetime]]) -> Document:
        """Return the document to store.

        Args:
            now: the time of the change (UTC).
            find_last_uses: returns the newest noted use of each token; asked only when a record that was there is
                written, and merged into it.
        """
        before = self._view.document
        tokens = dict(before.tokens)
        for token_id in self._view.undone:
            record = self._view.get_record(token_id)
            if isinstance(record, BrokenRecord):
                tokens[token_id] = {**tokens[token_id], "revoked": True}
            elif record is not None:
                moment = format_time(record.revoked_at or now)
                tokens[token_id] = {**tokens[token_id], "revoked": True, "revoked_at": moment}
        for digest, token_id in self._view.learned.items():
            raw = tokens.get(token_id)
            if isinstance(raw, dict) and raw.get("salt") and raw.get("lookup") != digest:
                tokens[token_id] = {**raw, "lookup": digest}
        last_uses = find_last_uses() if any(token_id in tokens for token_id in self._puts) else {}
        for record in self._puts.values():
            used = last_uses.get(record.id)
            if used is not None and (record.last_used is None or used > record.last_used):
                record = replace(record, last_used=used)
            lookup = (tokens.get(record.id) or {}).get("lookup", "")
            tokens[record.id] = dump_record(replace(record, lookup=record.lookup or lookup))
        for token_id in self._removed:
            tokens.pop(token_id, None)
        newest = now
        if before.written_at is not None and not self._clock_accepted:
            newest = max(now, before.written_at)
        return replace(before, tokens=tokens, outbox=self._outbox, audit_head=self._audit_head, written_at=newest)

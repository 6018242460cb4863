"""The order of log and store: what grants is logged first, what takes away is never refused.

Locks are taken in the order store, then audit log. A grant (generate, rotate, delete) that cannot be logged durably is
refused, and one that was logged but not stored gets an entry that says so, at once or, after a crash, at the next
start. A withdrawal (revoke) is buried first, so that from then on nothing can undo it; its entry goes to the log when
that can be written, and otherwise waits in the store (`audit_outbox`) and arrives later.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from loki_core.audit.chain import dump_entry, parse_entry
from loki_core.audit.events import GRANTS, AuditEntry, AuditEvent
from loki_core.clock import find_time
from loki_core.errors import AuditUnavailable, StorageError
from loki_core.forks import renew_after_fork
from loki_core.frozen import replace
from loki_core.interfaces import AuditSink, Clock, Finding, Store, TokenView, Transaction
from loki_core.tokens.burials import Burial

Delivery = Literal["written", "pending"]
_RECENT_LINES = 2_000
_RETRY = timedelta(seconds=2)


class Ledger:
    """Changes a store and logs it, in the order that survives a crash at any point."""

    def __init__(self, store: Store, sink: AuditSink, clock: Clock, make_id: Callable[[], str]) -> None:
        """Bring together what a change needs.

        Args:
            store: what is changed.
            sink: where it is logged.
            clock: returns the current time, aware.
            make_id: returns a new random identifier for an entry that has to wait.
        """
        self._make_id = make_id
        self._store = store
        self._sink = sink
        self._clock = clock
        self._recovered = False
        self._tried_at: datetime | None = None
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child: what is held is delivered by the parent."""
        self._held: tuple[Mapping[str, Any], ...] = ()
        """Entries about withdrawals that neither the log nor the store took yet."""
        self._retrying = threading.Lock()

    @contextlib.contextmanager
    def change(self, user_id: str) -> Iterator[tuple[Transaction, datetime]]:
        """Give the exclusive right to change the store, and the time of the change.

        Args:
            user_id: who is about to change it; named in entries about what an earlier crash left.

        Raises:
            StorageError: the store cannot be read or locked.
        """
        with self._store.transaction() as transaction:
            now = find_time(self._clock(), transaction.view)
            if not self._recovered:
                with contextlib.suppress(AuditUnavailable):
                    self._explain_unstored(transaction.view, now, user_id)
                    self._recovered = True
            yield transaction, now

    def grant(self, transaction: Transaction, *entries: AuditEntry, burials: Iterable[Burial] = ()) -> None:
        """Log durably, then bury, then store.

        Args:
            transaction: holds the changed records.
            entries: what to log; at least one.
            burials: the digests of removed records.

        Raises:
            AuditUnavailable: it could not be logged, so nothing was stored.
            StorageError: it could not be stored; the log says so.
        """
        if self._deliver([*transaction.view.outbox, *self._held]):
            raise AuditUnavailable(
                "the audit log cannot be written",
                remedy="mend it first (loki enterprise doctor): nothing is granted meanwhile",
            )
        self._held = ()
        try:
            self._sink.record_all(entries)
        except AuditUnavailable:
            self._recovered = False  # a log that fails altogether may hold them: the next change says that they failed
            raise
        transaction.set_outbox(())
        try:
            transaction.bury(burials)
            findings = self._commit(transaction, entries[0].timestamp)
        except StorageError as error:
            for entry in entries:
                self._record_failure(entry, error)
            raise
        self._record_repairs(findings, entries[0].timestamp, entries[0].user_id)

    def withdraw(self, transaction: Transaction, burials: Iterable[Burial], entries: Iterable[AuditEntry]) -> Delivery:
        """Take away, whatever happens to the log.

        Args:
            transaction: holds the changed records.
            burials: the digests that never verify again.
            entries: what to log; at least one.

        Returns:
            Whether the entries are in the log or wait for it.

        Raises:
            StorageError: nothing was taken away: neither the store nor revoked.log could be written.
        """
        entries = tuple(entries)
        unburied: StorageError | None = None
        try:
            transaction.bury(burials)
        except StorageError as error:
            unburied = error
        new = (*self._held, *map(self._pack, entries))
        waiting = self._deliver([*transaction.view.outbox, *new])
        transaction.set_outbox(waiting)
        try:
            findings = self._commit(transaction, entries[0].timestamp)
        except StorageError as error:
            if unburied is not None:
                for entry in entries:
                    self._record_failure(entry, error)
                raise
            # The burial holds by itself, and the next commit repairs the record.
            self._held = waiting[-len(new) :]
            return "pending" if waiting else "written"
        self._held = ()
        self._record_repairs(findings, entries[0].timestamp, entries[0].user_id)
        return "pending" if waiting else "written"

    def settle(self, view: TokenView, user_id: str) -> None:
        """Deliver what waits in the store, if anything does; tried at most every two seconds, never raises.

        Args:
            view: the store.
            user_id: who is looking; named in entries about what is repaired on the way.
        """
        if not (view.outbox or self._held) or not self._retrying.acquire(blocking=False):
            return
        try:
            now = self._clock()
            if self._tried_at is not None and self._tried_at <= now < self._tried_at + _RETRY:
                return
            self._tried_at = now
            self._sink.check_writable()
            with self._store.transaction(wait=False) as transaction:  # whoever only looks waits for nobody
                before = [*transaction.view.outbox, *self._held]
                waiting = self._deliver(before)
                if len(waiting) < len(before):
                    transaction.set_outbox(waiting)
                    now = find_time(now, transaction.view)
                    findings = self._commit(transaction, now)
                    self._held = ()
                    self._record_repairs(findings, now, user_id)
        except (AuditUnavailable, StorageError):
            return
        finally:
            self._retrying.release()

    def _commit(self, transaction: Transaction, now: datetime) -> tuple[Finding, ...]:
        """Store the change, and with it how far the log is signed: a log that is set back is shown by the store."""
        transaction.set_audit_head(self._sink.newest_head)
        return transaction.commit(now)

    def record_quietly(self, entry: AuditEntry) -> None:
        """Log what needs no permission and must not fail the caller."""
        with contextlib.suppress(AuditUnavailable):
            self._sink.record(entry, durable=False)

    def _deliver(self, outbox: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
        """Log what waits, together and in order, and return what still waits: all or nothing."""
        waiting = tuple(outbox)
        try:
            self._sink.record_all(
                [
                    entry
                    for packed in waiting
                    if (entry := parse_entry(packed)) is not None
                    and not (packed.get("tried") and self._is_logged(entry))
                ]
            )
        except AuditUnavailable:
            return tuple({**packed, "tried": True} for packed in waiting)
        return ()

    def _pack(self, entry: AuditEntry) -> dict[str, Any]:
        return dump_entry(replace(entry, details={**entry.details, "event_id": self._make_id()}))

    def _is_logged(self, entry: AuditEntry) -> bool:
        # A crash after logging and before storing would otherwise log it twice.
        event_id = str(entry.details.get("event_id", ""))
        return bool(event_id) and bool(self._sink.find_newest(limit=1, contains=event_id, within=_RECENT_LINES))

    def _record_failure(self, entry: AuditEntry, error: StorageError) -> None:
        details = {**entry.details, "reason": "logged, but it could not be stored: nothing was changed"}
        try:
            self._sink.record(replace(entry, success=False, error=error.code, details=details))
        except AuditUnavailable:
            self._recovered = False

    def _record_repairs(self, findings: Iterable[Finding], now: datetime, user_id: str) -> None:
        for finding in findings:
            self.record_quietly(
                AuditEntry(
                    timestamp=now,
                    event=AuditEvent.STORE_REPAIRED,
                    user_id=user_id,
                    resource_type="store",
                    details={"code": finding.code, "message": finding.message},
                )
            )

    def _explain_unstored(self, view: TokenView, now: datetime, user_id: str) -> None:
        """Say of each recent grant that was logged but is not in the store that it did not happen."""
        buried = {burial.token_id for burial in view.burials}
        explained: set[str] = set()
        for entry in self._sink.find_newest(limit=_RECENT_LINES, contains='"token"', within=_RECENT_LINES):
            token_id = entry.resource_id
            if not token_id or token_id in explained:
                continue
            explained.add(token_id)  # newest first: only the last word on each token counts
            if entry.event not in GRANTS or not entry.success:
                continue
            wanted = entry.event != AuditEvent.TOKEN_DELETE
            stored = view.get_record(token_id) is not None
            if stored != wanted and not (wanted and token_id in buried):
                self._sink.record(
                    AuditEntry(
                        timestamp=now,
                        event=AuditEvent.RECOVER,
                        user_id=user_id,
                        resource_id=token_id,
                        success=False,
                        error="not_stored",
                        details={
                            "of": entry.event,
                            "logged_at": entry.timestamp.isoformat(),
                            "reason": "logged, but not so in the store: a crash or a restored backup",
                        },
                    )
                )

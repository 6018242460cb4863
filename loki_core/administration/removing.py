"""Removing tokens: revoking, which is never refused for the log's sake, and deleting what is dead."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from loki_core.administration.office import Office
from loki_core.audit.events import AuditEvent
from loki_core.clock import find_time
from loki_core.frozen import dataclass
from loki_core.tokens.change import bury_record
from loki_core.tokens.listing import Judge
from loki_core.tokens.record import Record
from loki_core.tokens.removal import get_to_delete, get_to_revoke, mark_revoked
from loki_core.tokens.token import Token

if TYPE_CHECKING:
    from loki_core.ledger import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """What became of one token that was to be revoked.

    Attributes:
        token: the token as it is now; in a dry run as it would be.
        already: it was revoked before.
        audit: whether its entry is in the log or waits until the log can be written.
    """

    token: Token
    already: bool
    audit: Delivery


class Removing(Office):
    """The operations that take away."""

    def revoke(self, *names_or_ids: str, owner: str | None = None, dry_run: bool = False) -> tuple[Revocation, ...]:
        """Revoke tokens, for good and from the next verification on. It is never refused for the log's sake.

        Args:
            names_or_ids: which; a name means both of a rotating pair.
            owner: all tokens of this owner that are not over as well, locked ones too.
            dry_run: only tell what would be revoked.

        Returns:
            One for each token; revoking twice is no error (`already`).

        Raises:
            NotFound: one of them does not exist; then none was revoked.
            Refused: `unreadable`: one of them is no readable record, and so never verifies anyway.
            AuthorizationError: the actor does not hold `*`.
            StorageError: neither the store nor revoked.log could be written.
        """
        self._require_all()
        if dry_run:
            view = self._store.view()
            now = find_time(self._clock(), view)
            return self._report(get_to_revoke(view, names_or_ids, owner, now), {}, now, "written")
        delivery: Delivery = "written"
        with self._ledger.change(self._caller.principal.subject) as (transaction, now):
            chosen = get_to_revoke(transaction.view, names_or_ids, owner, now)
            # One that is buried and not marked was left by a crash, or undone by another writer: processes that have
            # not read again may still accept it.
            undone = frozenset(transaction.view.undone)
            revoked = {
                record.id: mark_revoked(record, (record.revoked_at if record.revoked else None) or now)
                for record in chosen
                if not record.revoked or record.id in undone
            }
            for record in revoked.values():
                transaction.put(record)
            if revoked:
                delivery = self._ledger.withdraw(
                    transaction,
                    [bury_record(record, now) for record in revoked.values()],
                    [self._entry(AuditEvent.TOKEN_REVOKE, record, now) for record in revoked.values()],
                )
        return self._report(chosen, revoked, now, delivery)

    def _report(
        self, chosen: tuple[Record, ...], revoked: dict[str, Record], now: datetime, delivery: Delivery
    ) -> tuple[Revocation, ...]:
        judge = Judge(self._catalog, now, {})
        return tuple(
            Revocation(
                token=judge.judge(revoked.get(record.id, record)),
                already=record.revoked,
                audit=delivery if record.id in revoked else "written",
            )
            for record in chosen
        )

    def delete(self, *names_or_ids: str) -> tuple[Token, ...]:
        """Remove revoked or expired tokens from the store; their secrets stay unusable for good.

        Raises:
            NotFound: one of them does not exist; then none was deleted.
            Refused: `not_deletable`: one of them can still be used.
            AuthorizationError, AuditUnavailable, StorageError: as for `generate`.
        """
        self._require_all()
        with self._ledger.change(self._caller.principal.subject) as (transaction, now):
            chosen = get_to_delete(transaction.view, names_or_ids, now)
            for record in chosen:
                transaction.remove(record.id)
            self._ledger.grant(
                transaction,
                *(self._entry(AuditEvent.TOKEN_DELETE, record, now) for record in chosen),
                burials=[bury_record(record, now) for record in chosen],
            )
        judge = Judge(self._catalog, now, {})
        return tuple(judge.judge(record) for record in chosen)

"""What an administrator does with tokens: the operations, each checked, logged and stored in the right order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.errors import AuthorizationError, InvalidInput
from loki_core.interfaces import AuditSink, Clock, Store
from loki_core.ledger import Delivery, Ledger, find_time
from loki_core.minting import Draft, Mint, Order, Plan, store_plan
from loki_core.principal import Caller
from loki_core.scopes import ALL, ScopeCatalog, parse_scopes
from loki_core.tokens.change import bury_record
from loki_core.tokens.listing import Filter, Judge, Summary, summarise
from loki_core.tokens.policy import DEFAULT, ExpiresDays, TokenPolicy, find_violations
from loki_core.tokens.record import Record, format_time
from loki_core.tokens.removal import get_to_delete, get_to_revoke, mark_revoked
from loki_core.tokens.resolve import get_record
from loki_core.tokens.secret import clean_text
from loki_core.tokens.status import Status
from loki_core.tokens.token import IssuedToken, Token, Use


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFinding:
    """A usable token that a policy would refuse to mint, and why."""

    token: Token
    code: str
    message: str


class TokenManager:
    """The operations on tokens. All of them need `*`."""

    def __init__(
        self,
        *,
        store: Store,
        sink: AuditSink,
        ledger: Ledger,
        clock: Clock,
        catalog: ScopeCatalog,
        mint: Mint,
        caller: Caller,
    ) -> None:
        self._store = store
        self._sink = sink
        self._ledger = ledger
        self._clock = clock
        self._catalog = catalog
        self._mint = mint
        self._caller = caller

    # -- looking

    def list(
        self,
        *,
        include_revoked: bool = False,
        status: Status | str | Iterable[Status | str] | None = None,
        owner: str | None = None,
        query: str = "",
        expiring_within: timedelta | None = None,
        unused_for: timedelta | None = None,
    ) -> tuple[Token, ...]:
        """Return the tokens, in the order of the store; revoked ones only when asked for.

        Args:
            include_revoked: revoked ones too.
            status: only tokens in this state, or one of these.
            owner: only this owner's.
            query: only tokens in whose name, id, owner or note this stands.
            expiring_within: only usable ones that end within this time.
            unused_for: only usable ones of which no use was noted for this long.

        Raises:
            InvalidInput: `unknown_status`.
            AuthorizationError: the actor does not hold `*`.
            StorageError: the store cannot be read.
        """
        statuses = None if status is None else _parse_statuses(status)
        wanted = Filter(
            include_revoked=include_revoked,
            statuses=statuses,
            owner=owner,
            query=query,
            expiring_within=expiring_within,
            unused_for=unused_for,
        )
        now, judge = self._look()
        tokens = (judge.judge(record) for record in self._store.view().records())
        return tuple(wanted.select(tokens, now))

    def get(self, name_or_id: str) -> Token:
        """Return one token.

        Raises:
            NotFound: none has that name or id.
            Refused: `ambiguous_name`.
            AuthorizationError, StorageError: as for `list`.
        """
        now, judge = self._look()
        return judge.judge(get_record(self._store.view(), name_or_id, now))

    def summary(self) -> Summary:
        """Return how many tokens there are in each state.

        Raises:
            AuthorizationError, StorageError: as for `list`.
        """
        return summarise(self.list(include_revoked=True))

    def find_uses(self, token_id: str, *, since: datetime) -> tuple[Use, ...]:
        """Return from where a token was used since a time, newest first.

        Raises:
            AuthorizationError: the actor does not hold `*`.
        """
        self._require_all()
        return tuple(use for use in self._store.find_uses(token_id) if use.last_at >= since)

    def history(self, token_id: str, *, limit: int = 100) -> tuple[AuditEntry, ...]:
        """Return the audit entries about a token, newest first.

        Raises:
            AuthorizationError: the actor does not hold `*`.
            AuditUnavailable: the log cannot be read.
        """
        self._require_all()
        return self._sink.find_newest(limit=limit, token_id=token_id)

    def check_policy(self, policy: TokenPolicy) -> tuple[PolicyFinding, ...]:
        """Return the usable tokens that a policy would refuse to mint.

        Raises:
            AuthorizationError, StorageError: as for `list`.
        """
        now, judge = self._look()
        return tuple(
            PolicyFinding(token=judge.judge(found.record), code=found.code, message=found.message)
            for found in find_violations(self._store.view().readable(), policy, now)
        )

    # -- making

    def preview(
        self,
        name: str,
        *,
        scopes: Iterable[str] | None = None,
        role: str | None = None,
        expires_days: ExpiresDays = DEFAULT,
        expires_at: datetime | None = None,
        note: str = "",
    ) -> Token:
        """Return what `generate` would make, without making it.

        Raises:
            LokiError: what `generate` would raise, the state of store and log included.
        """
        return self.prepare(
            name, scopes=scopes, role=role, expires_days=expires_days, expires_at=expires_at, note=note
        ).token

    def generate(
        self,
        name: str,
        *,
        scopes: Iterable[str] | None = None,
        role: str | None = None,
        expires_days: ExpiresDays = DEFAULT,
        expires_at: datetime | None = None,
        note: str = "",
    ) -> IssuedToken:
        """Make a token.

        Args:
            name: 1 to 255 printable characters, not taken by a usable token.
            scopes: what it may do; with neither scopes nor role it gets `read`.
            role: a role, of which it gets the scopes.
            expires_days: days until it ends (of 86,400 s), None for never; the policy's default when left out.
            expires_at: its end as an aware time instead.
            note: what stops if it is revoked.

        Returns:
            The token and its secret, which is not kept anywhere else.

        Raises:
            InvalidInput: what is asked for is wrong by itself.
            Refused: the policy, a limit or a taken name forbids it.
            AuthorizationError: the actor does not hold `*`.
            AuditUnavailable: it could not be logged, so it was not made.
            StorageError: it could not be stored.
        """
        return self.commit(
            self.prepare(name, scopes=scopes, role=role, expires_days=expires_days, expires_at=expires_at, note=note)
        )

    def prepare(
        self,
        name: str,
        *,
        scopes: Iterable[str] | None = None,
        role: str | None = None,
        expires_days: ExpiresDays = DEFAULT,
        expires_at: datetime | None = None,
        note: str = "",
    ) -> Draft:
        """Draft a token: every rule is checked and nothing stored. Arguments and errors as for `generate`."""
        order = Order(
            name=name,
            scopes=parse_scopes(scopes) if isinstance(scopes, str) else None if scopes is None else tuple(scopes),
            role=role,
            expires_days=expires_days,
            expires_at=expires_at,
            note=note,
        )
        return self._draft(order)

    def rotate(
        self,
        name_or_id: str,
        *,
        grace_hours: int | None = None,
        expires_days: ExpiresDays = DEFAULT,
        expires_at: datetime | None = None,
    ) -> IssuedToken:
        """Replace a token by a new one of the same name, owner and scopes; the old secret works during the grace.

        Args:
            name_or_id: the token to replace.
            grace_hours: hours for which the old secret still works, 0 to 720; the policy's when left out.
            expires_days: days until the new one ends; when left out it lives as long as the old one was minted for.
            expires_at: its end as an aware time instead.

        Raises:
            Refused: `rotation_in_progress` while an earlier grace runs; `not_active`.
            NotFound, InvalidInput, AuthorizationError, AuditUnavailable, StorageError: as for `generate`.
        """
        return self.commit(
            self.prepare_rotation(name_or_id, grace_hours=grace_hours, expires_days=expires_days, expires_at=expires_at)
        )

    def prepare_rotation(
        self,
        name_or_id: str,
        *,
        grace_hours: int | None = None,
        expires_days: ExpiresDays = DEFAULT,
        expires_at: datetime | None = None,
    ) -> Draft:
        """Draft a rotation: nothing is stored, and the grace has not begun. Arguments and errors as for `rotate`."""
        return self._draft(
            Order(
                name=name_or_id,
                expires_days=expires_days,
                expires_at=expires_at,
                rotates=True,
                grace_hours=grace_hours,
            )
        )

    def _draft(self, order: Order) -> Draft:
        now, judge = self._look()
        view = self._store.view()
        secret = self._mint.mint_unused(view)
        plan = self._mint.plan(view, order, self._caller.principal.subject, secret, now)
        self._store.check_writable()
        self._sink.check_writable()
        return Draft(
            token=judge.judge(plan.new),
            secret=secret,
            order=order if plan.old is None else replace(order, name=plan.old.id),
            replaces=None if plan.old is None else judge.judge(plan.old),
        )

    def commit(self, draft: Draft) -> IssuedToken:
        """Make a draft live. The rules are checked again; its life, and the grace of a rotation, begin now.

        Raises:
            LokiError: as for `generate` and `rotate`; then nothing was made.
        """
        self._require_all()
        caller = self._caller.principal.subject
        with self._ledger.change(caller) as (transaction, now):
            self._mint.check_unused(transaction.view, draft.secret)
            plan = self._mint.plan(transaction.view, draft.order, caller, draft.secret, now)
            store_plan(transaction, plan, now)
            self._ledger.grant(transaction, self._entry(plan.event, plan.new, now, **_describe_plan(plan)))
        return IssuedToken(token=Judge(self._catalog, now, {}).judge(plan.new), secret=draft.secret)

    # -- taking away

    def revoke(self, *names_or_ids: str, owner: str | None = None, dry_run: bool = False) -> tuple[Revocation, ...]:
        """Revoke tokens, for good and from the next verification on. It is never refused for the log's sake.

        Args:
            names_or_ids: which; a name means both of a rotating pair.
            owner: all usable tokens of this owner as well.
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
            revoked = {record.id: mark_revoked(record, now) for record in chosen if not record.revoked}
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
                audit="written" if record.revoked else delivery,
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

    def accept_clock(self) -> None:
        """Take the clock's time as true although the store was written later.

        Raises:
            AuthorizationError, AuditUnavailable, StorageError: as for `generate`.
        """
        self._require_all()
        with self._ledger.change(self._caller.principal.subject) as (transaction, _):
            now = self._clock()
            transaction.accept_clock()
            entry = AuditEntry(
                timestamp=now,
                event=AuditEvent.POLICY_CHANGE,
                user_id=self._caller.principal.subject,
                resource_type="clock",
                details={"accepted": format_time(now), "was": format_time(transaction.view.written_at)},
            )
            self._ledger.grant(transaction, entry)

    # -- common to all

    def _require_all(self) -> None:
        try:
            self._caller.principal.require(ALL)
        except AuthorizationError as error:
            self._ledger.record_quietly(
                AuditEntry(
                    timestamp=self._clock(),
                    event=AuditEvent.PERMISSION_DENIED,
                    user_id=self._caller.principal.subject,
                    resource_id="",
                    ip_address=self._caller.address,
                    user_agent=self._caller.agent,
                    success=False,
                    error=error.code,
                    details={"needed": ALL},
                )
            )
            raise

    def _look(self) -> tuple[datetime, Judge]:
        self._require_all()
        view = self._store.view()
        self._ledger.settle(view)
        now = find_time(self._clock(), view)
        return now, Judge(self._catalog, now, self._store.find_last_uses())

    def _entry(self, event: AuditEvent, record: Record, now: datetime, **details: Any) -> AuditEntry:
        if self._caller.principal.claimed:
            details["claimed"] = dict(self._caller.principal.claimed)
        return AuditEntry(
            timestamp=now,
            event=event,
            user_id=self._caller.principal.subject,
            resource_id=record.id,
            ip_address=self._caller.address,
            user_agent=self._caller.agent,
            details={"name": clean_text(record.name), **details},
        )


def _parse_statuses(status: Status | str | Iterable[Status | str]) -> frozenset[Status]:
    try:
        return frozenset(map(Status, [status] if isinstance(status, str) else status))
    except ValueError:
        known = ", ".join(Status)
        raise InvalidInput("no token is ever in that state", code="unknown_status", remedy=f"known: {known}") from None


def _describe_plan(plan: Plan) -> dict[str, Any]:
    details: dict[str, Any] = {
        "scopes": list(plan.new.scopes),
        "role": plan.new.role,
        "expires_at": format_time(plan.new.expires_at),
    }
    if plan.old is not None:
        details |= {"replaces": plan.old.id, "old_expires_at": format_time(plan.old.expires_at)}
    return details

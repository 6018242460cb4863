"""Issuing tokens: generating and rotating, at once or drafted first and committed later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from loki_core.administration.office import Office
from loki_core.frozen import replace
from loki_core.scopes import parse_scopes
from loki_core.tokens.listing import Judge
from loki_core.tokens.policy import DEFAULT, ExpiresDays
from loki_core.tokens.record import format_time
from loki_core.tokens.token import IssuedToken, Token

if TYPE_CHECKING:
    from loki_core.minting import Draft, Order, Plan


class Issuing(Office):
    """The operations that make tokens."""

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
        from loki_core.minting import Order  # who only looks does not wait for it

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
        from loki_core.minting import Order

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
        now = self._enter()
        judge = Judge(self._catalog, now, {})
        view = self._store.view()
        secret = self._resources.mint.mint_unused(view)
        plan = self._resources.mint.plan(view, order, self._caller.principal.subject, secret, now)
        self._store.check_writable()
        self._resources.sink.check_writable()
        from loki_core.minting import Draft

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
            self._resources.mint.check_unused(transaction.view, draft.secret)
            plan = self._resources.mint.plan(transaction.view, draft.order, caller, draft.secret, now)
            self._resources.mint.store(transaction, plan, now)
            self._ledger.grant(transaction, self._entry(plan.event, plan.new, now, **_describe_plan(plan)))
        return IssuedToken(token=Judge(self._catalog, now, {}).judge(plan.new), secret=draft.secret)


def _describe_plan(plan: Plan) -> dict[str, Any]:
    details: dict[str, Any] = {
        "scopes": list(plan.new.scopes),
        "role": plan.new.role,
        "expires_at": format_time(plan.new.expires_at),
    }
    if plan.old is not None:
        details |= {"replaces": plan.old.id, "old_expires_at": format_time(plan.old.expires_at)}
    return details

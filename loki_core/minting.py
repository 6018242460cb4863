"""Making tokens: drafted first, with every rule checked and nothing stored, then made live by a commit.

Between the two the console shows the secret and asks for proof that it was saved, so a dropped connection leaves no
token that nobody holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from loki_core.audit.events import AuditEvent
from loki_core.errors import Refused
from loki_core.frozen import dataclass, replace
from loki_core.interfaces import TokenView, Transaction
from loki_core.roles import RoleCatalog
from loki_core.tokens.names import check_name, check_note, set_aside
from loki_core.tokens.policy import (
    DEFAULT,
    ExpiresDays,
    TokenPolicy,
    check_limit,
    count_active,
    resolve_expiry,
    resolve_grace,
    resolve_lifetime,
)
from loki_core.tokens.record import BrokenRecord, Record
from loki_core.tokens.resolve import get_record
from loki_core.tokens.secret import Choice, Secret, digest_secret, mint_secret
from loki_core.tokens.token import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a new token is to be like, as asked for.

    Attributes:
        name: its name; of a rotation the old token's name or id.
        scopes, role: the grant, see RoleCatalog.resolve_grant.
        expires_days, expires_at: its end, see resolve_expiry; of a rotation DEFAULT means as long as the old one.
        note: what stops if it is revoked.
        rotates: whether it replaces the token `name`.
        grace_hours: of a rotation, hours for which the old secret still works, or None for the policy's.
    """

    name: str
    scopes: tuple[str, ...] | None = None
    role: str | None = None
    expires_days: ExpiresDays = DEFAULT
    expires_at: datetime | None = None
    note: str = ""
    rotates: bool = False
    grace_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A token that is not live yet: nothing of it is stored.

    Attributes:
        token: what it would be if it were committed when it was drafted.
        secret: its secret; commit makes it the token's.
        order: what was asked for.
        replaces: of a rotation, the token that it replaces, with the end that its grace would give it.
    """

    token: Token
    secret: Secret
    order: Order
    replaces: Token | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a commit would store: the new record, and the record that it replaces, changed."""

    new: Record
    old: Record | None = None

    @property
    def event(self) -> AuditEvent:
        """What to log it as."""
        return AuditEvent.TOKEN_CREATE if self.old is None else AuditEvent.TOKEN_ROTATE


class Mint:
    """Plans new tokens under the rules. Pure, but for the randomness passed in."""

    def __init__(self, policy: TokenPolicy, roles: RoleCatalog, choose: Choice | None) -> None:
        self._policy = policy
        self._roles = roles
        self._choose = choose

    def mint_unused(self, view: TokenView) -> Secret:
        """Return a secret whose id no token has."""
        while True:
            secret = mint_secret(self._choose)
            if view.get_record(find_id(secret)) is None:
                return secret

    @staticmethod
    def check_unused(view: TokenView, secret: Secret) -> None:
        """Refuse a secret that was made live before, also when its token is gone by now.

        Raises:
            Refused: `already_committed`.
        """
        token_id = find_id(secret)
        if view.get_record(token_id) is not None or view.find(secret.reveal()) is not None:
            raise Refused(f"{token_id} was made live before", code="already_committed", remedy="draft another token")

    def plan(self, view: TokenView, order: Order, owner: str, secret: Secret, now: datetime) -> Plan:
        """Check every rule and return what to store.

        Args:
            view: the store.
            order: what is asked for.
            owner: whose token it will be.
            secret: its secret.
            now: the time of minting (UTC).

        Raises:
            InvalidInput: what is asked for is wrong by itself.
            Refused: the policy or the store's state forbids it.
            NotFound: the token to rotate does not exist.
        """
        if order.rotates:
            return self._plan_rotation(view, order, secret, now)
        name = check_name(order.name)
        note = check_note(order.note)
        scopes, role = self._roles.resolve_grant(order.scopes, order.role)
        expires_at = resolve_expiry(now, self._policy, order.expires_days, order.expires_at)
        for holder in view.find_by_name(name):
            if isinstance(holder, Record) and not holder.is_over(now):
                raise Refused(
                    f"the name is taken by {holder.id}",
                    code="name_taken",
                    remedy=f"choose another, or: loki enterprise token rotate {holder.id}",
                )
        if self._policy.max_active_per_user is not None:
            check_limit(count_active(view.readable(), owner, now), owner, self._policy)
        digest = digest_secret(secret.reveal())
        return Plan(
            new=Record(
                id=find_id(secret),
                name=name,
                stored_name=name,
                hash=digest,
                scopes=scopes,
                role=role,
                owner=owner,
                note=note,
                created_at=now,
                expires_at=expires_at,
            )
        )

    def _plan_rotation(self, view: TokenView, order: Order, secret: Secret, now: datetime) -> Plan:
        old = get_record(view, order.name, now)
        if isinstance(old, BrokenRecord):
            raise Refused(f"{old.id} cannot be read: {old.problem}", code="unreadable", remedy="generate a new token")
        if not old.is_usable(now):
            raise Refused(
                f"{old.id} is revoked, expired or locked",
                code="not_active",
                remedy="generate a new token instead",
            )
        self._check_no_rotation(view, old, now)
        self._roles.resolve_grant(old.scopes, None)  # a scope that is gone is not minted again
        grace = resolve_grace(self._policy, order.grace_hours)
        if order.expires_days is DEFAULT and order.expires_at is None:
            expires_at = resolve_lifetime(now, self._policy, old)
        else:
            expires_at = resolve_expiry(now, self._policy, order.expires_days, order.expires_at)
        new = replace(
            old,
            id=find_id(secret),
            stored_name=old.name,
            hash=digest_secret(secret.reveal()),
            salt="",
            lookup="",
            created_at=now,
            expires_at=expires_at,
            last_used=None,
            rotated_from=old.id,
            rotated_to=None,
            raw={},
        )
        return Plan(new=new, old=_supersede(old, new.id, now + grace))

    @staticmethod
    def _check_no_rotation(view: TokenView, old: Record, now: datetime) -> None:
        newer = old.id if old.rotated_to is None else old.rotated_to
        before = view.get_record(old.rotated_from or "")
        if old.rotated_to is not None or (isinstance(before, Record) and before.is_usable(now)):
            raise Refused(
                f"{newer} has just replaced another secret, which still works",
                code="rotation_in_progress",
                remedy=f"wait for its grace to end, or revoke {before.id if before else old.id} first",
            )

    @staticmethod
    def store(transaction: Transaction, plan: Plan, now: datetime) -> None:
        """Put a plan's records, and free the name from dead records that still hold it on disk."""
        for record in find_dead_holders(transaction.view, plan.new.name, now):
            transaction.put(replace(record, stored_name=set_aside(record.name, record.id)))
        if plan.old is not None:
            transaction.put(plan.old)
        transaction.put(plan.new)


def find_id(secret: Secret) -> str:
    """Return the id of the token with this secret: `tok-` and the first 12 hex digits of its hash."""
    return f"tok-{digest_secret(secret.reveal())[:12]}"


def _supersede(old: Record, new_id: str, grace_ends: datetime) -> Record:
    ends = grace_ends if old.expires_at is None else min(old.expires_at, grace_ends)
    return replace(old, stored_name=set_aside(old.name, old.id), expires_at=ends, rotated_to=new_id)


def find_dead_holders(view: TokenView, name: str, now: datetime) -> Iterable[Record]:
    """Return the records that are called so on disk and are over; the peer assumes one record a name."""
    return [
        record
        for record in view.find_by_name(name)
        if isinstance(record, Record) and record.stored_name == name and record.is_over(now)
    ]

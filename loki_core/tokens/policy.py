"""What may be minted: expiry, limits, grace. Pure; checked when a token is generated or rotated, and only then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final, Literal

from loki_core.errors import InvalidInput, Refused
from loki_core.frozen import dataclass
from loki_core.tokens.record import Record

LONGEST_DAYS = 36_500
LONGEST_GRACE_HOURS = 720


class Default(Enum):
    """Stands for 'not given', where None means 'never'."""

    DEFAULT = "default"


DEFAULT: Final = Default.DEFAULT
ExpiresDays = int | None | Literal[Default.DEFAULT]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """The administrator's rules for new tokens.

    Attributes:
        default_expiration_days: days until a new token expires when nothing is asked for.
        max_expiration_days: the most days that may be asked for, or None.
        max_active_per_user: the most usable tokens an owner may have, or None.
        allow_never: whether a token may be asked for that never expires.
        rotation_grace_hours: hours for which a replaced secret still works.
    """

    default_expiration_days: int = 90
    max_expiration_days: int | None = None
    max_active_per_user: int | None = None
    allow_never: bool = True
    rotation_grace_hours: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A record that the policy would refuse to mint, and why."""

    record: Record
    code: str
    message: str


def parse_expiry(text: str) -> int | datetime | None:
    """Return what `--expires` asks for: days, None for `never`, or the last second of a date (UTC).

    Raises:
        InvalidInput: `invalid_expiry`.
    """
    text = text.strip().lower()
    if text == "never":
        return None
    days = text.removesuffix("d")
    if days.isascii() and days.isdigit() and len(days) <= 9:
        return int(days)
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return day + timedelta(days=1, seconds=-1)  # shown as the date that was asked for
    except (ValueError, OverflowError):
        raise _invalid_expiry("is not a number of days, a date or never") from None


def resolve_expiry(
    now: datetime, policy: TokenPolicy, days: ExpiresDays = DEFAULT, at: datetime | None = None
) -> datetime | None:
    """Return when a token minted now ends, or None for never. N days are N × 86,400 seconds.

    Args:
        now: the time of minting (UTC).
        policy: the rules in force.
        days: days from now, None for never, or DEFAULT for the policy's default.
        at: an end given as a time instead; it must be aware.

    Raises:
        InvalidInput: `invalid_expiry`: not a positive number of days, or more than a century.
        Refused: `expiry_too_far` or `never_forbidden` by the policy.
    """
    if at is not None:
        if days is not DEFAULT:
            raise _invalid_expiry("is given twice")
        if at.tzinfo is None:
            raise _invalid_expiry("is a time without a time zone")
        if at <= now:
            raise _invalid_expiry("is in the past")
        if at > now + timedelta(days=LONGEST_DAYS):
            raise _invalid_expiry("is more than a century away")
        end = at.astimezone(UTC)
    elif days is None:
        if not policy.allow_never or policy.max_expiration_days is not None:
            limit = policy.max_expiration_days
            raise Refused(
                "the policy forbids tokens that never expire",
                code="never_forbidden",
                remedy=f"ask for at most {limit} days" if limit else "ask for a number of days, such as 90",
            )
        return None
    else:
        wanted = policy.default_expiration_days if days is DEFAULT else days
        if isinstance(wanted, bool) or not isinstance(wanted, int):
            raise _invalid_expiry("is not a whole number of days")
        if wanted < 1:
            raise _invalid_expiry(f"is {wanted} days" if wanted < 0 else "is 0 days")
        if wanted > LONGEST_DAYS:
            raise _invalid_expiry("is more than a century away")
        end = now + timedelta(days=wanted)
    if policy.max_expiration_days is not None and end > now + timedelta(days=policy.max_expiration_days):
        raise Refused(
            f"the policy allows at most {policy.max_expiration_days} days",
            code="expiry_too_far",
            remedy=f"--expires {policy.max_expiration_days} or less",
        )
    return end


def _invalid_expiry(problem: str) -> InvalidInput:
    return InvalidInput(
        f"the expiry {problem}",
        code="invalid_expiry",
        remedy=f"give 1 to {LONGEST_DAYS} days, a coming date such as 2027-03-31, or never",
    )


def resolve_grace(policy: TokenPolicy, hours: int | None) -> timedelta:
    """Return for how long a replaced secret still works.

    Args:
        policy: the rules in force.
        hours: what was asked for, or None for the policy's.

    Raises:
        InvalidInput: `invalid_grace`: not a whole number of hours from 0 to 720.
    """
    wanted = policy.rotation_grace_hours if hours is None else hours
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 0 <= wanted <= LONGEST_GRACE_HOURS:
        raise InvalidInput(
            "the grace is not a whole number of hours from 0 to 720", code="invalid_grace", remedy="such as --grace 24"
        )
    return timedelta(hours=wanted)


def resolve_lifetime(now: datetime, policy: TokenPolicy, old: Record) -> datetime | None:
    """Return when a token that replaces `old` ends: as long as that was minted for, within the policy."""
    if old.expires_at is None:
        if policy.allow_never and policy.max_expiration_days is None:
            return None
        life = timedelta(days=policy.default_expiration_days)
    elif old.created_at is None or old.created_at >= old.expires_at:
        life = timedelta(days=policy.default_expiration_days)
    else:
        life = old.expires_at - old.created_at
    if policy.max_expiration_days is not None:
        life = min(life, timedelta(days=policy.max_expiration_days))
    return now + min(life, timedelta(days=LONGEST_DAYS))


def count_active(records: Iterable[Record], owner: str, now: datetime) -> int:
    """Return how many usable tokens the owner has; a rotating pair counts once."""
    usable = {record.id: record for record in records if record.owner == owner and record.is_usable(now)}
    return sum(1 for record in usable.values() if record.rotated_to not in usable)


def check_limit(active: int, owner: str, policy: TokenPolicy) -> None:
    """Refuse one more token for an owner who has reached the limit.

    Raises:
        Refused: `limit_reached`.
    """
    limit = policy.max_active_per_user
    if limit is not None and active >= limit:
        raise Refused(
            f"{owner} has {active} active tokens of {limit} allowed",
            code="limit_reached",
            remedy="revoke one, or raise enterprise.tokens.max_active_per_user",
        )


def find_violations(records: Iterable[Record], policy: TokenPolicy, now: datetime) -> tuple[Violation, ...]:
    """Return the usable records that this policy would refuse to mint."""
    usable = [record for record in records if record.is_usable(now)]
    found: list[Violation] = []
    for record in usable:
        if record.expires_at is None:
            if not policy.allow_never or policy.max_expiration_days is not None:
                found.append(Violation(record=record, code="never_forbidden", message="never expires"))
        elif policy.max_expiration_days is not None and record.created_at is not None:
            life = record.expires_at - record.created_at
            if life > timedelta(days=policy.max_expiration_days):
                message = f"minted for {life.days} days, at most {policy.max_expiration_days} allowed"
                found.append(Violation(record=record, code="expiry_too_far", message=message))
    limit = policy.max_active_per_user
    if limit is not None:
        ids = {record.id for record in usable}
        taken: dict[str, int] = {}
        for record in sorted(usable, key=lambda each: each.created_at or now):
            if record.owner is None or record.rotated_to in ids:
                continue
            taken[record.owner] = taken.get(record.owner, 0) + 1
            if taken[record.owner] > limit:
                message = f"number {taken[record.owner]} of {record.owner}, at most {limit} allowed"
                found.append(Violation(record=record, code="limit_reached", message=message))
    return tuple(found)

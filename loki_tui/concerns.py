"""What about a token needs somebody soon, and what to do about it. Pure: `now` is an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from loki_core import Status, Token

IDLE_AFTER = timedelta(days=60)
STILL_IN_USE = timedelta(days=7)


class Concern(StrEnum):
    """The kinds, worst first."""

    EXPIRED_IN_USE = "expired_in_use"
    OLD_IN_USE = "old_in_use"
    EXPIRING = "expiring"
    UNREADABLE = "unreadable"
    LOCKED = "locked"
    IDLE_POWER = "idle_power"


RANK = {concern: rank for rank, concern in enumerate(Concern)}


def find_concern(token: Token, now: datetime, *, replaced_by: Token | None = None) -> Concern | None:
    """Return what about the token needs somebody, or None.

    Args:
        token: the token.
        now: the time to judge at (UTC).
        replaced_by: when its grace runs, the token that takes over from it.
    """
    status = token.status
    if status is Status.ACTIVE:
        if token.expires_at is None and "*" in token.scopes:
            idle_since = token.last_used or token.created_at
            if idle_since is not None and now - idle_since >= IDLE_AFTER:
                return Concern.IDLE_POWER
        return None
    if status is Status.EXPIRING:
        return Concern.EXPIRING
    if status is Status.ROTATING:
        born = replaced_by.created_at if replaced_by is not None else None
        used_since = token.last_used is not None and (born is None or token.last_used > born)
        return Concern.OLD_IN_USE if used_since else None
    if status is Status.EXPIRED:
        ended, used = token.expires_at, token.last_used
        if ended is None or used is None or token.rotated_to:
            return None
        in_use = now - ended <= STILL_IN_USE and ended - used <= STILL_IN_USE
        return Concern.EXPIRED_IN_USE if in_use else None
    if status is Status.LOCKED:
        return Concern.LOCKED
    return Concern.UNREADABLE if status is Status.UNREADABLE else None


def count_concerns(concerns: Iterable[Concern | None]) -> dict[Concern, int]:
    """Return how many there are of each kind, worst first."""
    counts: dict[Concern, int] = {}
    for concern in concerns:
        if concern is not None:
            counts[concern] = counts.get(concern, 0) + 1
    return {concern: counts[concern] for concern in Concern if concern in counts}


def describe_counts(counts: Mapping[Concern, int]) -> tuple[str, ...]:
    """Return the counts in words, worst first: `2 expire in 14 d`."""
    return tuple(_describe_count(concern, count) for concern, count in counts.items())


def _describe_count(concern: Concern, count: int) -> str:
    one = count == 1
    match concern:
        case Concern.EXPIRED_IN_USE:
            return f"{count} expired while in use"
        case Concern.OLD_IN_USE:
            return f"{count} old secret{'' if one else 's'} still in use"
        case Concern.EXPIRING:
            return f"{count} expire{'s' if one else ''} within 14 d"
        case Concern.UNREADABLE:
            return f"{count} record{'' if one else 's'} unreadable"
        case Concern.LOCKED:
            return f"{count} locked"
        case Concern.IDLE_POWER:
            return f"{count} unused with full access"

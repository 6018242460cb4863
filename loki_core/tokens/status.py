"""What state a token is in at a given time. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

EXPIRING_WITHIN = timedelta(days=14)
EXPIRING_SHARE = 5
"""A token that lives for less than 70 days is expiring in the last fifth of its life."""


class Status(StrEnum):
    """The states, as they are listed and filtered by."""

    ACTIVE = "active"
    EXPIRING = "expiring"
    ROTATING = "rotating"
    EXPIRED = "expired"
    REVOKED = "revoked"
    LOCKED = "locked"
    UNREADABLE = "unreadable"

    @property
    def is_usable(self) -> bool:
        """Whether a token in this state still verifies."""
        return self in {Status.ACTIVE, Status.EXPIRING, Status.ROTATING}


def find_status(
    now: datetime,
    *,
    created_at: datetime | None,
    expires_at: datetime | None,
    revoked: bool = False,
    locked: bool = False,
    rotated: bool = False,
) -> Status:
    """Return the state of a token.

    Args:
        now: the time to judge at (UTC).
        created_at: when it was minted, or None when that is not known.
        expires_at: when it ends, exclusive, or None for never.
        revoked: whether it was revoked.
        locked: whether it is locked.
        rotated: whether a newer secret has replaced it and only its grace remains.
    """
    if revoked:
        return Status.REVOKED
    if expires_at is not None and now >= expires_at:
        return Status.EXPIRED
    if locked:
        return Status.LOCKED
    if rotated:
        return Status.ROTATING
    if expires_at is None:
        return Status.ACTIVE
    window = EXPIRING_WITHIN
    if created_at is not None:
        window = min(window, (expires_at - created_at) / EXPIRING_SHARE)
    return Status.EXPIRING if expires_at - now <= window else Status.ACTIVE

"""In which order rows stand: worst first, or by one field. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from loki_core import Status
from loki_tui.concerns import RANK
from loki_tui.rows import Row


class Order(StrEnum):
    """The orders, as `s` goes through them; the value is how the screen names it."""

    URGENCY = "urgency"
    NAME = "name"
    EXPIRES = "expires"
    LAST_USED = "last used"
    CREATED = "created"

    @property
    def following(self) -> Order:
        """The next one, the first after the last."""
        orders = list(Order)
        return orders[(orders.index(self) + 1) % len(orders)]


_NO_CONCERN = {
    Status.EXPIRING: 10,
    Status.ROTATING: 11,
    Status.ACTIVE: 12,
    Status.LOCKED: 13,
    Status.UNREADABLE: 14,
    Status.EXPIRED: 15,
    Status.REVOKED: 16,
}
_LAST = float("inf")
_Key = Callable[[Row], tuple[float | str, ...]]


def _rank_by_urgency(row: Row) -> tuple[float | str, ...]:
    token = row.token
    rank = RANK[row.concern] if row.concern is not None else _NO_CONCERN[token.status]
    ends = (row.old or token).expires_at
    if rank >= 15:
        # The dead: the latest death first, for that is the one people ask about.
        ended = token.revoked_at or token.expires_at
        return rank, -ended.timestamp() if ended is not None else _LAST, row.sort_name
    return rank, ends.timestamp() if ends is not None else _LAST, row.sort_name


def _rank_by_name(row: Row) -> tuple[float | str, ...]:
    return row.sort_name, row.token.id


def _rank_by_expiry(row: Row) -> tuple[float | str, ...]:
    ends = (row.old or row.token).expires_at
    return ends.timestamp() if ends is not None else _LAST, row.sort_name


def _rank_by_last_use(row: Row) -> tuple[float | str, ...]:
    used = row.last_used
    return -used.timestamp() if used is not None else _LAST, row.sort_name


def _rank_by_creation(row: Row) -> tuple[float | str, ...]:
    made = row.token.created_at
    return -made.timestamp() if made is not None else _LAST, row.sort_name


_KEYS: dict[Order, _Key] = {
    Order.URGENCY: _rank_by_urgency,
    Order.NAME: _rank_by_name,
    Order.EXPIRES: _rank_by_expiry,
    Order.LAST_USED: _rank_by_last_use,
    Order.CREATED: _rank_by_creation,
}


def sort_rows(rows: Iterable[Row], order: Order, *, backwards: bool = False) -> tuple[Row, ...]:
    """Return the rows in that order: newest uses and mintings first, earliest ends first."""
    return tuple(sorted(rows, key=_KEYS[order], reverse=backwards))

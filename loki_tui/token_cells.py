"""What the columns of the tokens table say about a row. Pure; called for visible rows only."""

from __future__ import annotations

from datetime import datetime

from loki_core import Status, safe_text
from loki_tui.ages import format_ago, format_day, format_left, format_until
from loki_tui.concerns import Concern
from loki_tui.grants import describe_grant
from loki_tui.rows import Row
from loki_tui.spans import Span
from loki_tui.widgets.row_source import Column

COLUMNS = (
    Column(id="name", title="NAME", most=30),
    Column(id="id", title="ID", width=18, shown_from=99),
    Column(id="status", title="STATUS", width=12),
    Column(id="grants", title="GRANTS", width=15, shown_from=72),
    Column(id="expires", title="EXPIRES", width=11),
    Column(id="used", title="LAST USED", width=14),
    Column(id="owner", title="OWNER", width=15, shown_from=112),
    Column(id="created", title="CREATED", width=13, shown_from=126),
    Column(id="note", title="NOTE", shown_from=140),
)
_STATUS_TONE = {
    Status.ACTIVE: "",
    Status.EXPIRING: "warn",
    Status.ROTATING: "accent",
    Status.EXPIRED: "bad",
    Status.REVOKED: "muted",
    Status.LOCKED: "bad",
    Status.UNREADABLE: "bad",
}
_DEAD = frozenset({Status.REVOKED, Status.EXPIRED})
_PLAIN_STATUS_SAYS_IT = {Concern.EXPIRING, Concern.UNREADABLE, Concern.LOCKED}


def format_cell(row: Row, column: str, now: datetime) -> Span:
    """Return what stands in a column, safe to show.

    Args:
        row: the row.
        column: the column's id.
        now: the time to tell ages from (UTC).
    """
    token = row.token
    faded = "muted" if token.status in _DEAD and row.concern is None else ""
    match column:
        case "name":
            return Span(safe_text(token.name, limit=255) or "(no name)", faded)
        case "id":
            return Span(safe_text(token.id, limit=40), faded)
        case "status":
            return _format_status(row)
        case "grants":
            return Span("?" if token.status is Status.UNREADABLE else describe_grant(token), faded)
        case "expires":
            return _format_expiry(row, now, faded)
        case "used":
            return _format_use(row, now, faded)
        case "owner":
            return Span(safe_text(token.owner or "-", limit=40), faded)
        case "note":
            return Span(safe_text(token.note), "muted")
        case _:
            created = token.created_at
            return Span(format_day(created, now) if created else "-", faded)


def _format_status(row: Row) -> Span:
    status = row.status
    flagged = row.concern is not None and row.concern not in _PLAIN_STATUS_SAYS_IT
    tone = _STATUS_TONE[status]
    if flagged:
        tone = "bad" if row.concern is Concern.EXPIRED_IN_USE else "warn"
    return Span(f"{status.value} !" if flagged else status.value, tone)


def _format_expiry(row: Row, now: datetime, faded: str) -> Span:
    token = row.token
    if row.old is not None and row.old.expires_at is not None:
        return Span(f"old: {format_left(row.old.expires_at - now)}", "accent")
    if token.status is Status.UNREADABLE and token.expires_at is None:
        return Span("?")
    if token.status is Status.REVOKED:
        return Span("-", faded)
    return Span(format_until(token.expires_at, now), faded)


def _format_use(row: Row, now: datetime, faded: str) -> Span:
    if row.token.status is Status.UNREADABLE and row.token.last_used is None:
        return Span("?")
    if row.concern is Concern.OLD_IN_USE and row.old is not None:
        return Span(f"OLD {format_ago(row.old.last_used, now)}", "warn")
    return Span(format_ago(row.last_used, now), faded)

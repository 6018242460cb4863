"""What the columns of the audit table say about an entry. Pure; called for visible rows only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from loki_core import AuditEvent, Level, safe_text
from loki_tui.ages import format_day
from loki_tui.audit.rows import EntryRow
from loki_tui.spans import Span
from loki_tui.widgets.row_source import Column

COLUMNS = (
    Column(id="time", title="TIME (UTC)", width=13),
    Column(id="deed", title="EVENT", width=14, hidden_from=72),
    Column(id="event", title="EVENT", width=19, shown_from=72),
    Column(id="actor", title="ACTOR", most=22, least=9),
    Column(id="about", title="WHAT / WHERE", most=44, least=14, shown_from=72, hidden_from=112),
    Column(id="what", title="WHAT", most=44, least=14, shown_from=112),
    Column(id="address", title="FROM", width=17, shown_from=112),
    Column(id="seq", title="#", width=10, shown_from=126),
    Column(id="outcome", title="OUTCOME", least=16),
)
LOCAL = "this host"
"""Where a caller without an address was."""
_SESSIONS = frozenset({AuditEvent.SIGN_IN_START, AuditEvent.SIGN_IN_END})
"""Without their area they would be called as sessions of work are."""
_TONES = {Level.INFO: "", Level.NOTICE: "", Level.WARNING: "warn", Level.ERROR: "bad"}


def format_cell(row: EntryRow, column: str, names: Mapping[str, str], now: datetime) -> Span:
    """Return what stands in a column, safe to show.

    Args:
        row: the row.
        column: the column's id.
        names: what tokens are called, by id.
        now: today is told by the time alone (UTC).
    """
    faded = "muted" if row.level is Level.INFO else ""
    match column:
        case "time":
            return Span(format_time(row.at, now), faded)
        case "event" | "deed":
            event = row.event.removeprefix("auth.") if column == "deed" and row.event not in _SESSIONS else row.event
            return Span(safe_text(event, limit=60), "strong" if row.level is Level.NOTICE else faded)
        case "actor":
            return Span(name_actor(row, names), faded)
        case "about":
            return Span(_say_what_or_where(row, names), faded)
        case "what":
            return Span(name_resource(row, names) or "-", faded)
        case "address":
            return Span(safe_text(row.address, limit=45) or LOCAL, faded)
        case "seq":
            return Span(str(row.seq) if row.seq else "-", "muted")
        case _:
            return Span(describe_outcome(row), _TONES[row.level] or faded)


def format_time(at: datetime, now: datetime) -> str:
    """Return when something happened: `14:02:11` today, `22 Nov 14:02` this year, else `22 Nov 2025`."""
    if at.date() == now.date():
        return at.strftime("%H:%M:%S")
    day = format_day(at, now)
    return day if at.year != now.year else f"{day} {at.strftime('%H:%M')}"


def name_actor(row: EntryRow, names: Mapping[str, str]) -> str:
    """Return who did it: a token by its name where that is known."""
    return safe_text(names.get(row.actor) or row.actor, limit=60)


def name_resource(row: EntryRow, names: Mapping[str, str]) -> str:
    """Return what it was done to, by its name where that is known, or ""."""
    name = row.name or names.get(row.resource) or row.resource
    if not name:
        return ""
    return safe_text(name if row.kind in {"token", "auth", ""} else f"{row.kind} {name}", limit=80)


def describe_outcome(row: EntryRow) -> str:
    """Return how it ended: `ok`, or the code of why not; with a sign where somebody should look."""
    outcome = "ok" if row.success else safe_text(row.error, limit=40) or "failed"
    return f"{outcome} !" if row.is_troubling else outcome


def _say_what_or_where(row: EntryRow, names: Mapping[str, str]) -> str:
    """Return what it was done to; where that says no more than the actor, where it came from."""
    if row.resource and row.resource != row.actor:
        return name_resource(row, names)
    return safe_text(row.address, limit=45) or LOCAL

"""The lines about one token under the table: what it allows, who uses it, what to do next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from loki_core import Status, Use, safe_text
from loki_tui.advice import advise
from loki_tui.ages import format_ago, format_day, format_left, format_minute
from loki_tui.grants import describe_chains, describe_refusals
from loki_tui.rows import Row
from loki_tui.spans import Span, clip, measure

if TYPE_CHECKING:
    from loki_core.scopes import ScopeCatalog

LABEL = 10
_NOTE = "Note    "
USES_SINCE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a token's history, in short: when, what, and by whom."""

    at: datetime
    what: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What had to be looked up about a row, away from the table.

    Attributes:
        uses: where its secrets were used from in the last 30 days, newest first.
        events: the newest lines of its history, newest first.
        problem: why these could not be looked up, or "".
    """

    uses: tuple[Use, ...] = ()
    events: tuple[Event, ...] = ()
    problem: str = ""


def describe_row(
    row: Row, facts: Facts | None, catalog: ScopeCatalog, now: datetime, *, width: int, height: int
) -> list[list[Span]]:
    """Return the title and the lines about a row, most important ones only where the room is small.

    Args:
        row: the row.
        facts: what was looked up about it, or None while that is under way.
        catalog: the scopes that exist here.
        now: the time to tell ages from (UTC).
        width: the room, in cells.
        height: the room, in lines.
    """
    pairs = {
        "allows": ("Allows", _say_allowed(row, catalog), "Refuses ", _say_refused(row, catalog)),
        "owner": ("Owner", _say_owner(row, now), _NOTE, _say_note(row)),
        "expires": ("Expires", _say_expiry(row, now), "Old     ", _say_grace(row, now)),
    }
    if row.token.status is Status.UNREADABLE:
        pairs["allows"] = ("Problem", [Span(safe_text(row.token.problem) or "unknown", "bad")], "", [])
    elif row.token.status is Status.REVOKED:
        pairs["expires"] = ("Revoked", _say_revocation(row, now), "", [])
    if height >= 7:
        chosen = ["allows", "owner", "expires", "used", "last", "next"]
    elif height >= 5:
        chosen = ["allows", "expires", "used", "next"]
    else:
        chosen = ["used", "next"]
    firsts = [measure(pairs[name][1]) for name in chosen if name in pairs and pairs[name][3]]
    middle = min(max(firsts, default=0) + LABEL + 2, width // 2)
    lines = {
        name: _pair(label, first, title, second, middle, width) for name, (label, first, title, second) in pairs.items()
    }
    lines["used"] = _label("Used", _say_use(row, facts, now))
    lines["last"] = _label("Last", _say_history(facts, now, width))
    lines["next"] = _compose_advice(row, facts, width, now)
    described = [_compose_title(row, width), *(lines[name] for name in chosen)]
    if height >= 10 and facts is not None:
        described += _compose_more(facts, now, width, height - len(described))
    return described


def _label(label: str, spans: Sequence[Span]) -> list[Span]:
    return [Span(f" {label}".ljust(LABEL), "muted"), *spans]


def _pair(
    label: str, first: Sequence[Span], title: str, seconds: Sequence[Span], middle: int, width: int
) -> list[Span]:
    """Put two things on one line, the second from the middle on.

    Of the forms that the second has the first that fits is taken; only a note is shown in part.
    """
    line = _label(label, first)
    start = [Span(" " * max(middle - measure(line), 2)), Span(title, "muted")]
    room = width - measure(line) - measure(start)
    for second in seconds:
        if measure([second]) <= room or (title == _NOTE and room >= 16):
            return [*line, *start, second]
    return line


def _compose_title(row: Row, width: int) -> list[Span]:
    ids = safe_text(row.token.id, limit=40)
    if row.old is not None:
        ids = f"{safe_text(row.old.id, limit=40)} > {ids}"
    name = clip(safe_text(row.token.name) or "(no name)", max(width - len(ids) - 10, 8))
    title = [Span(f" {name}", "head"), Span(f"  {ids}", "head")]
    return [*title, Span(" " * max(width - measure(title), 0), "head")]


def _say_allowed(row: Row, catalog: ScopeCatalog) -> list[Span]:
    return [Span(describe_chains(row.token.scopes, catalog), "warn" if "*" in row.token.scopes else "")]


def _say_refused(row: Row, catalog: ScopeCatalog) -> list[Span]:
    return [Span(describe_refusals(row.token, [scope.name for scope in catalog]))]


def _say_owner(row: Row, now: datetime) -> list[Span]:
    token = row.token
    made = f"made {format_day(token.created_at, now)}" if token.created_at else "made: unknown"
    owner = safe_text(token.owner, limit=40) if token.owner else "not recorded"
    return [Span(owner), Span(f"  {made}", "muted")]


def _say_note(row: Row) -> list[Span]:
    return [Span(safe_text(row.token.note))] if row.token.note else [Span("none", "muted")]


def _say_expiry(row: Row, now: datetime) -> list[Span]:
    token = row.token
    if token.expires_at is None:
        return [Span("unknown" if token.status is Status.UNREADABLE else "never")]
    gone = token.expires_at <= now
    span = format_ago(token.expires_at, now) if gone else f"{format_left(token.expires_at - now)} left"
    return [Span(format_minute(token.expires_at), "bad" if gone else ""), Span(f"  {span}", "muted")]


def _say_grace(row: Row, now: datetime) -> list[Span]:
    if row.old is None or row.old.expires_at is None:
        return []
    ends = row.old.expires_at
    left = f"{format_left(ends - now)} left"
    return [Span(f"dies {ends.strftime('%H:%MZ')}, {left}", "accent"), Span(left, "accent")]


def _say_revocation(row: Row, now: datetime) -> list[Span]:
    at = row.token.revoked_at
    if at is None:
        return [Span("at an unknown time")]
    return [Span(format_minute(at)), Span(f"  {format_ago(at, now)}", "muted")]


def _describe_use(uses: Sequence[Use], last_used: datetime | None, now: datetime) -> str:
    if not uses:
        return format_ago(last_used, now)
    newest = uses[0]
    place = safe_text(newest.address) or "this host"
    calls = sum(use.count for use in uses)
    more = f" and {len(uses) - 1} more" if len(uses) > 1 else ""
    return f"{format_ago(newest.last_at, now)} from {place}{more}, {calls} noted in 30 d"


def _say_use(row: Row, facts: Facts | None, now: datetime) -> list[Span]:
    if facts is not None and facts.problem:
        return [Span(safe_text(facts.problem), "warn")]
    uses = facts.uses if facts is not None else ()
    if row.old is None:
        return [Span(_describe_use(uses, row.token.last_used, now))]
    new = [use for use in uses if use.token_id == row.token.id]
    old = [use for use in uses if use.token_id == row.old.id]
    told = f"new: {format_ago(new[0].last_at if new else row.token.last_used, now)}"
    return [Span(told), Span("   OLD: ", "muted"), Span(_describe_use(old, row.old.last_used, now), "warn")]


def _say_history(facts: Facts | None, now: datetime, width: int) -> list[Span]:
    if facts is None:
        return [Span("reading…", "muted")]
    hint = Span("Enter: history", "muted", "screen.show_history")
    spans: list[Span] = []
    room = width - LABEL - measure([hint]) - 2
    for event in facts.events[:4]:
        text = f"{format_day(event.at, now)} {safe_text(event.what)} {safe_text(event.who)}".rstrip()
        piece = [Span(" | ", "muted"), Span(text)] if spans else [Span(text)]
        if measure(spans) + measure(piece) > room:
            break
        spans += piece
    if not spans:
        spans = [Span("nothing in the audit log", "muted")]
    return [*spans, Span(" " * max(room + 1 - measure(spans), 2)), hint]


def _compose_advice(row: Row, facts: Facts | None, width: int, now: datetime) -> list[Span]:
    uses = facts.uses if facts is not None else ()
    said, key = advise(row, uses, now)
    room = width - LABEL - len(key) - 3
    return _label("Next", [Span(clip(said, room), "strong" if row.concern else ""), Span("  "), Span(key, "key")])


def _compose_more(facts: Facts, now: datetime, width: int, room: int) -> list[list[Span]]:
    """Fill a tall strip: every place of use on the left, the history on the right."""
    half = width // 2
    uses = [
        f" {format_ago(use.last_at, now):<10}  {safe_text(use.address) or 'this host':<16} "
        f"{use.count:>6} x  {safe_text(use.agent)}"
        for use in facts.uses
    ]
    events = [
        f"{format_day(event.at, now):<12}  {safe_text(event.what):<18} {safe_text(event.who)}" for event in facts.events
    ]
    lines = [
        [Span(" Used from, 30 days".ljust(half), "muted"), Span("History", "muted")],
    ]
    for index in range(min(max(len(uses), len(events), 1), room - 1)):
        left = uses[index] if index < len(uses) else (" nowhere" if index == 0 else "")
        right = events[index] if index < len(events) else ("nothing" if index == 0 else "")
        left = clip(left, half - 2)
        lines.append([Span(left), Span(" " * (half - measure([Span(left)]))), Span(right)])
    return lines

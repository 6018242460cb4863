"""How far away a moment is, in words short enough for a table cell. Pure: the time to judge at is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta

_STEPS = ((86_400 * 365, "y"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_YEARS_FROM = timedelta(days=1_000)
"""Up to here days are told exactly: "in 365 d" says more than "in 1 y"."""


def format_span(span: timedelta) -> str:
    """Return a length of time in its largest unit, rounded down: `27 d`, `3 h`, `0 s`."""
    seconds = max(int(span.total_seconds()), 0)
    for size, unit in _STEPS:
        if unit == "y" and span < _YEARS_FROM:
            continue
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "0 s"


def format_left(span: timedelta) -> str:
    """Return the time that is left: as `format_span`, but what was just made for 90 days has 90 d left, not 89."""
    return format_span(span + timedelta(minutes=1) if span >= timedelta(hours=1) else span)


def format_ago(moment: datetime | None, now: datetime) -> str:
    """Return how long ago something was: `2 m ago`, `just now`, or `never`."""
    if moment is None:
        return "never"
    if now - moment < timedelta(seconds=10):
        return "just now"
    return f"{format_span(now - moment)} ago"


def format_until(moment: datetime | None, now: datetime) -> str:
    """Return how long it is until something ends: `in 27 d`, `3 d ago` when it has, or `never`."""
    if moment is None:
        return "never"
    if moment <= now:
        return format_ago(moment, now)
    return f"in {format_left(moment - now)}"


def format_minute(moment: datetime) -> str:
    """Return a moment to the minute: `2026-12-23 14:02Z`."""
    return moment.strftime("%Y-%m-%d %H:%MZ")


def format_day(moment: datetime, now: datetime) -> str:
    """Return a moment as one remembers it: `14:02` today, `24 Oct` this year, else `24 Oct 2024`."""
    if moment.date() == now.date():
        return moment.strftime("%H:%M")
    day = f"{moment.day} {moment.strftime('%b')}"
    return day if moment.year == now.year else f"{day} {moment.year}"

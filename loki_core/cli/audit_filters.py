"""The options that say which entries of the log are meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from loki_core.audit.events import AuditEvent
from loki_core.audit.levels import Level, get_levels_from
from loki_core.audit.query import Query
from loki_core.cli.failure import UsageError, clean
from loki_core.cli.moments import read_moment

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import datetime

    from loki_core.cli.arguments import Parser


def declare_filters(parser: Parser) -> None:
    """Add the options, but for those of time."""
    add = parser.add_argument
    add("--event", metavar="E,E", help="only these events, or areas of events: auth.fail, auth.token")
    add("--level", metavar="L", help=f"only entries of this level or a higher one: {', '.join(Level)}")
    add("--actor", metavar="A", help="only what this one did: os:alice, alice, tok-…, the subject of a sign-in")
    add("--token", metavar="NAME_OR_ID", help="only entries about this token, or by it")
    add("--failed", action="store_true", help="only what was refused or failed")
    add("--text", metavar="T", help="only entries in which this stands somewhere, in whatever case")


def declare_times(parser: Parser) -> None:
    """Add the options of time."""
    add = parser.add_argument
    add("--from", metavar="TIME", dest="since", help="from a day, a time or a span ago on: 2026-03-01, 24h, 7d (UTC)")
    add("--to", metavar="TIME", dest="until", help="until the end of a day, or a time")


def read_query(options: Namespace, now: datetime) -> Query:
    """Return what the options ask for.

    Raises:
        UsageError: `unknown_event`, `unknown_level`, `invalid_time`, `empty_argument`.
    """
    since = read_moment(getattr(options, "since", None), "--from", now)
    until = read_moment(getattr(options, "until", None), "--to", now, is_end=True)
    if since is not None and until is not None and since >= until:
        raise UsageError("--from is not before --to", code="invalid_time", remedy="exchange them")
    return Query(
        since=since,
        until=until,
        events=_read_events(options.event),
        levels=_read_level(options.level),
        actor=options.actor or "",
        token=options.token or "",
        failed=True if options.failed else None,
        text=options.text or "",
    )


def _read_events(text: str | None) -> frozenset[str]:
    if text is None:
        return frozenset()
    names = [name.removesuffix(".*") for name in text.replace(",", " ").lower().split()]
    areas = {event.rsplit(".", depth)[0] for event in AuditEvent for depth in range(1, event.count(".") + 1)}
    known = [*AuditEvent, *sorted(areas - set(AuditEvent))]
    _check_known("event", names, known, "--event")
    return frozenset(names)


def _read_level(text: str | None) -> frozenset[Level]:
    if text is None:
        return frozenset()
    names = text.lower().split()
    _check_known("level", names, list(Level), "--level")
    return get_levels_from(Level(names[0]))


def _check_known(what: str, names: Iterable[str], known: Sequence[str], option: str) -> None:
    from loki_core.nearest import offer

    names = list(names)
    if not names:
        raise UsageError(f"{option} is empty", code="empty_argument", remedy=f"known: {', '.join(known)}")
    for name in names:
        if name not in known:
            raise UsageError(f"unknown {what} {clean(name[:40])!r}", code=f"unknown_{what}", remedy=offer(name, known))


def read_count(text: str | None, option: str, *, otherwise: int | None, least: int = 1) -> int | None:
    """Return the number that an option gives.

    Raises:
        UsageError: `invalid_count`.
    """
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdecimal() and least <= int(text[:10]) and len(text) <= 9):
        raise UsageError(f"{option} is no number of entries", code="invalid_count", remedy=f"such as {option} 20")
    return int(text)

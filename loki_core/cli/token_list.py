"""`token list`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from loki_core.cli import output
from loki_core.cli.columns import Column, write_columns
from loki_core.cli.expiry import read_span
from loki_core.cli.failure import UsageError, clean
from loki_core.cli.opening import open_loki
from loki_core.cli.token_text import format_day, format_minute, join_scopes
from loki_core.json_forms import describe_token
from loki_core.tokens.status import Status

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Token
    from loki_core.cli.arguments import Parser

_FAR = datetime.max.replace(tzinfo=UTC)
_PAST = datetime.min.replace(tzinfo=UTC)
_STATES = [str(status) for status in Status]
_ORDERS: dict[str, Callable[[Token], Any]] = {
    "name": lambda token: token.name.casefold(),
    "id": lambda token: token.id,
    "status": lambda token: _STATES.index(str(token.status)),
    "owner": lambda token: (token.owner is None, token.owner or ""),
    "created": lambda token: _FAR - (token.created_at or _PAST),
    "expires": lambda token: token.expires_at or _FAR,
    "used": lambda token: token.last_used or _PAST,
}
_STYLES = {
    "active": "green",
    "expiring": "yellow",
    "rotating": "cyan",
    "expired": "red",
    "revoked": "dim",
    "locked": "red",
    "unreadable": "red",
}
COLUMNS = (
    Column("ID"),
    Column("NAME", least=8),
    Column("STATUS", styles=_STYLES),
    Column("SCOPES", least=8),
    Column("EXPIRES"),
    Column("LAST USED", shown_from=100),
    Column("OWNER", shown_from=120, least=8),
)


def declare(parser: Parser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add("--all", action="store_true", help="revoked tokens too")
    add("--status", metavar="S,S", help=f"only tokens in these states: {', '.join(_STATES)}")
    add("--owner", metavar="O", help="only this owner's, such as os:alice")
    add("--query", metavar="Q", help="only tokens in whose name, id, owner or note this stands")
    add("--expiring", metavar="14d", help="only usable tokens that end within this time (h, d, w)")
    add("--unused", metavar="90d", help="only usable tokens that were not used for this long")
    add(
        "--sort",
        metavar="KEY",
        help=f"{', '.join(_ORDERS)}: created is newest first, expires soonest first, used longest unused first",
    )
    add("--exit-code", action="store_true", help="exit with 1 when any token is listed, for cron")


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    statuses = _read_statuses(options.status)
    expiring, unused = read_span(options.expiring, "--expiring"), read_span(options.unused, "--unused")
    order = _read_order(options.sort)
    with open_loki() as loki:
        tokens: Sequence[Token] = loki.tokens.list(
            include_revoked=options.all,
            status=statuses,
            owner=options.owner,
            query=options.query or "",
            expiring_within=expiring,
            unused_for=unused,
        )
    if order is not None:
        tokens = sorted(tokens, key=order)
    if options.json:
        output.write_json([describe_token(token) for token in tokens])
    elif tokens or not output.is_terminal():
        write_columns(COLUMNS, [_format_row(token) for token in tokens])
    else:
        output.write("No tokens. Make one: loki enterprise token generate NAME --scopes read\n")
    return 1 if tokens and options.exit_code else 0


def _format_row(token: Token) -> tuple[str, ...]:
    return (
        clean(token.id) or "-",
        clean(token.name) or "-",
        str(token.status),
        join_scopes(token.scopes, ",") or "-",
        format_day(token.expires_at) if token.status is not Status.UNREADABLE else "-",
        format_minute(token.last_used, "-"),
        clean(token.owner or "-"),
    )


def _read_statuses(text: str | None) -> frozenset[Status] | None:
    if text is None:
        return None
    names = text.replace(",", " ").lower().split()
    for name in names:
        if name not in _STATES:
            raise _refuse("status", name, _STATES)
    if not names:
        raise UsageError("--status is empty", code="empty_argument", remedy=f"known: {', '.join(_STATES)}")
    return frozenset(Status(name) for name in names)


def _read_order(key: str | None) -> Callable[[Token], Any] | None:
    if key is None:
        return None
    if key not in _ORDERS:
        raise _refuse("sort key", key, list(_ORDERS))
    return _ORDERS[key]


def _refuse(what: str, name: str, known: list[str]) -> UsageError:
    from difflib import get_close_matches

    nearest = get_close_matches(name[:40], known, n=1, cutoff=0.5)
    offer = f"did you mean {nearest[0]}? " if nearest else ""
    code = f"unknown_{what.replace(' ', '_')}"
    return UsageError(f"unknown {what} {clean(name[:40])!r}", code=code, remedy=f"{offer}known: {', '.join(known)}")

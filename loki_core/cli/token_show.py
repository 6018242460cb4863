"""`token show`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from loki_core.cli import output
from loki_core.cli.columns import format_fields
from loki_core.cli.failure import clean
from loki_core.cli.opening import open_loki
from loki_core.cli.token_text import format_minute, join_scopes
from loki_core.json_forms import describe_token
from loki_core.tokens.record import format_time
from loki_core.tokens.status import Status

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Token, Use
    from loki_core.cli.arguments import Parser

_USES_SINCE = timedelta(days=90)
_MOST_USES = 10


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("name", metavar="NAME_OR_ID", help="the token")


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_loki() as loki:
        token = loki.tokens.get(options.name)
        uses = loki.tokens.find_uses(token.id, since=loki.clock() - _USES_SINCE)
    if options.json:
        output.write_json(_describe(token, uses))
    else:
        output.write(_format(token, uses))
    return 0


def _describe(token: Token, uses: tuple[Use, ...]) -> dict[str, Any]:
    return {
        **describe_token(token),
        "note": token.note,
        "rotated_from": token.rotated_from,
        "rotated_to": token.rotated_to,
        "problem": token.problem,
        "uses": [
            {"address": use.address, "agent": use.agent, "last_at": format_time(use.last_at), "count": use.count}
            for use in uses
        ],
    }


def _format(token: Token, uses: tuple[Use, ...]) -> str:
    is_readable = token.status is not Status.UNREADABLE
    fields = [
        ("Name", clean(token.name)),
        ("ID", clean(token.id)),
        ("Status", str(token.status)),
        ("Problem", clean(token.problem)),
        ("Scopes", join_scopes(token.scopes)),
        ("Includes", join_scopes(token.effective_scopes)),
        ("Role", clean(token.role or "")),
        ("Owner", clean(token.owner or "")),
        ("Note", clean(token.note)),
        ("Created", format_minute(token.created_at, "")),
        ("Expires", format_minute(token.expires_at) if is_readable else ""),
        ("Revoked", format_minute(token.revoked_at, "yes") if token.revoked else ""),
        ("Replaces", clean(token.rotated_from or "")),
        ("Replaced by", clean(token.rotated_to or "")),
        ("Last used", format_minute(token.last_used) if is_readable else ""),
    ]
    for use in uses[:_MOST_USES]:
        where = " ".join(part for part in (clean(use.address) or "this host", clean(use.agent)) if part)
        fields.append(("Used from", f"{where}, last {format_minute(use.last_at)}"))
    return format_fields(fields)

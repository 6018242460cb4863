"""`token rotate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli.expiry import declare_expiry, read_expiry
from loki_core.cli.failure import UsageError
from loki_core.cli.issue import declare_destination, issue
from loki_core.cli.opening import open_loki

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("name", metavar="NAME_OR_ID", help="the token whose secret is to be replaced")
    parser.add_argument("--grace", metavar="HOURS", help="hours for which the old secret still works (0 to 720)")
    declare_expiry(parser, "without it: it lives as long as the old one was made for")
    declare_destination(parser)


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    expiry = read_expiry(options.expires)
    grace = _read_grace(options.grace)
    with open_loki() as loki:
        draft = loki.tokens.prepare_rotation(options.name, grace_hours=grace, **expiry)
        return issue(loki, draft, options, "Token rotated successfully!")


def _read_grace(text: str | None) -> int | None:
    if text is None:
        return None
    hours = text.strip().lower().removesuffix("h")
    if not (hours.isascii() and hours.isdigit() and len(hours) <= 6):
        raise UsageError("--grace is not a number of hours", code="invalid_grace", remedy="such as --grace 24")
    return int(hours)

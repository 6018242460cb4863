"""`token generate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli.expiry import declare_expiry, read_expiry
from loki_core.cli.issue import declare_destination, issue
from loki_core.cli.opening import open_loki
from loki_core.scopes import parse_scopes

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("name", metavar="NAME", help="what to call it, such as ci-bot")
    parser.add_argument("--scopes", metavar="S", help='what it may do, such as "read,write" (without it: read)')
    parser.add_argument("--role", metavar="R", help="a role, of which it gets the scopes")
    declare_expiry(parser, "without it: the policy's default")
    parser.add_argument("--note", metavar="T", default="", help="what stops when it is revoked")
    declare_destination(parser)


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    scopes = None if options.scopes is None else parse_scopes(options.scopes)
    expiry = read_expiry(options.expires)
    with open_loki() as loki:
        draft = loki.tokens.prepare(options.name, scopes=scopes, role=options.role, note=options.note, **expiry)
        return issue(loki, draft, options, "Token generated successfully!")

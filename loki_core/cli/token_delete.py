"""`token delete`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.failure import UsageError
from loki_core.cli.opening import open_loki
from loki_core.cli.token_text import name_token
from loki_core.errors import Refused
from loki_core.json_forms import describe_token

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Loki
    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("names", metavar="NAME_OR_ID", nargs="+", help="revoked or expired tokens")
    parser.add_argument("--yes", action="store_true", help="do not ask; needed where nobody can be asked")


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    if not options.yes and (options.json or not os.isatty(0)):
        raise UsageError(
            "deleting cannot be undone, and nobody can be asked here", code="not_confirmed", remedy="add --yes"
        )
    with open_loki() as loki:
        if not options.yes:
            _confirm(loki, options.names)
        tokens = loki.tokens.delete(*options.names)
    if options.json:
        output.write_json([describe_token(token) for token in tokens])
    else:
        output.write("".join(f"Deleted {name_token(token)}\n" for token in tokens))
    return 0


def _confirm(loki: Loki, names: list[str]) -> None:
    tokens = {token.id: token for token in map(loki.tokens.get, names)}
    for token in tokens.values():
        output.complain(f"  {name_token(token)}, {token.status}")
    what = "this token" if len(tokens) == 1 else f"these {len(tokens)} tokens"
    sys.stderr.write(f"Delete {what} for good? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("nothing was deleted", code="not_confirmed")

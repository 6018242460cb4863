"""`token revoke`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.failure import clean
from loki_core.cli.opening import open_loki
from loki_core.cli.token_text import name_token
from loki_core.tokens.record import format_time

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Revocation
    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "names", metavar="NAME_OR_ID", nargs="*", help="the tokens; a name means both of a rotating pair"
    )
    parser.add_argument("--owner", metavar="O", help="all usable tokens of this owner as well, such as os:alice")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be revoked")


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_loki() as loki:
        revocations = loki.tokens.revoke(*options.names, owner=options.owner, dry_run=options.dry_run)
    if options.json:
        output.write_json(
            [
                {
                    "id": each.token.id,
                    "name": each.token.name,
                    "already_revoked": each.already,
                    "revoked_at": None if options.dry_run and not each.already else format_time(each.token.revoked_at),
                    "dry_run": options.dry_run,
                    "audit": each.audit,
                }
                for each in revocations
            ]
        )
        return 0
    lines = [_format(each, is_dry=options.dry_run) for each in revocations]
    if not lines:
        lines = [f"Nothing to revoke: {clean(options.owner)} has no usable token"]
    output.write("".join(f"{line}\n" for line in lines))
    return 0


def _format(revocation: Revocation, *, is_dry: bool) -> str:
    token = name_token(revocation.token)
    if revocation.already:
        return f"{token} is already revoked"
    if is_dry:
        return f"Would revoke {token}"
    pending = "; audit: pending (it is logged as soon as the log can be written)"
    return f"Revoked {token}{pending if revocation.audit == 'pending' else ''}"

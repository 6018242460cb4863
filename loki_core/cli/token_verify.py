"""`token verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.columns import format_fields
from loki_core.cli.credential import declare_source, read_credential
from loki_core.cli.failure import clean
from loki_core.cli.opening import check_directory, open_local
from loki_core.cli.token_text import format_minute, join_scopes
from loki_core.errors import AuthenticationError
from loki_core.json_forms import describe_principal

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser

AGENT = "loki enterprise"


def declare(parser: Parser) -> None:
    """Add the arguments."""
    declare_source(parser)


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    check_directory()
    secret = read_credential(options.source)
    with open_local() as loki:
        try:
            principal = loki.authenticate(secret.reveal(), agent=AGENT)
        except AuthenticationError as error:
            if not options.json:
                raise
            output.write_json({"valid": False, "code": error.code})
            return 1
    if options.json:
        output.write_json({"valid": True, "principal": describe_principal(principal)})
        return 0
    output.write(
        format_fields(
            [
                ("Valid", f"{clean(principal.name)} ({clean(principal.subject)})"),
                ("Role", clean(principal.role or "")),
                ("Scopes", join_scopes(principal.scopes)),
                ("Includes", join_scopes(principal.effective_scopes)),
                ("Expires", format_minute(principal.expires_at)),
            ]
        )
    )
    return 0

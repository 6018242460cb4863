"""`whoami`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.columns import format_fields
from loki_core.cli.failure import clean
from loki_core.cli.opening import check_directory, open_loki
from loki_core.cli.token_text import format_minute, join_scopes
from loki_core.cli.token_verify import AGENT
from loki_core.json_forms import describe_principal

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments: there are none."""
    parser.epilog = "Who you are to the store is always the user of this system: LOKI_TOKEN never changes that."


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    from loki_core.settings.credential import find_credential

    check_directory()
    secret = find_credential(os.environ)
    with open_loki() as loki:
        principal = loki.actor if secret is None else loki.authenticate(secret.reveal(), agent=AGENT)
    if options.json:
        output.write_json({**describe_principal(principal), "claimed": dict(principal.claimed)})
        return 0
    output.write(
        format_fields(
            [
                ("Subject", clean(principal.subject)),
                ("Name", clean(principal.name)),
                ("Role", clean(principal.role or "")),
                ("Scopes", join_scopes(principal.scopes)),
                ("Includes", join_scopes(principal.effective_scopes)),
                ("Proved by", "the operating system" if secret is None else "LOKI_TOKEN"),
                ("Expires", format_minute(principal.expires_at) if secret is not None else ""),
                *((f"Claimed {name}", clean(value)) for name, value in principal.claimed),
            ]
        )
    )
    return 0

"""`whoami`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.columns import format_fields
from loki_core.cli.failure import clean
from loki_core.cli.opening import check_directory, open_local, open_loki
from loki_core.cli.token_text import format_minute, join_scopes
from loki_core.cli.token_verify import AGENT
from loki_core.json_forms import describe_principal
from loki_core.principal import Method

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Principal, Session
    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments: there are none."""
    parser.epilog = (
        "Who acts on the store is whoever is signed in, else the user of this system: LOKI_TOKEN never changes that."
    )


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    from loki_core.settings.credential import find_credential

    check_directory()
    secret = find_credential(os.environ)
    if secret is not None:
        with open_local() as loki:
            principal, session = loki.authenticate(secret.reveal(), agent=AGENT), None
    else:
        with open_loki() as loki:
            principal = loki.actor
            session = loki.sign_in.find() if principal.method is Method.OIDC else None
    if options.json:
        described = {**describe_principal(principal), "claimed": dict(principal.claimed)}
        if session is not None:
            described |= {"issuer": session.issuer, "reasons": list(session.reasons), "renews": session.renews}
        output.write_json(described)
    else:
        proved_by = "LOKI_TOKEN" if secret is not None else session.issuer if session else "the operating system"
        output.write(_format(principal, session, proved_by))
    return 0


def _format(principal: Principal, session: Session | None, proved_by: str) -> str:
    renewed = ", and renewed by itself" if session is not None and session.renews else ""
    has_end = principal.method is not Method.OS
    return format_fields(
        [
            ("Subject", clean(principal.subject)),
            ("Name", clean(principal.name)),
            ("Role", clean(principal.role or "")),
            ("Scopes", join_scopes(principal.scopes)),
            ("Includes", join_scopes(principal.effective_scopes)),
            *(("Because", clean(reason)) for reason in (session.reasons if session else ())),
            ("Proved by", clean(proved_by)),
            ("Expires", f"{format_minute(principal.expires_at)}{renewed}" if has_end else ""),
            *((f"Claimed {name}", clean(value)) for name, value in principal.claimed),
        ]
    )

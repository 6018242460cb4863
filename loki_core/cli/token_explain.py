"""`token explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.credential import declare_source, read_credential
from loki_core.cli.failure import clean
from loki_core.cli.opening import check_directory, open_local

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("scope", metavar="SCOPE", help="the scope that is needed, such as write")
    declare_source(parser)
    parser.epilog = "Exit status: 0 when the secret has the scope, 1 when it lacks it or proves nobody."


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    check_directory()
    with open_local() as loki:
        loki.scopes.check_known((options.scope,))
        decision = loki.explain(read_credential(options.source).reveal(), options.scope)
    if options.json:
        output.write_json(
            {
                "granted": decision.granted,
                "needed": decision.needed,
                "chain": list(decision.chain),
                "held": list(decision.held),
            }
        )
    else:
        output.write(f"{clean(decision)}\n")
    return 0 if decision.granted else 1

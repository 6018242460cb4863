"""`roles`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.columns import Column, write_columns
from loki_core.cli.failure import clean
from loki_core.cli.opening import open_local
from loki_core.cli.token_text import join_scopes

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import ScopeCatalog
    from loki_core.cli.arguments import Parser

_ROLES = (Column("ROLE"), Column("SCOPES", least=10), Column("DESCRIPTION", least=12))
_SCOPES = (Column("SCOPE"), Column("INCLUDES", least=10), Column("DESCRIPTION", least=12))


def declare(parser: Parser) -> None:
    """Add the arguments: there are none."""


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_local() as loki:
        roles, scopes = tuple(loki.roles), loki.scopes
    if options.json:
        output.write_json(
            {
                "roles": [
                    {
                        "name": role.name,
                        "scopes": list(role.scopes),
                        "effective_scopes": list(scopes.sort(scopes.expand(role.scopes))),
                        "description": role.description,
                    }
                    for role in roles
                ],
                "scopes": [
                    {
                        "name": scope.name,
                        "effective_scopes": list(scopes.sort(scopes.expand((scope.name,)))),
                        "description": scope.description,
                    }
                    for scope in scopes
                ],
            }
        )
        return 0
    write_columns(_ROLES, [(clean(each.name), join_scopes(each.scopes), clean(each.description)) for each in roles])
    output.write("\n")
    write_columns(
        _SCOPES, [(clean(each.name), _list_included(scopes, each.name), clean(each.description)) for each in scopes]
    )
    return 0


def _list_included(scopes: ScopeCatalog, name: str) -> str:
    return join_scopes(each for each in scopes.sort(scopes.expand((name,))) if each != name) or "-"

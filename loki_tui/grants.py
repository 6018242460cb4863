"""What a set of scopes allows and refuses, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from loki_core import Token, safe_text

if TYPE_CHECKING:
    from loki_core.scopes import ScopeCatalog

ALL = "*"
EVERYTHING = "everything (*)"
_MANAGING = "token management"


def describe_grant(token: Token) -> str:
    """Return the grant as a table cell says it: the role where there is one, else the scopes."""
    if token.role:
        return safe_text(token.role)
    return safe_text(" ".join(token.scopes)) or "nothing"


def describe_chains(scopes: Iterable[str], catalog: ScopeCatalog) -> str:
    """Return what the scopes include, strongest first: `control > write > read, audit`.

    Args:
        scopes: the scopes as they were granted.
        catalog: says what includes what.
    """
    held = tuple(scopes)
    if ALL in held:
        return EVERYTHING
    closures = {scope: frozenset(catalog.expand((scope,))) for scope in held}
    tops = [
        scope
        for scope in catalog.sort(held)
        if not any(scope in closure for other, closure in closures.items() if other != scope)
    ]
    chains = []
    for top in tops:
        included = catalog.sort(closures[top] - {top})
        chains.append(" > ".join(safe_text(scope) for scope in (top, *included)))
    return ", ".join(chains) or "nothing"


def describe_refusals(token: Token, known: Iterable[str]) -> str:
    """Return the known scopes that the token does not have, in words.

    Args:
        token: the token.
        known: every scope that exists here.
    """
    if ALL in token.scopes:
        return "nothing"
    refused = [scope for scope in known if scope not in token.effective_scopes and scope != ALL]
    return ", ".join([safe_text(scope) for scope in refused] + [_MANAGING])

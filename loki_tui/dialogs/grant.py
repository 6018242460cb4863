"""What a set of scopes allows and refuses, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from loki_core import ALL, ScopeCatalog, safe_text

MANAGEMENT = "token management"
"""What no scope but `*` allows, and what people look for first."""


def describe_allowed(catalog: ScopeCatalog, held: Iterable[str]) -> str:
    """Return what the scopes allow: each with what it includes, and in words when there is only one."""
    held = tuple(held)
    if ALL in held:
        return f"everything, {MANAGEMENT} too"
    known = [scope for scope in catalog.sort(held) if scope in catalog]
    heads = [name for name in known if not any(other != name and catalog.covers((other,), name) for other in known)]
    if not heads:
        return "nothing"
    if len(heads) == 1 and len(catalog.expand(heads)) == 1:
        words = next(scope.description for scope in catalog if scope.name == heads[0])
        return safe_text(f"{heads[0]}: {words[:1].lower()}{words[1:]}" if words else heads[0])
    return safe_text(", ".join(_describe_chain(catalog, head) for head in heads))


def _describe_chain(catalog: ScopeCatalog, head: str) -> str:
    included = [name for name in catalog.sort(catalog.expand((head,))) if name != head]
    ordered = sorted(included, key=lambda name: -len(catalog.expand((name,))))
    chain = [head, *ordered]
    if all(catalog.covers((upper,), lower) for upper, lower in pairwise(chain)):
        return " > ".join(chain)
    return f"{head} > {' + '.join(ordered)}"


def describe_refused(catalog: ScopeCatalog, held: Iterable[str]) -> str:
    """Return what the scopes do not allow, strongest first."""
    held = tuple(held)
    if ALL in held:
        return "nothing"
    refused = [scope.name for scope in catalog if scope.name != ALL and not catalog.covers(held, scope.name)]
    return safe_text(", ".join([*catalog.sort(refused), MANAGEMENT]))

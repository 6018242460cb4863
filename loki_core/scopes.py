"""Scopes and what each of them includes: a partial order with `*` on top (NIST RBAC, INCITS 359: permissions).

Rules:
    `*` includes everything, scopes not known here too.
    `control` includes `write`, `write` includes `read`; `audit` stands alone.
    A custom scope includes what its `implies` says, transitively. Nothing but `*` includes `*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from loki_core.errors import ConfigurationError, InvalidInput
from loki_core.frozen import dataclass
from loki_core.nearest import offer
from loki_core.tokens.secret import clean_text

ALL = "*"
AUDIT = "audit"
SCOPE_FORM = re.compile(r"[a-z][a-z0-9]*(?:[._:-][a-z0-9]+)*\Z")
"""What a custom scope may be called: a subset of scope-token in RFC 6749, 3.3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One permission: its name, the scopes that it includes directly, and what it allows in words."""

    name: str
    implies: tuple[str, ...] = ()
    description: str = ""


BUILT_IN = (
    Scope(name=ALL, description="All operations"),
    Scope(name="control", implies=("write",), description="Start/stop sessions, modify tasks"),
    Scope(name="write", implies=("read",), description="Create/update tasks, modify state"),
    Scope(name="read", description="View dashboard, logs, metrics"),
    Scope(name=AUDIT, description="View audit logs"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why a scope is granted or not.

    Attributes:
        needed: the scope that was asked for.
        granted: whether the held scopes cover it.
        chain: when granted, the path from the held scope to the needed one, both included.
        held: the scopes that were looked at, as they were given.
    """

    needed: str
    granted: bool
    chain: tuple[str, ...]
    held: tuple[str, ...]

    def __str__(self) -> str:
        if self.granted:
            return f"{self.needed}: granted by {' > '.join(self.chain)}"
        return f"{self.needed}: missing; held: {', '.join(self.held) or 'nothing'}"


class ScopeCatalog:
    """The scopes that exist here, and the order between them. Immutable."""

    def __init__(self, custom: Iterable[Scope] = ()) -> None:
        """Add custom scopes to the built-in ones.

        Raises:
            ConfigurationError: a custom scope redefines a built-in one, has a malformed name, implies `*`,
                itself or a scope that does not exist, or two imply each other.
        """
        scopes = {scope.name: scope for scope in BUILT_IN}
        for scope in custom:
            if scope.name in scopes:
                raise ConfigurationError(f"custom scope {scope.name!r} already exists", remedy="give it another name")
            if not SCOPE_FORM.match(scope.name) or len(scope.name) > 64:
                raise ConfigurationError(
                    f"custom scope {clean_text(scope.name, limit=80)!r} is malformed",
                    remedy="use at most 64 lower-case letters and digits, joined by single . _ : or -",
                )
            scopes[scope.name] = scope
        self._scopes: Mapping[str, Scope] = MappingProxyType(scopes)
        for scope in scopes.values():
            for implied in scope.implies:
                if implied == ALL:
                    raise ConfigurationError(
                        f"custom scope {scope.name!r} implies *", remedy="grant * itself where it is meant"
                    )
                if implied == scope.name:
                    raise ConfigurationError(f"custom scope {scope.name!r} implies itself", remedy="leave that out")
                if implied not in scopes:
                    raise ConfigurationError(
                        f"custom scope {scope.name!r} implies unknown scope {clean_text(implied, limit=80)!r}",
                        remedy=offer(implied, self._scopes),
                    )
        self._closures: dict[str, frozenset[str]] = {
            name: frozenset(self._walk(name)) for name in scopes if name != ALL
        }
        for name, closure in self._closures.items():
            for other in closure:
                if other != name and name in self._closures[other]:
                    raise ConfigurationError(
                        f"custom scopes {name!r} and {other!r} imply each other",
                        remedy="let only one of them imply the other",
                    )
        self._closures[ALL] = frozenset(scopes)
        self._rank = {name: position for position, name in enumerate(scopes)}

    def __iter__(self) -> Iterator[Scope]:
        return iter(self._scopes.values())

    def __contains__(self, name: object) -> bool:
        return name in self._scopes

    def _walk(self, name: str) -> set[str]:
        seen: set[str] = set()
        todo = [name]
        while todo:
            current = todo.pop()
            if current not in seen:
                seen.add(current)
                todo.extend(self._scopes[current].implies)
        return seen

    def check_known(self, scopes: Iterable[str]) -> None:
        """Refuse a scope that does not exist.

        Raises:
            InvalidInput: `unknown_scope`, with the nearest name offered.
        """
        for name in scopes:
            if name not in self._scopes:
                raise InvalidInput(
                    f"unknown scope {clean_text(name, limit=80)!r}",
                    code="unknown_scope",
                    remedy=offer(name, self._scopes),
                )

    def expand(self, held: Iterable[str]) -> frozenset[str]:
        """Return everything that the held scopes include, themselves too; unknown ones include nothing."""
        expanded: set[str] = set()
        for name in held:
            expanded |= self._closures.get(name, frozenset())
        return frozenset(expanded)

    def covers(self, held: Iterable[str], needed: str) -> bool:
        """Tell whether the held scopes include the needed one."""
        return self.explain(held, needed).granted

    def explain(self, held: Iterable[str], needed: str) -> Decision:
        """Tell whether the held scopes include the needed one, and through which chain."""
        held = tuple(held)
        if needed in held and needed in self._scopes:
            return Decision(needed=needed, granted=True, chain=(needed,), held=held)
        if ALL in held:
            return Decision(needed=needed, granted=True, chain=(ALL, needed), held=held)
        for name in self.sort(held):
            chain = self._find_chain(name, needed)
            if chain:
                return Decision(needed=needed, granted=True, chain=chain, held=held)
        return Decision(needed=needed, granted=False, chain=(), held=held)

    def _find_chain(self, start: str, goal: str) -> tuple[str, ...]:
        if goal not in self._closures.get(start, ()):
            return ()
        chains: dict[str, tuple[str, ...]] = {start: (start,)}
        todo = [start]
        for name in todo:  # breadth first, each scope once: the shortest chain, and no blow-up where ways meet again
            for implied in self._scopes[name].implies:
                if implied not in chains:
                    chains[implied] = (*chains[name], implied)
                    todo.append(implied)
        return chains[goal]

    def sort(self, scopes: Iterable[str]) -> tuple[str, ...]:
        """Return the scopes without repetition, strongest first, unknown ones last."""
        return tuple(sorted(set(scopes), key=lambda name: (self._rank.get(name, len(self._rank)), name)))


def parse_scopes(text: str) -> tuple[str, ...]:
    """Return the scopes in a comma- or space-separated list, in the order given, each once.

    Raises:
        InvalidInput: `invalid_scopes`, there is none in it.
    """
    scopes = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if not scopes:
        raise InvalidInput(
            "no scope is named", code="invalid_scopes", remedy='name at least one, such as --scopes "read"'
        )
    return scopes

"""Roles: named sets of scopes (NIST RBAC, INCITS 359)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loki_core.errors import ConfigurationError, InvalidInput
from loki_core.frozen import dataclass
from loki_core.nearest import offer
from loki_core.scopes import SCOPE_FORM, ScopeCatalog
from loki_core.tokens.secret import clean_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named set of scopes, in the order they are shown."""

    name: str
    scopes: tuple[str, ...]
    description: str = ""


BUILT_IN = (
    Role(name="admin", scopes=("*",), description="Full access to all endpoints"),
    Role(name="operator", scopes=("control", "read", "write"), description="Start/stop sessions, manage tasks"),
    Role(name="viewer", scopes=("read",), description="Read-only dashboard access"),
    Role(name="auditor", scopes=("read", "audit"), description="Read access plus audit log viewing"),
)


class RoleCatalog:
    """The roles that exist here. Immutable."""

    def __init__(self, scopes: ScopeCatalog, custom: Iterable[Role] = ()) -> None:
        """Add custom roles to the built-in ones.

        Raises:
            ConfigurationError: a custom role redefines a built-in one, has a malformed name, no scope or an
                unknown one.
        """
        self._scopes = scopes
        self._roles = {role.name: role for role in BUILT_IN}
        for role in custom:
            if role.name in self._roles:
                raise ConfigurationError(f"custom role {role.name!r} already exists", remedy="give it another name")
            if not SCOPE_FORM.match(role.name) or len(role.name) > 64:
                raise ConfigurationError(
                    f"custom role {clean_text(role.name, limit=80)!r} is malformed",
                    remedy="use at most 64 lower-case letters and digits, joined by single . _ : or -",
                )
            if not role.scopes:
                raise ConfigurationError(f"custom role {role.name!r} has no scopes", remedy="list at least one")
            try:
                scopes.check_known(role.scopes)
            except InvalidInput as error:
                raise ConfigurationError(f"custom role {role.name!r}: {error.message}", remedy=error.remedy) from None
            self._roles[role.name] = role

    def __iter__(self) -> Iterator[Role]:
        return iter(self._roles.values())

    def __contains__(self, name: object) -> bool:
        return name in self._roles

    def get_role(self, name: str) -> Role:
        """Return the role of that name.

        Raises:
            InvalidInput: `unknown_role`, with the nearest name offered.
        """
        role = self._roles.get(name)
        if role is None:
            raise InvalidInput(
                f"unknown role {clean_text(name, limit=80)!r}", code="unknown_role", remedy=offer(name, self._roles)
            )
        return role

    def resolve_grant(self, scopes: Iterable[str] | None, role: str | None) -> tuple[tuple[str, ...], str | None]:
        """Return the scopes and the role label that a token gets; with neither given, `read`.

        Args:
            scopes: the scopes asked for, or None.
            role: the role asked for, or None.

        Raises:
            InvalidInput: `unknown_scope`, `unknown_role`, `invalid_scopes` when the list is empty, or
                `role_scopes_differ` when both are given and do not come to the same.
        """
        given = None if scopes is None else tuple(dict.fromkeys(scopes))
        if given is not None:
            if not given:
                raise InvalidInput(
                    "the list of scopes is empty", code="invalid_scopes", remedy="name at least one, such as read"
                )
            self._scopes.check_known(given)
        if role is None:
            return given or ("read",), None
        found = self.get_role(role)
        if given is None:
            return found.scopes, found.name
        if self._scopes.expand(given) != self._scopes.expand(found.scopes):
            raise InvalidInput(
                f"role {role} means {', '.join(found.scopes)}, not {', '.join(given)}",
                code="role_scopes_differ",
                remedy="give either the role or the scopes",
            )
        return given, found.name

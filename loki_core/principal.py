"""Who is calling: the subject, what it may do, and how that was proved."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from loki_core.errors import AuthorizationError
from loki_core.frozen import dataclass, field
from loki_core.scopes import Decision, ScopeCatalog


class Method(StrEnum):
    """How a principal was proved."""

    OS = "os"
    TOKEN = "token"  # noqa: S105 - the name of a method, not a secret
    OIDC = "oidc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A proved caller.

    Attributes:
        subject: `os:alice`, a token's id, or the provider's `sub`.
        name: what people call it: the login name, the token's name, the person's name.
        role: the role's name, a label only, or None.
        scopes: the scopes held, as they were granted.
        effective_scopes: everything these include, strongest first.
        method: how it was proved.
        expires_at: when the proof ends (UTC), or None when it does not.
        terminal: of the operating system's user, the terminal at which it sits, such as `/dev/pts/3`, or "".
        claimed: what the environment says and nobody proved: `SUDO_USER`, `SSH_CONNECTION`.
    """

    subject: str
    name: str
    role: str | None
    scopes: tuple[str, ...]
    effective_scopes: tuple[str, ...]
    method: Method
    expires_at: datetime | None = None
    terminal: str = ""
    claimed: tuple[tuple[str, str], ...] = ()
    catalog: ScopeCatalog = field(default_factory=ScopeCatalog, repr=False, compare=False)

    def explain(self, scope: str) -> Decision:
        """Tell whether this principal holds the scope, and through which chain."""
        return self.catalog.explain(self.scopes, scope)

    def require(self, scope: str) -> None:
        """Return when the scope is held.

        Raises:
            AuthorizationError: it is not; `missing` names it.
        """
        if not self.explain(scope).granted:
            raise AuthorizationError(
                f"{self.name} does not hold {scope} (it holds {', '.join(self.scopes) or 'nothing'})",
                missing=scope,
                remedy=f"ask an administrator for a {'role' if self.method is Method.OIDC else 'token'} with {scope}",
            )


SEAT = ("operator", "terminal", "claimed")
"""What the details of an entry say of who sits at the terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who acts, and from where: what every log entry names.

    Attributes:
        principal: who acts.
        address: where from, or "" at this terminal.
        agent: what the caller's client calls itself, or "".
        operator: the operating system's user, when another principal acts at this terminal.
    """

    principal: Principal
    address: str = ""
    agent: str = ""
    operator: Principal | None = None

    def describe_seat(self) -> dict[str, Any]:
        """Return what an entry's details say of who sits at this terminal: facts, and what is only claimed."""
        if self.address:
            return {}
        sitting = self.operator or self.principal
        operator = sitting.subject if sitting is not self.principal else ""
        facts = zip(SEAT, (operator, sitting.terminal, dict(sitting.claimed)), strict=True)
        return {name: value for name, value in facts if value}

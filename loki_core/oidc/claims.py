"""What a provider says about somebody: the claims of a token, and how one of them is found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from loki_core.frozen import dataclass

MISSING: Any = object()
"""What `find_claim` returns when there is no such claim: `null` is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedClaims:
    """Claims that the provider signed, in a token that holds every rule.

    Attributes:
        subject: whom the provider means (`sub`): unique with this issuer, and possibly like one of our own actors.
        expires_at: when the proof ends (UTC), without leeway.
        values: all claims, as they were sent. What is in them is text of strangers.
    """

    issuer: str
    subject: str
    issued_at: datetime
    expires_at: datetime
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What people call this person: the first of name, user name, e-mail address and subject that is given."""
        for claim in ("name", "preferred_username", "email"):
            found = self.values.get(claim)
            if isinstance(found, str) and found.strip():
                return found
        return self.subject


def make_signed(values: Mapping[str, Any]) -> SignedClaims:
    """Return the claims of a token that holds every rule."""
    return SignedClaims(
        issuer=values["iss"],
        subject=values["sub"],
        issued_at=datetime.fromtimestamp(values["iat"], UTC),
        expires_at=datetime.fromtimestamp(values["exp"], UTC),
        values=values,
    )


def find_claim(values: Mapping[str, Any], path: str) -> Any:
    """Return the claim at a dotted path, or `MISSING`.

    A name may hold dots itself, as URLs do: the longest name that exists is followed first.

    Args:
        values: all claims.
        path: such as `groups`, `realm_access.roles`, `cognito:groups` or `https://example.com/roles`.
    """
    found = values.get(path, MISSING)
    if found is not MISSING:
        return found
    end = path.rfind(".")
    while end >= 0:
        inner = values.get(path[:end])
        if isinstance(inner, Mapping):
            found = find_claim(inner, path[end + 1 :])
            if found is not MISSING:
                return found
        end = path.rfind(".", 0, end)
    return MISSING

"""The claim that holds somebody's groups or roles: what is in it, in all the shapes that providers send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from loki_core.frozen import dataclass
from loki_core.oidc.claims import MISSING, find_claim
from loki_core.oidc.refusal import quote

_SHOWN = 5
_SPACED = ("scope", "scp")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleClaim:
    """What a claim says about groups or roles.

    Attributes:
        path: its dotted path.
        found: as it was sent, or `MISSING`.
        values: the texts in it, each once.
        is_left_out: the provider has it and did not send it (Entra's group overage).
    """

    path: str
    found: Any
    values: tuple[str, ...]
    is_left_out: bool

    def describe_unmapped(self, mapping: Mapping[str, str]) -> str:
        """Return why it gives no role by this mapping, or by the roles' own names when that is empty."""
        if self.found is MISSING:
            return f"there is no claim {self.path}"
        if not self.values:
            return f"{self.path} holds no text"
        named = ", ".join(map(quote, self.values[:_SHOWN]))
        more = f" and {len(self.values) - _SHOWN} more" if len(self.values) > _SHOWN else ""
        wanted = "is mapped to a role" if mapping else "is the name of a role"
        return f"{self.path} holds {named}{more}, and none of it {wanted}{self._guess(mapping)}"

    def _guess(self, mapping: Mapping[str, str]) -> str:
        if isinstance(self.found, Mapping) and len(self.values) == 1:
            return f" (it is an object: write {self.path}.{self.values[0]} if that is meant)"
        if mapping and all(map(_GUID.fullmatch, self.values)) and not any(map(_GUID.fullmatch, mapping)):
            return " (the provider sends the groups' ids: map these)"
        return ""


def find_role_claim(claims: Mapping[str, Any], path: str) -> RoleClaim:
    """Return what the claim at a dotted path says."""
    found = find_claim(claims, path)
    return RoleClaim(
        path=path,
        found=found,
        values=_list_values(found, path.rpartition(".")[2]),
        is_left_out=found is MISSING and _is_elsewhere(claims, path),
    )


def _list_values(found: object, name: str) -> tuple[str, ...]:
    """Return the texts that a claim holds: one, a list, scopes with spaces (RFC 6749, 3.3), or an object's names."""
    if isinstance(found, str):
        return tuple(found.split(" ")) if name in _SPACED else (found,)
    if isinstance(found, (list, Mapping)):
        return tuple(dict.fromkeys(value for value in found if isinstance(value, str)))
    return ()


def _is_elsewhere(claims: Mapping[str, Any], claim: str) -> bool:
    """Tell whether the provider says that the claim is to be had elsewhere (OpenID Connect Core 5.6.2)."""
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, Mapping) and claim in elsewhere:
        return True
    return claim == "groups" and claims.get("hasgroups") in (True, "true")

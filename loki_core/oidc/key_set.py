"""A provider's keys: a JWK set (RFC 7517, 5), of which only those are kept that may verify signatures.

A set of more than 64 keys or 512 KiB is dropped as a whole. Keys that share a name are dropped too, all of them:
nobody could say which of them a token means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from loki_core.errors import ProviderUnavailable
from loki_core.frozen import dataclass
from loki_core.oidc.compact import Compact
from loki_core.oidc.key import Key, parse_key
from loki_core.oidc.refusal import Broken
from loki_core.oidc.strict_json import JsonProblem, parse_object

LARGEST_SET = 512 * 1024
MOST_KEYS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedKey:
    """A key that is not used: where it stands (from 1), its name if it has one, and why not."""

    position: int
    kid: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """The keys that are fit to verify with, and what was said about the others.

    Attributes:
        names: the keys that have one, by their name.
    """

    keys: tuple[Key, ...]
    dropped: tuple[DroppedKey, ...]
    names: Mapping[str, Key]

    def find(self, compact: Compact) -> Key | None:
        """Return the key that a token means: the one it names, or the only one when it names none."""
        if compact.kid is not None:
            return self.names.get(compact.kid)
        return self.keys[0] if len(self.keys) == 1 else None


def parse_key_set(document: bytes) -> KeySet:
    """Return the keys of a document that a provider sent.

    Raises:
        ProviderUnavailable: it is too large, no JSON, no key set, or no key of it is fit to verify with.
    """
    if len(document) > LARGEST_SET:
        raise _refuse(f"has {len(document)} bytes, more than {LARGEST_SET}")
    try:
        return read_key_set(parse_object(document))
    except JsonProblem as problem:
        raise _refuse(str(problem)) from None


def read_key_set(document: object) -> KeySet:
    """Return the keys of a document that was parsed.

    Raises:
        ProviderUnavailable: it is no key set, has too many keys, or none that is fit to verify with.
    """
    found = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(found, (list, tuple)):
        raise _refuse("is no object with a list of keys")
    if len(found) > MOST_KEYS:
        raise _refuse(f"has {len(found)} keys, more than {MOST_KEYS}")
    keys, dropped = _sift(found)
    if not keys:
        reasons = "; ".join(f"{each.position}: {each.reason}" for each in dropped[:3]) or "it has none"
        raise _refuse(f"has no key to verify with ({reasons})")
    return KeySet(keys=keys, dropped=dropped, names={key.kid: key for key in keys if key.kid is not None})


def _sift(found: list[object] | tuple[object, ...]) -> tuple[tuple[Key, ...], tuple[DroppedKey, ...]]:
    fit: list[tuple[int, Key]] = []
    dropped: list[DroppedKey] = []
    for position, jwk in enumerate(found, start=1):
        try:
            fit.append((position, parse_key(jwk)))
        except Broken as broken:
            kid = jwk.get("kid") if isinstance(jwk, Mapping) else None
            kid = kid if isinstance(kid, str) else None
            dropped.append(DroppedKey(position=position, kid=kid, reason=str(broken)))
    uses = Counter(key.kid for _, key in fit)
    shared = {kid for kid, count in uses.items() if kid is not None and count > 1}
    for position, key in fit:
        if key.kid in shared:
            dropped.append(DroppedKey(position=position, kid=key.kid, reason="another key has the same kid"))
    dropped.sort(key=lambda each: each.position)
    return tuple(key for _, key in fit if key.kid not in shared), tuple(dropped)


def _refuse(problem: str) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"the provider's key set {problem}", remedy="look at it with: loki enterprise oidc check"
    )

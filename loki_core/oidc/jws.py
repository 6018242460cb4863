"""Whether the provider signed a token: the rules about signature and key alone (RFC 7515, 5.2; RFC 8725, 3)."""

from __future__ import annotations

from typing import Any

from loki_core.errors import ProviderUnavailable
from loki_core.oidc import rules
from loki_core.oidc.compact import Compact, parse_compact
from loki_core.oidc.key import Key
from loki_core.oidc.key_set import KeySet, read_key_set
from loki_core.oidc.refusal import Broken, Refusal, quote


def verify_jws(token: str, key_set: dict[str, Any]) -> bytes:
    """Return the payload of a signed token. It says nothing about the claims in it: not even that there are any.

    Args:
        token: a compact JWS of at most 16 KiB.
        key_set: a JWK set, parsed: `{"keys": [...]}`. Keys that are not fit to verify with are passed over.

    Raises:
        InvalidTokenError: no key of the set made the signature, or the token asks for something that we do not do.
    """
    compact = parse_compact(token)
    try:
        keys = read_key_set(key_set)
    except ProviderUnavailable as error:
        raise Refusal(rules.KEY, error.message) from None
    verify_signature(compact, keys)
    return compact.payload


def verify_signature(compact: Compact, keys: KeySet) -> Key:
    """Return the key that signed the token.

    Raises:
        Refusal: none of these did.
    """
    key = keys.find(compact)
    if key is None:
        raise Refusal(rules.KEY, _describe_missing(compact, keys))
    verifier = key.verifiers.get(compact.algorithm)
    if verifier is None:
        raise Refusal(
            rules.KEY_ALGORITHM, f"alg is {compact.algorithm}, and the key is for {' or '.join(key.verifiers)}"
        )
    try:
        verifier(compact.signature, compact.signing_input)
    except Broken as broken:
        raise Refusal(rules.SIGNATURE, str(broken)) from None
    return key


def _describe_missing(compact: Compact, keys: KeySet) -> str:
    if compact.kid is None:
        return f"there is no kid, and the provider has {len(keys.keys)} keys"
    for dropped in keys.dropped:
        if dropped.kid == compact.kid:
            return f"the key {quote(compact.kid)} is not used: {dropped.reason}"
    return f"the provider has no key {quote(compact.kid)}"

"""From a token to claims that the provider signed for us, or to the rule that it broke."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from loki_core.oidc import rules
from loki_core.oidc.access_token import ACCESS_TOKEN_RULES
from loki_core.oidc.claim_rules import ClaimRule, Presented
from loki_core.oidc.claims import SignedClaims, make_signed
from loki_core.oidc.compact import Compact
from loki_core.oidc.expectation import Expectation
from loki_core.oidc.id_token import ID_TOKEN_RULES
from loki_core.oidc.jws import verify_signature
from loki_core.oidc.key_set import KeySet
from loki_core.oidc.refusal import Broken, Refusal
from loki_core.oidc.strict_json import JsonProblem, parse_object


def check_token(compact: Compact, keys: KeySet, expected: Expectation, now: datetime) -> SignedClaims:
    """Return the claims of a token that holds every rule of its profile.

    Args:
        compact: the token, taken apart by `parse_compact`.
        keys: the provider's.
        expected: what the token must be.
        now: the time, aware.

    Raises:
        Refusal: with the first rule that it broke.
    """
    key = verify_signature(compact, keys)
    claims = parse_claims(compact)
    presented = Presented(compact, claims, expected, now.timestamp(), key)
    for rule, check in list_claim_rules(expected):
        try:
            check(presented)
        except Broken as broken:
            raise Refusal(rule, str(broken)) from None
    return make_signed(claims)


def parse_claims(compact: Compact) -> Mapping[str, Any]:
    """Return the claims in a token.

    Raises:
        Refusal: there are none, or they could be read in two ways.
    """
    try:
        return parse_object(compact.payload)
    except JsonProblem as problem:
        raise Refusal(rules.CLAIMS, f"the payload {problem}") from None


def list_claim_rules(expected: Expectation) -> tuple[ClaimRule, ...]:
    """Return the rules about claims of the profile that is expected, in their order."""
    return ACCESS_TOKEN_RULES if expected.takes_access_tokens else ID_TOKEN_RULES

"""The rules for an ID token: OpenID Connect Core 1.0, 3.1.3.7, in its order.

Its steps 6 to 8, signature and algorithm, come before all others here and are in `rules`. Steps 12 and 13 are about
what we do not ask for.
"""

from __future__ import annotations

from loki_core.oidc.claim_rules import (
    Presented,
    check_access_token_hash,
    check_audience,
    check_expiry,
    check_issued,
    check_issuer,
    check_nonce,
    check_not_an_event,
    check_not_before,
    check_other_audiences,
    check_subject,
    make_rule,
)
from loki_core.oidc.refusal import Broken, quote

_CORE = "OpenID Connect Core"
_TYPES = frozenset({"", "jwt"})
_OWN_TYPES = frozenset({"id", "jwt", "id_token"})
"""What `typ` among the claims may be: Keycloak writes ID, and Bearer, Refresh, Offline or Logout on all others."""


def check_kind(presented: Presented) -> None:
    """It says nowhere that it is an access token, or anything else than an ID token."""
    if presented.compact.typ not in _TYPES:
        raise Broken(f"typ is {quote(presented.compact.typ)}: it is no ID token")
    own = presented.claims.get("typ", "ID")
    if not isinstance(own, str) or own.lower() not in _OWN_TYPES:
        raise Broken(f"the claim typ is {quote(own)}: it is no ID token")
    use = presented.claims.get("token_use", "id")  # Amazon Cognito
    if use != "id":
        raise Broken(f"token_use is {quote(use)}: it is no ID token")


def check_party(presented: Presented) -> None:
    """`azp`, where there is one, is us."""
    party = presented.claims.get("azp")
    if "azp" in presented.claims and party != presented.expected.client_id:
        raise Broken(f"it was issued to {quote(party)}, not to {quote(presented.expected.client_id)}")


ID_TOKEN_RULES = (
    make_rule(
        "event",
        "OpenID Connect Back-Channel Logout 2.4",
        "it is no logout or security-event token",
        check_not_an_event,
    ),
    make_rule("kind", "RFC 8725, 3.11 and 3.12", "it is an ID token", check_kind),
    make_rule("issuer", f"{_CORE} 3.1.3.7 (2)", "iss is the configured issuer", check_issuer),
    make_rule("audience", f"{_CORE} 3.1.3.7 (3)", "aud has our client id", check_audience),
    make_rule(
        "other_audiences",
        f"{_CORE} 3.1.3.7 (3)",
        "every other audience is in allowed_clients",
        check_other_audiences,
    ),
    make_rule("party", f"{_CORE} 3.1.3.7 (4, 5)", "azp is absent or our client id", check_party),
    make_rule("expiry", f"{_CORE} 3.1.3.7 (9)", "exp is ahead (60 s of leeway)", check_expiry),
    make_rule("issued", f"{_CORE} 3.1.3.7 (10)", "iat is not ahead (60 s of leeway)", check_issued),
    make_rule("not_before", "RFC 7519, 4.1.5", "nbf is absent or not ahead (60 s of leeway)", check_not_before),
    make_rule("nonce", f"{_CORE} 3.1.3.7 (11)", "nonce is the one that was sent, if one was", check_nonce),
    make_rule(
        "access_token_hash",
        f"{_CORE} 3.1.3.8",
        "at_hash, if there is one, fits the access token that came along",
        check_access_token_hash,
    ),
    make_rule("subject", f"{_CORE} 2", "sub is printable text of 1 to 255 characters", check_subject),
)

"""The rules for a JWT access token: RFC 9068, 4, in its order, and the claims of its section 2.2.

Providers that were there before the standard name the client otherwise, and leave `typ` out: both are taken.
"""

from __future__ import annotations

from loki_core.oidc.claim_rules import (
    Presented,
    check_audience,
    check_expiry,
    check_issued,
    check_issuer,
    check_not_an_event,
    check_not_before,
    check_other_audiences,
    check_subject,
    make_rule,
)
from loki_core.oidc.refusal import Broken, quote

_TYPES = frozenset({"", "jwt", "at+jwt"})
_OWN_TYPES = frozenset({"bearer", "jwt", "at+jwt"})
_PARTIES = ("azp", "client_id", "cid", "appid")
"""Who got the token: the first that is there counts. Okta writes `cid`, Entra's version 1 `appid`."""


def check_kind(presented: Presented) -> None:
    """It says nowhere that it is an ID token, or anything else than an access token."""
    if presented.compact.typ not in _TYPES:
        raise Broken(f"typ is {quote(presented.compact.typ)}: it is no access token")
    own = presented.claims.get("typ", "Bearer")  # Keycloak
    if not isinstance(own, str) or own.lower() not in _OWN_TYPES:
        raise Broken(f"the claim typ is {quote(own)}: it is no access token")
    use = presented.claims.get("token_use", "access")  # Amazon Cognito
    if use != "access":
        raise Broken(f"token_use is {quote(use)}: it is no access token")
    for claim in ("at_hash", "c_hash"):
        if claim in presented.claims:
            raise Broken(f"it has {claim}: it is an ID token")


def check_party(presented: Presented) -> None:
    """The client that it was issued to is our own or an allowed one."""
    claim = next((name for name in _PARTIES if name in presented.claims), None)
    if claim is None:
        raise Broken("it does not say to which client it was issued: there is neither azp nor client_id")
    party = presented.claims[claim]
    if not isinstance(party, str) or not presented.expected.is_trusted(party):
        raise Broken(f"it was issued to {quote(party)} ({claim}), which is not in allowed_clients")


ACCESS_TOKEN_RULES = (
    make_rule("event", "RFC 8725, 3.12", "it is no logout or security-event token", check_not_an_event),
    make_rule("kind", "RFC 9068, 2.1 and 4", "it is an access token", check_kind),
    make_rule("issuer", "RFC 9068, 4", "iss is the configured issuer", check_issuer),
    make_rule("audience", "RFC 9068, 4", "aud has our audience", check_audience),
    make_rule(
        "other_audiences",
        "RFC 8725, 3.9",
        "every other audience is in allowed_clients",
        check_other_audiences,
    ),
    make_rule("expiry", "RFC 9068, 4", "exp is ahead (60 s of leeway)", check_expiry),
    make_rule("issued", "RFC 9068, 2.2", "iat is not ahead (60 s of leeway)", check_issued),
    make_rule("not_before", "RFC 7519, 4.1.5", "nbf is absent or not ahead (60 s of leeway)", check_not_before),
    make_rule("subject", "RFC 9068, 2.2", "sub is printable text of 1 to 255 characters", check_subject),
    make_rule("party", "RFC 9068, 2.2", "azp, or else client_id, is in allowed_clients", check_party),
)

"""The checks that the rules about claims are made of. Each returns when it holds, or raises Broken with the reason.

They take what was signed as `Presented`, and `id_token` and `access_token` put them in the order of their standards.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from loki_core.oidc.algorithms import ALGORITHMS
from loki_core.oidc.compact import Compact
from loki_core.oidc.expectation import Expectation
from loki_core.oidc.issuer import TENANT_ID, explain_foreign, fill_tenant, has_many_tenants
from loki_core.oidc.key import Key
from loki_core.oidc.refusal import Broken, quote
from loki_core.oidc.rules import Rule
from loki_core.text import is_blank, is_printable

LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours (RFC 7519, 4.1.4: no more than a few minutes)."""
LONGEST_SUBJECT = 255
_LATEST = 253_402_300_799
"""The last second of the year 9999: later than that is no date (RFC 7519, 2: NumericDate)."""


class Presented(NamedTuple):
    """A token, what is expected of it, and the time.

    Attributes:
        now: in seconds since 1970.
        key: what signed it, or None where that is not known (`explain`).
    """

    compact: Compact
    claims: Mapping[str, Any]
    expected: Expectation
    now: float
    key: Key | None


Check = Callable[[Presented], None]


class ClaimRule(NamedTuple):
    """A rule about claims, and what checks it."""

    rule: Rule
    check: Check


def make_rule(name: str, section: str, says: str, check: Check) -> ClaimRule:
    """Return a rule about claims."""
    return ClaimRule(Rule(name=name, section=section, says=says), check)


def check_not_an_event(presented: Presented) -> None:
    """Logout tokens and security events tell of somebody and prove nobody."""
    if "events" in presented.claims:
        raise Broken("it has events: it is a logout or security-event token")
    if presented.compact.typ in ("logout+jwt", "secevent+jwt"):
        raise Broken(f"typ is {quote(presented.compact.typ)}: it is a logout or security-event token")


def check_issuer(presented: Presented) -> None:
    """`iss` is the issuer, character by character; where tenants share one, it and the key are its tenant's."""
    issuer, wanted = presented.claims.get("iss"), presented.expected.issuer
    if not isinstance(issuer, str):
        raise Broken(f"iss is {quote(issuer)}" if "iss" in presented.claims else "there is no iss")
    if not has_many_tenants(wanted):
        if issuer != wanted:
            raise Broken(explain_foreign(issuer, wanted))
        return
    tenant = presented.claims.get("tid")
    if issuer != fill_tenant(wanted, tenant):
        raise Broken(explain_foreign(issuer, wanted))
    if presented.key and presented.key.issuer.replace(TENANT_ID, str(tenant)) not in ("", issuer):
        raise Broken(f"its key is for tokens of {quote(presented.key.issuer)}, not of {quote(issuer)}")


def get_audiences(claims: Mapping[str, Any]) -> list[str]:
    """Return whom a token is meant for, or raise Broken."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or not audiences or not all(isinstance(each, str) for each in audiences):
        raise Broken(f"aud is {quote(audience)}, not text or a list of text" if "aud" in claims else "there is no aud")
    return audiences


def check_audience(presented: Presented) -> None:
    """`aud` has our audience in it."""
    audiences = get_audiences(presented.claims)
    if presented.expected.audience not in audiences:
        named = ", ".join(map(quote, audiences[:3]))
        raise Broken(f"it is meant for {named}, not for {quote(presented.expected.audience)}")


def check_other_audiences(presented: Presented) -> None:
    """Whoever else a token is meant for can present it here too, and must be trusted not to."""
    for audience in get_audiences(presented.claims):
        if audience != presented.expected.audience and not presented.expected.is_trusted(audience):
            raise Broken(f"it is also meant for {quote(audience)}, which is not in allowed_clients")


def get_time(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a time in seconds since 1970, None when there is none, or raise Broken: NumericDate, RFC 7519, 2."""
    if name not in claims:
        return None
    time = claims[name]
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        raise Broken(f"{name} is {quote(time)}, not a number")
    if not 0 <= time <= _LATEST:
        raise Broken(f"{name} is {quote(time)}, which is no time")
    return time


def check_expiry(presented: Presented) -> None:
    """`exp` is there and still ahead."""
    expires = get_time(presented.claims, "exp")
    if expires is None:
        raise Broken("there is no exp")
    if presented.now >= expires + LEEWAY:
        raise Broken(f"it expired {presented.now - expires:.0f} s ago")


def check_issued(presented: Presented) -> None:
    """`iat` is there and not ahead."""
    issued = get_time(presented.claims, "iat")
    if issued is None:
        raise Broken("there is no iat")
    if issued > presented.now + LEEWAY:
        raise Broken(f"it was issued {issued - presented.now:.0f} s ahead of our clock")


def check_not_before(presented: Presented) -> None:
    """`nbf` is not ahead."""
    begins = get_time(presented.claims, "nbf")
    if begins is not None and begins > presented.now + LEEWAY:
        raise Broken(f"it holds only {begins - presented.now:.0f} s from now")


def check_subject(presented: Presented) -> None:
    """`sub` names somebody, in a way that can be logged and compared."""
    subject = presented.claims.get("sub")
    if not isinstance(subject, str):
        raise Broken(f"sub is {quote(subject)}" if "sub" in presented.claims else "there is no sub")
    if is_blank(subject):
        raise Broken("sub is empty")
    if len(subject) > LONGEST_SUBJECT:
        raise Broken(f"sub has {len(subject)} characters, more than {LONGEST_SUBJECT}")
    if not is_printable(subject):
        raise Broken("sub has control or invisible characters")


def check_nonce(presented: Presented) -> None:
    """`nonce` is what this sign-in sent; one that nobody asked for does not matter."""
    wanted, nonce = presented.expected.nonce, presented.claims.get("nonce")
    if wanted is None:
        return
    if not isinstance(nonce, str):
        raise Broken(f"nonce is {quote(nonce)}" if "nonce" in presented.claims else "there is no nonce")
    if not hmac.compare_digest(nonce.encode(), wanted.encode()):
        raise Broken("nonce is another sign-in's")


def check_access_token_hash(presented: Presented) -> None:
    """`at_hash`, where there is one, is the hash of the access token that came along."""
    token, claimed = presented.expected.access_token, presented.claims.get("at_hash")
    if token is None or "at_hash" not in presented.claims:
        return
    digest = hashlib.new(ALGORITHMS[presented.compact.algorithm].hash_name, token.encode()).digest()
    wanted = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(claimed, str) or not hmac.compare_digest(claimed.encode(), wanted):
        raise Broken("at_hash belongs to another access token")

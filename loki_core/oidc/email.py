"""Whose e-mail addresses can be believed: a claim `email` alone is what somebody typed.

Entra lets every tenant's administrator write any address into it; a Google account keeps the address of a company that
its owner has left. Only the provider's word that it is authoritative for the address counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loki_core.oidc.issuer import is_google, is_microsoft
from loki_core.oidc.refusal import Broken, quote
from loki_core.text import is_printable

_GOOGLE_MAIL = "gmail.com"


def get_verified_email(claims: Mapping[str, Any], issuer: str) -> str:
    """Return the address that the provider answers for.

    Raises:
        Broken: there is none, or the provider does not say that it is this person's.
    """
    email = claims.get("email")
    if not isinstance(email, str) or not email:
        raise Broken("there is no claim email: ask for the scope email")
    name, _, domain = email.partition("@")
    if not (name and domain) or "@" in domain or not is_printable(email) or email.split() != [email]:
        raise Broken(f"email is {quote(email)}, which is no address")
    if is_google(issuer) and "hd" not in claims and _fold(domain) != _GOOGLE_MAIL:
        raise Broken(f"Google does not answer for {quote(email)}: the account belongs to no organisation (no hd)")
    if claims.get("email_verified") is True or claims.get("email_verified") == "true":
        return email
    if is_microsoft(issuer):
        if claims.get("xms_edov") in (True, "true", "1"):
            return email
        raise Broken("Entra does not say that the e-mail address is this person's: add the optional claim xms_edov")
    raise Broken(f"email_verified is {quote(claims.get('email_verified'))}, not true")


def get_domain(claims: Mapping[str, Any], issuer: str) -> str:
    """Return the domain that a person belongs to, in lower case: with Google that of the organisation (`hd`).

    Raises:
        Broken: the provider answers for none.
    """
    if is_google(issuer) and "hd" in claims:
        if not isinstance(claims["hd"], str):
            raise Broken(f"hd is {quote(claims['hd'])}, not text")
        return _fold(claims["hd"])
    return _fold(get_verified_email(claims, issuer).partition("@")[2])


def _fold(domain: str) -> str:
    # Letters that only become ASCII in lower case (the Kelvin sign) must not make another domain.
    return domain.lower() if domain.isascii() else domain

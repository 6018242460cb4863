"""The rules that every signed token must hold, in the order in which they are looked at, each with its standard.

The signature comes before the claims, as RFC 7519, 7.2, has it: what nobody signed is not read. The rules about claims
are in `id_token` and `access_token`, the rules about people in `role_mapping`.
"""

from __future__ import annotations

from loki_core.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        name: what the log calls it.
        section: where it is written.
        says: what must be, in plain words.
    """

    name: str
    section: str
    says: str


SIZE = Rule(name="size", section="our own limit", says="the token is text of at most 16 KiB")
FORM = Rule(name="form", section="RFC 7515, 3.1 and 5.2 (1)", says="three parts of canonical base64url, with dots")
HEADER = Rule(
    name="header", section="RFC 7515, 4 and 5.2 (3)", says="the header is one JSON object that names each member once"
)
ALGORITHM = Rule(name="algorithm", section="RFC 8725, 3.1", says="alg is a signature with a public key that we allow")
CRITICAL = Rule(name="critical", section="RFC 7515, 4.1.11", says="the header has no crit: we know no extensions")
UNENCODED = Rule(name="unencoded", section="RFC 7797, 6", says="the payload is base64url: b64 is absent or true")
COMPRESSION = Rule(name="compression", section="RFC 8725, 3.6", says="the payload is not compressed: there is no zip")
KEY_ID = Rule(name="key_id", section="RFC 7515, 4.1.4", says="kid is absent or text")
TYPE_FORM = Rule(name="type_form", section="RFC 7515, 4.1.9", says="typ is absent or text")
KEY = Rule(
    name="key",
    section="OpenID Connect Core 10.1",
    says="kid names one key of the provider's; without kid there is exactly one key",
)
KEY_ALGORITHM = Rule(name="key_algorithm", section="RFC 8725, 3.1 and 3.2", says="alg is one that this very key is for")
SIGNATURE = Rule(name="signature", section="RFC 7515, 5.2 (8)", says="the signature is right")
CLAIMS = Rule(
    name="claims", section="RFC 7519, 7.2 (10)", says="the claims are one JSON object that names each member once"
)

JWS_RULES = (
    SIZE,
    FORM,
    HEADER,
    ALGORITHM,
    CRITICAL,
    UNENCODED,
    COMPRESSION,
    KEY_ID,
    TYPE_FORM,
    KEY,
    KEY_ALGORITHM,
    SIGNATURE,
)
"""What `verify_jws` holds, in its order."""

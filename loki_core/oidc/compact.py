"""A token as it arrives: a compact JWS (RFC 7515, 3.1), taken apart and not yet believed.

Nothing here needs a key: what is refused here never makes anybody fetch one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loki_core.frozen import dataclass
from loki_core.oidc import rules
from loki_core.oidc.algorithms import ALGORITHMS
from loki_core.oidc.base64url import ALPHABET, decode_base64url
from loki_core.oidc.refusal import Refusal, quote
from loki_core.oidc.strict_json import JsonProblem, parse_object

LONGEST_TOKEN = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    """The parts of a token. Nobody has proved any of it.

    Attributes:
        header: as it was sent. `jwk`, `jku`, `x5u`, `x5c` and whatever else may be in it are never looked at.
        algorithm: `alg`, one of ours.
        kid: the key's name, if the header has one.
        typ: the media type in lower case, without `application/`; "" when the header has none.
        payload: the bytes that were signed, decoded.
        signing_input: the bytes that the signature covers.
    """

    header: Mapping[str, Any]
    algorithm: str
    kid: str | None
    typ: str
    payload: bytes
    signature: bytes
    signing_input: bytes


def parse_compact(token: object) -> Compact:
    """Return the parts of a token.

    Args:
        token: what was presented as one; the size of a text is looked at before anything else.

    Raises:
        Refusal: it is none, or its header asks for something that we do not do.
    """
    if not isinstance(token, str):
        raise Refusal(rules.SIZE, "it is not text")
    if len(token) > LONGEST_TOKEN:
        raise Refusal(rules.SIZE, f"it has {len(token)} characters, more than {LONGEST_TOKEN}")
    try:
        raw = token.encode("ascii")
    except UnicodeEncodeError:
        raise Refusal(rules.FORM, "it has characters that are not ASCII") from None
    if raw.translate(None, ALPHABET) != b"..":
        raise Refusal(rules.FORM, _describe_form(raw))
    parts = raw.split(b".")
    try:
        header_bytes, payload, signature = map(decode_base64url, parts)
    except ValueError as error:
        raise Refusal(rules.FORM, f"a part of it {error}") from None
    try:
        header = parse_object(header_bytes)
    except JsonProblem as problem:
        raise Refusal(rules.HEADER, f"the header {problem}") from None
    algorithm, kid, typ = _check_header(header)
    return Compact(
        header=header,
        algorithm=algorithm,
        kid=kid,
        typ=typ,
        payload=payload,
        signature=signature,
        signing_input=raw[: -len(parts[2]) - 1],
    )


def _describe_form(raw: bytes) -> str:
    if raw.count(b".") == 4:
        return "it has five parts: it is encrypted"
    if raw.count(b".") != 2:
        return f"it has {raw.count(b'.') + 1} parts, not three"
    if b"=" in raw:
        return "a part of it is padded"
    if raw.split() != [raw]:
        return "it has white space in it or around it"
    return "it has characters that are not base64url's"


def _check_header(header: Mapping[str, Any]) -> tuple[str, str | None, str]:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Refusal(rules.ALGORITHM, f"alg is {quote(algorithm)}" if "alg" in header else "there is no alg")
    if "crit" in header:
        raise Refusal(rules.CRITICAL, f"crit is {quote(header['crit'])}")
    if header.get("b64", True) is not True:
        raise Refusal(rules.UNENCODED, f"b64 is {quote(header['b64'])}")
    if "zip" in header:
        raise Refusal(rules.COMPRESSION, f"zip is {quote(header['zip'])}")
    kid = header.get("kid")
    if not isinstance(kid, str) and "kid" in header:
        raise Refusal(rules.KEY_ID, f"kid is {quote(kid)}")
    typ = header.get("typ", "")
    if not isinstance(typ, str):
        raise Refusal(rules.TYPE_FORM, f"typ is {quote(typ)}")
    return algorithm, kid, typ.lower().removeprefix("application/")

"""One key of a provider's: a JWK (RFC 7517, 4) that may verify signatures, or the reason why it may not.

Rules, in the order in which they are looked at:
    it is an object whose `kty` is text, and not `oct`: a symmetric key that everybody can read proves nobody;
    it holds no private part: whoever reads it could sign;
    `use` is absent or `sig`; `key_ops` is absent or has `verify` (RFC 7517, 4.2 and 4.3);
    `kid` is absent or text; `alg` is absent or a signature of this type of key (RFC 7517, 4.4 and 4.5);
    RSA has 2048 to 8192 bits and an odd exponent of at least 3 (RFC 7518, 3.3);
    a point is on its curve (RFC 8725, 3.4), and on Ed25519 not one of the few that let anything verify.
`x5c`, `x5u` and `x5t` are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from loki_core.frozen import dataclass, field
from loki_core.oidc.algorithms import ALGORITHMS, CURVES, Verifier, bind_verifiers
from loki_core.oidc.base64url import decode_base64url
from loki_core.oidc.edwards import check_point
from loki_core.oidc.refusal import Broken, quote

LEAST_BITS = 2048
MOST_BITS = 8192
MOST_EXPONENT_BITS = 64
_LONGEST_NUMBER = 2 * MOST_BITS // 8
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that is fit to verify with.

    Attributes:
        kid: its name, if it has one.
        kind: `RSA`, or the name of its curve.
        issuer: whose tokens it signs, where the provider says so (Microsoft does), else "".
        verifiers: what checks a signature, by the algorithms that it may be used with.
    """

    kid: str | None
    kind: str
    issuer: str
    verifiers: Mapping[str, Verifier] = field(repr=False, compare=False)


def parse_key(jwk: object) -> Key:
    """Return the key.

    Raises:
        Broken: it may not verify anything; the text says why.
    """
    if not isinstance(jwk, Mapping):
        raise Broken("it is not an object")
    kind = _find_kind(jwk)
    _check_use(jwk)
    kid, algorithm, issuer = jwk.get("kid"), jwk.get("alg"), jwk.get("issuer")
    if not isinstance(kid, str) and "kid" in jwk:
        raise Broken(f"kid is {quote(kid)}, not text")
    if "alg" in jwk and not _suits(algorithm, kind):
        raise Broken(f"alg is {quote(algorithm)}, which is no signature with a key of type {kind}")
    load = _load_rsa if kind == "RSA" else _load_ed25519 if kind == "Ed25519" else _load_ec
    return Key(
        kid=kid,
        kind=kind,
        issuer=issuer if isinstance(issuer, str) else "",
        verifiers=bind_verifiers(kind, _guard(load, jwk), algorithm),
    )


def _find_kind(jwk: Mapping[str, Any]) -> str:
    kty, curve = jwk.get("kty"), jwk.get("crv")
    if kty == "oct":
        raise Broken("it is a symmetric key, which everybody can read there")
    private = [name for name in _PRIVATE if name in jwk]
    if private:
        raise Broken(f"it holds a private part ({', '.join(private)}): whoever reads it can sign")
    if kty == "RSA":
        return "RSA"
    if not (kty == "EC" and isinstance(curve, str) and curve in CURVES) and (kty, curve) != ("OKP", "Ed25519"):
        raise Broken(
            f"its type is {quote(kty)}{f' with curve {quote(curve)}' if 'crv' in jwk else ''}, which we do not use"
        )
    return str(curve)


def _suits(algorithm: object, kind: str) -> bool:
    return isinstance(algorithm, str) and algorithm in ALGORITHMS and ALGORITHMS[algorithm].kind == kind


def _check_use(jwk: Mapping[str, Any]) -> None:
    if jwk.get("use", "sig") != "sig":
        raise Broken(f"use is {quote(jwk['use'])}, not 'sig'")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, (list, tuple)) or "verify" not in operations:
        raise Broken("key_ops does not have 'verify'")


def _read_bytes(jwk: Mapping[str, Any], name: str) -> bytes:
    text = jwk.get(name)
    if not isinstance(text, str) or not text:
        raise Broken(f"{name} is {quote(text)}, not text" if text else f"it has no {name}")
    if len(text) > _LONGEST_NUMBER:
        raise Broken(f"{name} is too long")
    try:
        return decode_base64url(text.encode("ascii"))
    except ValueError:
        raise Broken(f"{name} is not canonical base64url") from None


def _guard(load: Callable[[Mapping[str, Any]], Any], jwk: Mapping[str, Any]) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return load(jwk)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Broken(f"it is no key: {error}") from None


def _load_rsa(jwk: Mapping[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    modulus, exponent = (int.from_bytes(_read_bytes(jwk, name), "big") for name in ("n", "e"))
    if not LEAST_BITS <= modulus.bit_length() <= MOST_BITS:
        raise Broken(f"it has {modulus.bit_length()} bits, not {LEAST_BITS} to {MOST_BITS}")
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > MOST_EXPONENT_BITS:
        raise Broken("its exponent is even, less than 3 or too long")
    if modulus % 2 == 0:
        raise Broken("its modulus is even")
    return RSAPublicNumbers(exponent, modulus).public_key()


def _load_ec(jwk: Mapping[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: Mapping[str, ec.EllipticCurve] = {
        "P-256": ec.SECP256R1(),
        "P-384": ec.SECP384R1(),
        "P-521": ec.SECP521R1(),
    }
    x, y = _read_bytes(jwk, "x"), _read_bytes(jwk, "y")
    if len(x) != CURVES[jwk["crv"]].width or len(y) != len(x):
        raise Broken("a coordinate has the wrong length")
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), curves[jwk["crv"]])
    try:
        return numbers.public_key()
    except ValueError:
        raise Broken("its point is not on the curve") from None


def _load_ed25519(jwk: Mapping[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    point = _read_bytes(jwk, "x")
    check_point(point)
    return Ed25519PublicKey.from_public_bytes(point)

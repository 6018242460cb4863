"""The signature algorithms: which key each is for, and how a key is bound to those it may verify.

Public-key signatures alone (RFC 8725, 3.1 and 3.2): `none` and HMAC are not refused by a rule, they do not exist here.
A key is bound to the algorithms of its own type when it is read, so that a token's `alg` chooses among these at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from loki_core.frozen import dataclass
from loki_core.oidc.refusal import Broken

Verifier = Callable[[bytes, bytes], None]
"""Takes signature and signed bytes; raises Broken when they do not belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """One `alg` (RFC 7518, 3.1; RFC 8037, 3.1; RFC 9864, 2.2).

    Attributes:
        kind: the kind of key that it needs: `RSA`, or a curve's name in JWK.
        hash_name: of the hash in it; what `at_hash` is made with (OpenID Connect Core 3.1.3.6).
    """

    name: str
    kind: str
    hash_name: str


ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {
        name: Algorithm(name=name, kind=kind, hash_name=hash_name)
        for name, kind, hash_name in (
            ("RS256", "RSA", "sha256"),
            ("RS384", "RSA", "sha384"),
            ("RS512", "RSA", "sha512"),
            ("PS256", "RSA", "sha256"),
            ("PS384", "RSA", "sha384"),
            ("PS512", "RSA", "sha512"),
            ("ES256", "P-256", "sha256"),
            ("ES384", "P-384", "sha384"),
            ("ES512", "P-521", "sha512"),
            ("EdDSA", "Ed25519", "sha512"),
            ("Ed25519", "Ed25519", "sha512"),
        )
    }
)


class Curve(NamedTuple):
    """A curve's numbers (FIPS 186-5; SEC 2): the bytes of a coordinate, and the order of its base point."""

    width: int
    order: int


CURVES: Mapping[str, Curve] = MappingProxyType(
    {
        "P-256": Curve(32, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
        "P-384": Curve(48, (1 << 384) - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D),
        "P-521": Curve(66, (1 << 521) - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7),
    }
)


def is_for(algorithm: str, key_algorithm: str | None) -> bool:
    """Tell whether a key that names an algorithm, or none, may be used with this one."""
    if key_algorithm is None or algorithm == key_algorithm:
        return True
    return {algorithm, key_algorithm} == {"EdDSA", "Ed25519"}  # two names of one thing


def bind_verifiers(kind: str, public_key: Any, key_algorithm: str | None) -> Mapping[str, Verifier]:
    """Return what checks signatures with this key, by algorithm.

    Args:
        kind: the kind of the key.
        public_key: a public key of `cryptography`, of that kind.
        key_algorithm: the only one that the key is for, or None.
    """
    check_form = _bind_form(kind, public_key)
    return MappingProxyType(
        {
            name: _bind(name, public_key, check_form)
            for name, algorithm in ALGORITHMS.items()
            if algorithm.kind == kind and is_for(name, key_algorithm)
        }
    )


def _bind(name: str, public_key: Any, check_form: Callable[[bytes], None]) -> Verifier:
    """Return PyJWT's check of one algorithm, behind what it leaves to others: the signature's one right form."""
    from jwt.algorithms import get_default_algorithms

    verify = get_default_algorithms()["EdDSA" if name == "Ed25519" else name].verify

    def check(signature: bytes, data: bytes) -> None:
        check_form(signature)
        try:
            is_right = verify(data, public_key, signature)
        except Exception as error:  # noqa: BLE001 - whatever the library meets in a key or on this host is a refusal
            raise Broken(f"it cannot be checked on this host ({type(error).__name__})") from None
        if is_right is not True:
            raise Broken("the signature is another's, or of something else")

    return check


def _bind_form(kind: str, public_key: Any) -> Callable[[bytes], None]:
    """Return what refuses a signature that this kind of key never makes, however its bytes are taken."""
    if kind == "RSA":  # RFC 8017, 8.2.2, step 1
        return _bind_length((public_key.key_size + 7) // 8)
    if kind == "Ed25519":  # RFC 8032, 5.1.7
        return _bind_length(64)
    width, order = CURVES[kind]
    check_length = _bind_length(2 * width)  # two numbers in full width (RFC 7518, 3.4); DER is not a spelling of it

    def check(signature: bytes) -> None:
        check_length(signature)
        r, s = int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big")
        if not (0 < r < order and 0 < s < order):  # CVE-2022-21449
            raise Broken("a number of the signature is zero or not below the order of the curve")

    return check


def _bind_length(length: int) -> Callable[[bytes], None]:
    def check(signature: bytes) -> None:
        if len(signature) != length:
            raise Broken(f"the signature has {len(signature)} bytes, not {length}")

    return check

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
    bind = _bind_rsa if kind == "RSA" else _bind_ed25519 if kind == "Ed25519" else _bind_ecdsa
    return MappingProxyType(
        {
            name: bind(algorithm, public_key)
            for name, algorithm in ALGORITHMS.items()
            if algorithm.kind == kind and is_for(name, key_algorithm)
        }
    )


def _bind_rsa(algorithm: Algorithm, public_key: Any) -> Verifier:
    """RSASSA-PKCS1-v1_5 and RSASSA-PSS with a salt as long as the hash (RFC 7518, 3.3 and 3.5)."""
    from cryptography.hazmat.primitives.asymmetric import padding

    hash_ = _make_hash(algorithm)
    scheme: Any = padding.PKCS1v15()
    if algorithm.name.startswith("PS"):
        scheme = padding.PSS(mgf=padding.MGF1(hash_), salt_length=hash_.digest_size)
    width = (public_key.key_size + 7) // 8
    verify = _call(public_key.verify)

    def check(signature: bytes, data: bytes) -> None:
        if len(signature) != width:
            raise Broken(f"the signature has {len(signature)} bytes, not {width}")
        verify(signature, data, scheme, hash_)

    return check


def _bind_ecdsa(algorithm: Algorithm, public_key: Any) -> Verifier:
    """ECDSA with the two numbers side by side, each in full width (RFC 7518, 3.4); DER is not a spelling of it."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    scheme = ECDSA(_make_hash(algorithm))
    width, order = CURVES[algorithm.kind]
    verify = _call(public_key.verify)

    def check(signature: bytes, data: bytes) -> None:
        if len(signature) != 2 * width:
            raise Broken(f"the signature has {len(signature)} bytes, not {2 * width}")
        r, s = int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big")
        if not (0 < r < order and 0 < s < order):  # CVE-2022-21449
            raise Broken("a number of the signature is zero or not below the order of the curve")
        verify(encode_dss_signature(r, s), data, scheme)

    return check


def _bind_ed25519(algorithm: Algorithm, public_key: Any) -> Verifier:
    """EdDSA with Ed25519 (RFC 8037, 3.1.1)."""
    verify = _call(public_key.verify)

    def check(signature: bytes, data: bytes) -> None:
        if len(signature) != 64:
            raise Broken(f"the signature has {len(signature)} bytes, not 64")
        verify(signature, data)

    return check


def _make_hash(algorithm: Algorithm) -> Any:
    from cryptography.hazmat.primitives import hashes

    return getattr(hashes, algorithm.hash_name.upper())()


def _call(verify: Callable[..., None]) -> Callable[..., None]:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    def call(*arguments: Any) -> None:
        try:
            verify(*arguments)
        except InvalidSignature:
            raise Broken("the signature is another's, or of something else") from None
        except (UnsupportedAlgorithm, ValueError) as error:
            raise Broken(f"it cannot be checked on this host: {error}") from None

    return call

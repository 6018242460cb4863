"""A provider's signing keys, and tokens of any shape made with them: correct ones and forged ones."""

from __future__ import annotations

import functools
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from loki_core.oidc.claims import SignedClaims
from loki_core.oidc.compact import parse_compact
from loki_core.oidc.expectation import Expectation
from loki_core.oidc.key_set import KeySet, read_key_set
from loki_core.oidc.validation import check_token

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://idp.example.com/realms/main"
CLIENT = "loki-cli"
API = "https://loki.example.com/api"
ID_TOKEN = Expectation(issuer=ISSUER, client_id=CLIENT, audience=CLIENT)
ACCESS_TOKEN = Expectation(issuer=ISSUER, client_id=CLIENT, audience=API)
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


def encode(data: bytes | str | dict[str, Any]) -> str:
    """Return base64url of bytes, of text, or of an object as JSON."""
    if isinstance(data, dict):
        data = json.dumps(data)
    return urlsafe_b64encode(data.encode() if isinstance(data, str) else data).rstrip(b"=").decode()


def encode_number(number: int, width: int = 0) -> str:
    """Return a number in base64url, in as many bytes as it needs or as given."""
    return encode(number.to_bytes(width or (number.bit_length() + 7) // 8, "big"))


class Signer:
    """One key pair and what it signs."""

    def __init__(self, algorithm: str, kid: str | None = "key-1", *, bits: int = 2048) -> None:
        self.algorithm = algorithm
        self.kid = kid
        self.private: Any
        if algorithm in CURVES:
            self.private = ec.generate_private_key(CURVES[algorithm])
        elif algorithm in ("EdDSA", "Ed25519"):
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(65537, bits)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key, as a provider publishes it."""
        common = {"use": "sig"} | ({} if self.kid is None else {"kid": self.kid})
        public = self.private.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes_raw()), **common}
        numbers = public.public_numbers()
        if isinstance(public, rsa.RSAPublicKey):
            return {"kty": "RSA", "n": encode_number(numbers.n), "e": encode_number(numbers.e), **common}
        width = (public.curve.key_size + 7) // 8
        curve = {256: "P-256", 384: "P-384", 521: "P-521"}[public.curve.key_size]
        return {
            "kty": "EC",
            "crv": curve,
            "x": encode_number(numbers.x, width),
            "y": encode_number(numbers.y, width),
            **common,
        }

    @property
    def jwks(self) -> dict[str, Any]:
        """A key set of this key alone."""
        return {"keys": [self.jwk]}

    @property
    def keys(self) -> KeySet:
        """The same, read."""
        return read_key_set(self.jwks)

    def sign_bytes(self, data: bytes) -> bytes:
        """Return the signature of the bytes, in the form that a JWS has it."""
        name = self.algorithm
        if name in ("EdDSA", "Ed25519"):
            return bytes(self.private.sign(data))
        hash_ = HASHES[name[2:]]
        if name.startswith("RS"):
            return bytes(self.private.sign(data, padding.PKCS1v15(), hash_))
        if name.startswith("PS"):
            scheme = padding.PSS(mgf=padding.MGF1(hash_), salt_length=hash_.digest_size)
            return bytes(self.private.sign(data, scheme, hash_))
        width = (CURVES[name].key_size + 7) // 8
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hash_)))
        return r.to_bytes(width, "big") + s.to_bytes(width, "big")

    def make_header(self, **members: Any) -> dict[str, Any]:
        """Return a good header with these members, without those that are None."""
        header = {"alg": self.algorithm, "typ": "JWT", "kid": self.kid} | members
        return {name: value for name, value in header.items() if value is not None}

    def sign(self, claims: bytes | str | dict[str, Any], header: bytes | str | dict[str, Any] | None = None) -> str:
        """Return a signed token with this payload and header, whatever they are."""
        signed = f"{encode(self.make_header() if header is None else header)}.{encode(claims)}"
        return f"{signed}.{encode(self.sign_bytes(signed.encode()))}"


@functools.cache
def get_signer(algorithm: str = "ES256") -> Signer:
    """Return the one signer of that algorithm: RSA keys take long to make."""
    if algorithm.startswith(("RS", "PS")) and algorithm != "RS256":
        signer = Signer("ES256")
        signer.algorithm, signer.private = algorithm, get_signer("RS256").private
        return signer
    return Signer(algorithm)


def make_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good ID token with these changes; None takes one away."""
    claims = {
        "iss": ISSUER,
        "sub": "248289761001",
        "aud": CLIENT,
        "iat": SECONDS,
        "exp": SECONDS + 600,
        "name": "Alice Admin",
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def sign_text(**texts: str) -> str:
    """Return a good ID token of the usual signer in which these members are written as given."""
    members = {name: json.dumps(value) for name, value in make_claims().items()} | texts
    return get_signer().sign("{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}")


def make_access_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good access token with these changes; None takes one away."""
    return make_claims(**({"aud": API, "azp": CLIENT, "jti": "at-1"} | changes))


def check(
    token: str, expected: Expectation = ID_TOKEN, *, keys: KeySet | None = None, now: datetime = NOW
) -> SignedClaims:
    """Validate a token of the usual signer."""
    return check_token(parse_compact(token), keys or get_signer().keys, expected, now)

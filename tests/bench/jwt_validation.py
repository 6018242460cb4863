"""How dear the validation of a JWT is when the keys are known: against PyJWT's decode, and the signature check alone.

PyJWT is given the key ready, and checks issuer and audience; it looks for no duplicate members, does not choose a key,
and gives no role.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import jwt
from jwt.types import Options

from loki_core.oidc.compact import parse_compact
from loki_core.oidc.validation import check_token
from tests.bench.ratio import Ratio, compare
from tests.core.oidc.people import make_mapping
from tests.core.oidc.signer import CLIENT, ID_TOKEN, ISSUER, NOW, get_signer, make_claims

CALLS = 1_000
CLAIMS = make_claims(
    email="alice@example.com",
    email_verified=True,
    preferred_username="alice",
    groups=["loki-admins", "staff"],
    auth_time=1_700_000_000,
    sid="0af4e2b9-bc3f-4ad5-9c5a-1c5d5e5a7c11",
)


def measure() -> Iterator[Ratio]:
    """Yield the ratios for RSA, ECDSA and Ed25519."""
    for algorithm in ("RS256", "ES256", "EdDSA"):
        yield from _measure(algorithm)


def _measure(algorithm: str) -> Iterator[Ratio]:
    mapping = make_mapping(role_mapping={"loki-admins": "admin"})
    signer = get_signer(algorithm)
    token, keys, public = signer.sign(CLAIMS), signer.keys, signer.private.public_key()
    compact = parse_compact(token)
    verify = keys.keys[0].verifiers[algorithm]
    options: Options = {"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "sub"]}

    def validate() -> None:
        mapping.decide(check_token(parse_compact(token), keys, ID_TOKEN, NOW))

    def decode() -> None:
        jwt.decode(token, public, algorithms=[algorithm], audience=CLIENT, issuer=ISSUER, options=options)

    def check_twice_and_wait() -> None:
        verify(compact.signature, compact.signing_input)
        verify(compact.signature, compact.signing_input)
        until = time.perf_counter() + 15e-6
        while time.perf_counter() < until:
            pass

    ours = _repeat(validate)
    yield compare(f"{algorithm}, token to role : PyJWT's decode", 1.5, ours, _repeat(decode), calls=CALLS)
    name = f"{algorithm}, token to role : two signature checks and 15 us"
    yield compare(name, 1, ours, _repeat(check_twice_and_wait), calls=CALLS)


def _repeat(call: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(CALLS):
            call()

    return run

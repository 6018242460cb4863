"""How dear the validation of a JWT is when the keys are known: against PyJWT's decode, and the signature check alone.

PyJWT is given the key ready, and checks issuer, audience and times; it looks for no duplicate members, does not choose
a key and gives no role.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import jwt

from loki_core.oidc.compact import parse_compact
from loki_core.oidc.jws import verify_signature
from loki_core.oidc.validation import check_token
from tests.bench.ratio import Ratio, compare
from tests.core.oidc.people import make_mapping
from tests.core.oidc.signer import CLIENT, ID_TOKEN, ISSUER, NOW, get_signer, make_claims

ROUNDS = range(1_000)
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
    mapping = make_mapping(role_mapping={"loki-admins": "admin"})
    for algorithm in ("RS256", "ES256", "EdDSA"):
        signer = get_signer(algorithm)
        token = signer.sign(CLAIMS)
        keys, public = signer.keys, signer.private.public_key()
        compact = parse_compact(token)
        verifier = keys.keys[0].verifiers[algorithm]

        def validate(token: str = token, keys: object = keys) -> None:
            mapping.decide(check_token(parse_compact(token), keys, ID_TOKEN, NOW))  # type: ignore[arg-type]

        def decode(token: str = token, public: object = public, algorithm: str = algorithm) -> None:
            jwt.decode(
                token,
                public,  # type: ignore[arg-type]
                algorithms=[algorithm],
                audience=CLIENT,
                issuer=ISSUER,
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "sub"]},
            )

        def stretch(verifier: Callable[[bytes, bytes], None] = verifier, compact: object = compact) -> None:
            verifier(compact.signature, compact.signing_input)  # type: ignore[attr-defined]
            verifier(compact.signature, compact.signing_input)  # type: ignore[attr-defined]
            until = time.perf_counter() + 15e-6
            while time.perf_counter() < until:
                pass

        verify_signature(compact, keys)
        yield compare(f"{algorithm}: token to role : PyJWT decode", 1.5, repeat(validate), repeat(decode), calls=len(ROUNDS))
        yield compare(
            f"{algorithm}: the same : twice the signature and 15 us", 1, repeat(validate), repeat(stretch), calls=len(ROUNDS)
        )


def repeat(call: Callable[[], None]) -> Callable[[], None]:
    """Return what calls it many times."""

    def run() -> None:
        for _ in ROUNDS:
            call()

    return run

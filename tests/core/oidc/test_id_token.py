"""What an ID token may be like, and what it must be when the sign-in knows more."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from loki_core.frozen import replace
from loki_core.oidc import verify_jws
from tests.core.oidc.refused import refuse
from tests.core.oidc.signer import ALGORITHMS, CLIENT, ID_TOKEN, SECONDS, check, encode, get_signer, make_claims


def sign(**changes: Any) -> str:
    """Return a good ID token with these changes."""
    return get_signer().sign(make_claims(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": SECONDS + 0.5, "iat": SECONDS - 0.25, "nbf": SECONDS - 1.75},
        {"exp": float(SECONDS + 600)},
        {"exp": 253402300799},
        {"iat": 0, "nbf": 0},
        {"nonce": "nobody asked"},
        {"nonce": 7},
        {"at_hash": "nobody can tell"},
        {"c_hash": "nobody can tell"},
        {"azp": CLIENT},
        {"auth_time": 0},
        {"auth_time": "yesterday"},
        {"acr": "0", "amr": ["pwd"], "sid": "s", "jti": "j", "session_state": "x"},
        {"typ": "ID"},
        {"typ": "JWT"},
        {"token_use": "id"},
        {"aud": [CLIENT]},
        {"sub": "auth0|507f1f77bcf86cd799439011"},
        {"sub": "Zoë 愛"},
        {"name": ["no text"], "email": 7},
        {"": "", "\0": "\x1b[2J"},
    ],
    ids=str,
)
def test_what_is_taken(changes: dict[str, Any]) -> None:
    assert check(sign(**changes)).values == make_claims(**changes)


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt", "", None])
def test_the_types_that_are_taken(typ: str | None) -> None:
    signer = get_signer()
    assert check(signer.sign(make_claims(), signer.make_header(typ=typ)))


def test_unknown_header_members_are_taken() -> None:
    signer = get_signer()
    header = signer.make_header(cty="x", nonce="y", iss="z", x5t="t", unknown={"a": [1]}, **{"": None})
    assert check(signer.sign(make_claims(), {**header, "exp": "header"}))


def test_keys_without_use_and_with_or_without_alg_are_taken() -> None:
    signer = get_signer()
    jwk = {name: value for name, value in signer.jwk.items() if name != "use"}
    for key in (jwk, {**jwk, "alg": "ES256"}):
        assert verify_jws(signer.sign(b"x"), {"keys": [key], "extra": True}) == b"x"


def test_another_audience_is_taken_when_it_is_allowed() -> None:
    expected = replace(ID_TOKEN, allowed_clients=("another", "third"))
    assert check(sign(aud=[CLIENT, "another", "third"]), expected)
    refuse(sign(aud=[CLIENT, "another", "fourth"]), "other_audiences", expected)
    refuse(sign(aud=["another"]), "audience", expected)
    refuse(sign(aud=[CLIENT, "another"], azp="another"), "party", expected)


def test_the_nonce_that_was_sent_must_come_back() -> None:
    expected = replace(ID_TOKEN, nonce="n-0S6_WzA2Mj")
    assert check(sign(nonce="n-0S6_WzA2Mj"), expected)
    for nonce in (None, "", "n-0S6_WzA2MJ", "n-0S6_WzA2Mj ", "é", 7, ["n-0S6_WzA2Mj"]):
        refuse(sign(nonce=nonce), "nonce", expected)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_at_hash_is_that_of_the_access_token_that_came_along(algorithm: str) -> None:
    signer = get_signer(algorithm)
    name = "sha512" if algorithm in ("EdDSA", "Ed25519") else f"sha{algorithm[2:]}"
    digest = hashlib.new(name, b"access").digest()
    good = encode(digest[: len(digest) // 2])
    expected = replace(ID_TOKEN, access_token="access")
    assert check(signer.sign(make_claims(at_hash=good)), expected, keys=signer.keys)
    assert check(signer.sign(make_claims()), expected, keys=signer.keys)
    for bad in ("", good[:-1], good + "=", encode(digest), digest.hex(), 7, [good], "é"):
        refuse(signer.sign(make_claims(at_hash=bad)), "access_token_hash", expected, keys=signer.keys)
    other = replace(ID_TOKEN, access_token="another")
    refuse(signer.sign(make_claims(at_hash=good)), "access_token_hash", other, keys=signer.keys)


def test_a_name_is_the_best_that_is_given() -> None:
    assert check(sign(name="Alice", preferred_username="a")).name == "Alice"
    assert check(sign(name=" ", preferred_username="alice")).name == "alice"
    assert check(sign(name=None, email="alice@example.com")).name == "alice@example.com"
    assert check(sign(name=7)).name == "248289761001"

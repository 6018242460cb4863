"""Which signatures are right: every algorithm with its own key, and nothing else."""

from __future__ import annotations

import json

import pytest

from loki_core.oidc import verify_jws
from loki_core.oidc.refusal import Refusal
from tests.core.oidc.signer import ALGORITHMS, Signer, encode, get_signer, make_claims


def refuse(token: str, key_set: dict[str, object], rule: str) -> str:
    """Return the reason of a refusal by this rule."""
    with pytest.raises(Refusal) as caught:
        verify_jws(token, key_set)
    assert caught.value.rule.name == rule, caught.value.for_log
    return caught.value.reason


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_is_verified_with_its_key(algorithm: str) -> None:
    signer = get_signer(algorithm)
    payload = json.dumps(make_claims()).encode()
    assert verify_jws(signer.sign(payload), signer.jwks) == payload


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_bit_of_a_signature_counts(algorithm: str) -> None:
    signer = get_signer(algorithm)
    signed, _, signature = signer.sign(make_claims()).rpartition(".")
    raw = bytearray(signer.sign_bytes(signed.encode()))
    for position in (0, len(raw) // 2, len(raw) - 1):
        raw[position] ^= 1
        refuse(f"{signed}.{encode(bytes(raw))}", signer.jwks, "signature")
        raw[position] ^= 1
    assert verify_jws(f"{signed}.{signature}", signer.jwks)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_payload_that_was_changed_is_refused(algorithm: str) -> None:
    signer = get_signer(algorithm)
    header, _, signature = signer.sign(make_claims(sub="alice")).split(".")
    refuse(f"{header}.{encode(make_claims(sub='mallory'))}.{signature}", signer.jwks, "signature")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_bound_to_the_algorithms_of_its_own_type(algorithm: str) -> None:
    signer = get_signer(algorithm)
    others = [name for name in ALGORITHMS if name[:2] != algorithm[:2] and {name[0], algorithm[0]} != {"R", "P"}]
    if algorithm in ("EdDSA", "Ed25519"):
        others = [name for name in others if name not in ("EdDSA", "Ed25519")]
    for other in others:
        refuse(signer.sign(make_claims(), signer.make_header(alg=other)), signer.jwks, "key_algorithm")


def test_a_key_that_names_its_algorithm_is_used_with_no_other() -> None:
    signer = get_signer("RS256")
    assert verify_jws(signer.sign(b"x"), {"keys": [{**signer.jwk, "alg": "RS256"}]}) == b"x"
    assert "RS512" in refuse(signer.sign(b"x"), {"keys": [{**signer.jwk, "alg": "RS512"}]}, "key_algorithm")


def test_eddsa_and_ed25519_are_two_names_of_one_algorithm() -> None:
    for name in ("EdDSA", "Ed25519"):
        signer = get_signer(name)
        for other in ("EdDSA", "Ed25519"):
            assert verify_jws(signer.sign(b"x"), {"keys": [{**signer.jwk, "alg": other}]}) == b"x"


def test_another_signers_token_is_refused() -> None:
    one, other = get_signer(), Signer("ES256")
    refuse(other.sign(make_claims()), one.jwks, "signature")


def test_an_ecdsa_signature_is_taken_in_either_half() -> None:
    signer = get_signer("ES256")
    order = int("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)
    signed, _, _ = signer.sign(make_claims()).rpartition(".")
    raw = signer.sign_bytes(signed.encode())
    turned = (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    for s in (raw[32:], turned):
        assert verify_jws(f"{signed}.{encode(raw[:32] + s)}", signer.jwks)


def test_without_a_kid_the_only_key_is_used() -> None:
    signer = Signer("ES256", kid=None)
    assert verify_jws(signer.sign(b"x"), signer.jwks) == b"x"
    assert verify_jws(signer.sign(b"x"), {"keys": [{**signer.jwk, "kid": "named"}]}) == b"x"


def test_without_a_kid_keys_that_cannot_verify_do_not_count() -> None:
    signer = Signer("ES256", kid=None)
    encrypting = {**get_signer("RS256").jwk, "use": "enc"}
    assert verify_jws(signer.sign(b"x"), {"keys": [encrypting, signer.jwk]}) == b"x"


def test_without_a_kid_nobody_guesses_between_several_keys() -> None:
    signer = Signer("ES256", kid=None)
    reason = refuse(signer.sign(b"x"), {"keys": [signer.jwk, get_signer("RS256").jwk]}, "key")
    assert reason == "there is no kid, and the provider has 2 keys"


def test_a_kid_that_the_provider_does_not_have_is_refused_though_there_is_only_one_key() -> None:
    signer = get_signer()
    refuse(signer.sign(b"x", signer.make_header(kid="another")), signer.jwks, "key")
    refuse(signer.sign(b"x"), Signer("ES256", kid=None).jwks, "key")


def test_the_log_is_told_why_a_known_key_is_not_used() -> None:
    signer = get_signer()
    unfit = {**signer.jwk, "use": "enc"}
    reason = refuse(signer.sign(b"x"), {"keys": [unfit, Signer("ES256", "other").jwk]}, "key")
    assert reason == "the key 'key-1' is not used: use is 'enc', not 'sig'"


def test_the_payload_need_not_be_json() -> None:
    signer = get_signer()
    assert verify_jws(signer.sign(b"\xff\x00"), signer.jwks) == b"\xff\x00"
    assert verify_jws(signer.sign(b""), signer.jwks) == b""


@pytest.mark.parametrize("key_set", [None, [], "keys", {}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": [1]}])
def test_a_key_set_that_is_none_verifies_nothing(key_set: object) -> None:
    refuse(get_signer().sign(b"x"), key_set, "key")  # type: ignore[arg-type]

"""Attacks by, and mistakes in, what a provider publishes as its keys."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x25519

from loki_core.errors import ProviderUnavailable
from loki_core.oidc.key_set import LARGEST_SET, MOST_KEYS, KeySet, parse_key_set, read_key_set
from tests.core.oidc.refused import refuse_jws
from tests.core.oidc.signer import Signer, encode, encode_number, get_signer


def with_good(*others: Any) -> KeySet:
    """Return a key set of these keys and then a good one, which must be the only one left."""
    good = Signer("ES256", "good")
    keys = read_key_set({"keys": [*others, good.jwk]})
    assert [key.kid for key in keys.keys] == ["good"]
    return keys


def get_reason(jwk: Any) -> str:
    """Return why this key is dropped, and see that it verifies nothing."""
    keys = with_good(jwk)
    (dropped,) = keys.dropped
    assert dropped.position == 1
    assert dropped.reason.isprintable()
    with pytest.raises(ProviderUnavailable, match="no key to verify with"):
        read_key_set({"keys": [jwk]})
    refuse_jws(get_signer().sign(b"x"), "key", {"keys": [jwk, Signer("ES256", "good").jwk]})
    return dropped.reason


@pytest.mark.parametrize("part", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
@pytest.mark.parametrize("value", ["AQAB", "", None, [], 7])
def test_private_keys(part: str, value: object) -> None:
    for algorithm in ("RS256", "ES256", "EdDSA"):
        assert "private part" in get_reason({**get_signer(algorithm).jwk, part: value})


def test_symmetric_keys() -> None:
    for kid in ("key-1", "other"):
        assert "symmetric" in get_reason({"kty": "oct", "k": encode(b"x" * 32), "kid": kid, "alg": "HS256"})


@pytest.mark.parametrize("bits", [1024, 2047])
def test_short_rsa_keys(bits: int) -> None:
    modulus = (1 << (bits - 1)) + 1
    reason = get_reason({"kty": "RSA", "kid": "key-1", "n": encode_number(modulus), "e": "AQAB"})
    assert f"{bits} bits" in reason


def test_a_short_rsa_key_that_is_padded_with_zeros_is_still_short() -> None:
    modulus = encode_number((1 << 1023) + 1, 256)
    assert "1024 bits" in get_reason({"kty": "RSA", "kid": "key-1", "n": modulus, "e": "AQAB"})


@pytest.mark.parametrize("exponent", [0, 1, 2, 65536, 2**64 + 1, 2**2047 + 1], ids=int.bit_length)
def test_rsa_exponents_that_make_signatures_worthless_or_dear(exponent: int) -> None:
    assert "exponent" in get_reason(
        {**get_signer("RS256").jwk, "e": encode_number(exponent, (exponent.bit_length() + 7) // 8 or 1)}
    )


def test_the_least_and_the_largest_rsa_keys_that_are_used() -> None:
    jwk = get_signer("RS256").jwk
    for modulus in ((1 << 2047) + 1, (1 << 8191) + 1):
        for exponent in (3, (1 << 63) + 1):
            numbers = {"n": encode_number(modulus), "e": encode_number(exponent)}
            assert read_key_set({"keys": [{**jwk, **numbers}]}).keys


@pytest.mark.parametrize("modulus", [1 << 2047, (1 << 8192) + 1, (1 << 100_000) + 1], ids=int.bit_length)
def test_rsa_moduli_that_are_even_or_too_long(modulus: int) -> None:
    words = {2048: "even", 8193: "8193 bits", 100_001: "too long"}
    assert words[modulus.bit_length()] in get_reason({**get_signer("RS256").jwk, "n": encode_number(modulus)})


def test_duplicate_kids() -> None:
    one, other = Signer("ES256", "twice"), Signer("EdDSA", "twice")
    keys = with_good(one.jwk, other.jwk)
    assert [(each.position, each.kid, each.reason) for each in keys.dropped] == [
        (1, "twice", "another key has the same kid"),
        (2, "twice", "another key has the same kid"),
    ]
    for signer in (one, other):
        refuse_jws(signer.sign(b"x"), "key", {"keys": [one.jwk, other.jwk, Signer("ES256", "good").jwk]})
        refuse_jws(signer.sign(b"x"), "key", {"keys": [one.jwk, other.jwk]})
    with_good(one.jwk, one.jwk)


@pytest.mark.parametrize("use", ["enc", "", "SIG", None, 1, ["sig"], {}])
def test_encryption_keys(use: object) -> None:
    assert "use is" in get_reason({**get_signer().jwk, "use": use})


@pytest.mark.parametrize("operations", [[], ["sign"], ["encrypt"], "verify", None, {"verify": 1}, [["verify"]], 1])
def test_keys_that_are_not_for_verifying(operations: object) -> None:
    assert "key_ops" in get_reason({**get_signer().jwk, "key_ops": operations})


def test_keys_that_are_for_verifying() -> None:
    jwk = get_signer().jwk
    del jwk["use"]
    for operations in (["verify"], ["sign", "verify"]):
        assert read_key_set({"keys": [{**jwk, "key_ops": operations}]}).keys
    assert read_key_set({"keys": [jwk]}).keys


@pytest.mark.parametrize(
    "algorithm", ["RS256", "ES384", "ES256K", "HS256", "none", "RSA-OAEP", "", None, 1, ["ES256"], {}]
)
def test_keys_whose_algorithm_is_not_of_their_type(algorithm: object) -> None:
    assert "alg is" in get_reason({**get_signer("ES256").jwk, "alg": algorithm})


@pytest.mark.parametrize("kid", [None, 1, True, ["key-1"], {}])
def test_a_kid_that_is_not_text(kid: object) -> None:
    assert "kid is" in get_reason({**get_signer().jwk, "kid": kid})


@pytest.mark.parametrize("kty", [None, "", "rsa", "ec", "OKP", "AKP", "DSA", 1, ["EC"], {}])
def test_types_of_keys_that_we_do_not_use(kty: object) -> None:
    get_reason({**get_signer("ES256").jwk, "kty": kty})


def test_points_off_the_curve() -> None:
    for algorithm in ("ES256", "ES384", "ES512"):
        jwk = get_signer(algorithm).jwk
        width = {"ES256": 32, "ES384": 48, "ES512": 66}[algorithm]
        for x, y in ((0, 0), (1, 1), (5, 0), ((1 << 8 * width) - 1, 1)):
            changed = {**jwk, "x": encode_number(x, width), "y": encode_number(y, width)}
            assert "not on the curve" in get_reason(changed)
        assert "not on the curve" in get_reason({**jwk, "x": jwk["y"], "y": jwk["x"]})


def test_coordinates_of_another_length() -> None:
    jwk = get_signer("ES256").jwk
    numbers = get_signer("ES256").private.public_key().public_numbers()
    for name, number in (("x", numbers.x), ("y", numbers.y)):
        for bad in ("AA", encode(bytes(31)), encode_number(number, 33), encode_number(number, 40)):
            assert "wrong length" in get_reason({**jwk, name: bad})
        assert get_reason({**jwk, name: ""}) == f"it has no {name}"
    padded = {"x": encode_number(numbers.x, 33), "y": encode_number(numbers.y, 33)}
    assert "wrong length" in get_reason({**jwk, **padded})


@pytest.mark.parametrize("curve", ["secp256k1", "P-192", "P-521", "P-384", "p-256", "Ed25519", "", None, 1, ["P-256"]])
def test_wrong_curves(curve: object) -> None:
    get_reason({**get_signer("ES256").jwk, "crv": curve})


def test_a_key_of_another_curve_under_a_curve_that_we_use() -> None:
    numbers = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()
    point = {"x": encode_number(numbers.x, 32), "y": encode_number(numbers.y, 32)}
    assert "not on the curve" in get_reason({"kty": "EC", "crv": "P-256", "kid": "key-1", **point})
    get_reason({"kty": "EC", "crv": "secp256k1", "kid": "key-1", "alg": "ES256K", **point})


def test_octet_keys_of_other_curves() -> None:
    x448 = ed448.Ed448PrivateKey.generate().public_key().public_bytes_raw()
    x255 = x25519.X25519PrivateKey.generate().public_key().public_bytes_raw()
    get_reason({"kty": "OKP", "crv": "Ed448", "kid": "key-1", "x": encode(x448)})
    get_reason({"kty": "OKP", "crv": "X25519", "kid": "key-1", "x": encode(x255)})
    get_reason({"kty": "OKP", "crv": "Ed25519", "kid": "key-1", "x": encode(x448)})


@pytest.mark.parametrize("member", ["n", "e"])
@pytest.mark.parametrize("value", [None, "", 7, True, [], {}, "AQAB=", "AQA B", "AQAB\n", "+/+/", "A", "é", "\ud800"])
def test_numbers_that_are_not_base64url(member: str, value: object) -> None:
    get_reason({**get_signer("RS256").jwk, member: value})


@pytest.mark.parametrize("jwk", [None, 1, True, "key", [], {}, [[]], {"keys": []}], ids=str)
def test_what_is_no_key_at_all(jwk: object) -> None:
    with_good(jwk)


def test_certificates_in_a_key_are_ignored() -> None:
    signer = get_signer()
    hostile = {"x5c": ["MIIB", 7], "x5u": "http://169.254.169.254/", "x5t": None}
    assert read_key_set({"keys": [{**signer.jwk, **hostile}]}).keys


def test_20_000_keys_drop_the_whole_set() -> None:
    jwk = get_signer().jwk
    many = {"keys": [jwk, *({**jwk, "kid": str(number)} for number in range(19_999))]}
    refuse_jws(get_signer().sign(b"x"), "key", many)
    with pytest.raises(ProviderUnavailable, match="20000 keys, more than 64"):
        read_key_set(many)
    with pytest.raises(ProviderUnavailable, match="more than 524288"):
        parse_key_set(json.dumps(many).encode())
    with pytest.raises(ProviderUnavailable, match="20000 keys"):
        parse_key_set(json.dumps({"keys": [1] * 20_000}).encode())


def test_64_keys_are_read_and_65_are_not() -> None:
    jwk = get_signer().jwk
    keys = [{**jwk, "kid": str(number)} for number in range(MOST_KEYS)]
    assert len(parse_key_set(json.dumps({"keys": keys}).encode()).keys) == 64
    with pytest.raises(ProviderUnavailable, match="65 keys"):
        read_key_set({"keys": [*keys, jwk]})


class Untouchable(bytes):
    """Bytes of which nothing but the length may be looked at."""

    def decode(self, *arguments: object) -> str:
        raise AssertionError("it was read")

    startswith = decode  # type: ignore[assignment]


def test_a_key_set_of_50_mb_is_dropped_before_anything_of_it_is_read() -> None:
    with pytest.raises(ProviderUnavailable, match="52428800 bytes"):
        parse_key_set(Untouchable(50 * 1024 * 1024))


def test_a_key_set_of_exactly_the_largest_size_is_read() -> None:
    document = json.dumps(get_signer().jwks).encode()
    assert parse_key_set(document.ljust(LARGEST_SET)).keys
    with pytest.raises(ProviderUnavailable):
        parse_key_set(document.ljust(LARGEST_SET + 1))


@pytest.mark.parametrize(
    "document",
    [
        *(
            b"",
            b"null",
            b"[]",
            b"{}",
            b"{",
            b"<html>",
            b"\xff",
            b"\xef\xbb\xbf{}",
            b'{"keys":{}}',
            b'{"keys":[],"keys":[]}',
        ),
        *(b"[" * 100_000, b'{"keys":' + b"[" * 100_000, b'{"keys":[' + b'{"a":' * 10_000),
    ],
    ids=lambda document: f"{document[:12]!r} {len(document)}",
)
def test_a_document_that_is_no_key_set(document: bytes) -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        parse_key_set(document)
    assert caught.value.message.isprintable()

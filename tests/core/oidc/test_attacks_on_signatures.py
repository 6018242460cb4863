"""Attacks by signatures that a careless verifier takes."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from loki_core.oidc.algorithms import CURVES
from tests.core.oidc.refused import refuse_jws
from tests.core.oidc.signer import CURVES as SIGNING_CURVES
from tests.core.oidc.signer import HASHES, Signer, encode, get_signer, make_claims

ECDSA = ("ES256", "ES384", "ES512")
NAMES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def split(signer: Signer) -> tuple[str, bytes]:
    """Return what is signed, and its signature."""
    signed, _, _ = signer.sign(make_claims()).rpartition(".")
    return signed, signer.sign_bytes(signed.encode())


@pytest.mark.parametrize("name", CURVES)
def test_the_orders_of_the_curves_are_the_right_ones(name: str) -> None:
    curve = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[name]
    ec.derive_private_key(CURVES[name].order - 1, curve)
    with pytest.raises(ValueError, match=r".*"):
        ec.derive_private_key(CURVES[name].order, curve)
    assert CURVES[name].width == (curve.key_size + 7) // 8


@pytest.mark.parametrize("algorithm", ECDSA)
def test_zero_and_out_of_range_ecdsa_signatures(algorithm: str) -> None:
    signer = get_signer(algorithm)
    signed, good = split(signer)
    width, order = CURVES[NAMES[algorithm]]
    r, s = int.from_bytes(good[:width], "big"), int.from_bytes(good[width:], "big")
    most = (1 << 8 * width) - 1
    for bad in [(0, 0), (0, s), (r, 0), (order, order), (order, s), (r, order), (most, s), (r, most)]:
        raw = b"".join(number.to_bytes(width, "big") for number in bad)
        assert "zero" in refuse_jws(f"{signed}.{encode(raw)}", "signature", signer.jwks)
    for bad in [(1, 1), (order - 1, order - 1), (1, s), (r, 1), (s, r)]:
        raw = b"".join(number.to_bytes(width, "big") for number in bad)
        refuse_jws(f"{signed}.{encode(raw)}", "signature", signer.jwks)
    if r + order <= most:
        raw = (r + order).to_bytes(width, "big") + good[width:]
        refuse_jws(f"{signed}.{encode(raw)}", "signature", signer.jwks)


@pytest.mark.parametrize("algorithm", ECDSA)
def test_der_signatures(algorithm: str) -> None:
    signer = get_signer(algorithm)
    signed, _ = split(signer)
    for _ in range(4):
        der = signer.private.sign(signed.encode(), ec.ECDSA(HASHES[algorithm[2:]]))
        refuse_jws(f"{signed}.{encode(der)}", "signature", signer.jwks)


@pytest.mark.parametrize("algorithm", ECDSA)
def test_ecdsa_signatures_whose_zeros_were_cut_or_added(algorithm: str) -> None:
    signer = get_signer(algorithm)
    width = len(signer.sign_bytes(b"")) // 2
    for number in range(3000):
        signed = f"{encode(signer.make_header(n=number))}.{encode(b'x')}"
        raw = signer.sign_bytes(signed.encode())
        if raw[0] == 0:
            refuse_jws(f"{signed}.{encode(raw[1:])}", "signature", signer.jwks)
            break
    signed, raw = split(signer)
    r, s = raw[:width], raw[width:]
    for other in (b"", raw[:width], b"\0" + raw, b"\0" + r + b"\0" + s, raw + b"\0", raw + raw):
        refuse_jws(f"{signed}.{encode(other)}", "signature", signer.jwks)


@pytest.mark.parametrize("algorithm", ECDSA)
def test_an_ecdsa_signature_of_another_hash_or_curve(algorithm: str) -> None:
    signer = get_signer(algorithm)
    for other in ECDSA:
        if other != algorithm:
            refuse_jws(get_signer(other).sign(b"x"), "key_algorithm", signer.jwks)
            header = signer.make_header(alg=algorithm)
            refuse_jws(get_signer(other).sign(b"x", header), "signature", signer.jwks)
    assert set(ECDSA) == set(SIGNING_CURVES)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_rsa_signatures_of_another_length(algorithm: str) -> None:
    signer = get_signer(algorithm)
    signed, raw = split(signer)
    for other in (b"", b"\0" * len(raw), b"\xff" * len(raw), raw[1:], b"\0" + raw, raw + b"\0", raw[:-1]):
        refuse_jws(f"{signed}.{encode(other)}", "signature", signer.jwks)
    number = int.from_bytes(raw, "big") + signer.private.public_key().public_numbers().n
    if number.bit_length() <= 2048:
        refuse_jws(f"{signed}.{encode(number.to_bytes(256, 'big'))}", "signature", signer.jwks)


def test_pkcs1_and_pss_do_not_stand_for_each_other() -> None:
    one, other = get_signer("RS256"), get_signer("PS256")
    refuse_jws(one.sign(b"x", one.make_header(alg="PS256")), "signature", one.jwks)
    refuse_jws(other.sign(b"x", other.make_header(alg="RS256")), "signature", one.jwks)


def test_a_pss_signature_with_another_salt_length() -> None:
    signer = get_signer("PS256")
    signed, _ = split(signer)
    for salt in (0, 20, 31, 33, 64):
        scheme = padding.PSS(mgf=padding.MGF1(HASHES["256"]), salt_length=salt)
        raw = signer.private.sign(signed.encode(), scheme, HASHES["256"])
        refuse_jws(f"{signed}.{encode(raw)}", "signature", signer.jwks)


def test_a_pss_signature_with_another_hash_in_its_mask() -> None:
    signer = get_signer("PS256")
    signed, _ = split(signer)
    scheme = padding.PSS(mgf=padding.MGF1(HASHES["512"]), salt_length=32)
    raw = signer.private.sign(signed.encode(), scheme, HASHES["256"])
    refuse_jws(f"{signed}.{encode(raw)}", "signature", signer.jwks)


def test_a_pkcs1_signature_forged_for_a_small_exponent() -> None:
    # Bleichenbacher's forgery of 2006: a cube root whose first bytes look right and whose rest nobody checks.
    from cryptography.hazmat.primitives.asymmetric import rsa

    signer = Signer.__new__(Signer)
    signer.algorithm, signer.kid = "RS256", "key-1"
    signer.private = rsa.generate_private_key(3, 2048)
    signed = f"{encode(signer.make_header())}.{encode(make_claims())}"
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    block = b"\0\x01\xff\0" + prefix + hashlib.sha256(signed.encode()).digest()
    target = int.from_bytes(block.ljust(256, b"\0"), "big")
    low, high = 0, 1 << 700
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < target else (low, middle)
    assert (low**3).to_bytes(256, "big").startswith(block[:50])
    refuse_jws(f"{signed}.{encode(low.to_bytes(256, 'big'))}", "signature", signer.jwks)


def test_an_ed25519_signature_whose_number_was_raised_by_the_order() -> None:
    signer = get_signer("EdDSA")
    signed, raw = split(signer)
    order = 2**252 + 27742317777372353535851937790883648493
    raised = int.from_bytes(raw[32:], "little") + order
    assert raised < 2**256
    refuse_jws(f"{signed}.{encode(raw[:32] + raised.to_bytes(32, 'little'))}", "signature", signer.jwks)
    for other in (b"", raw[:63], raw + b"\0", bytes(64)):
        refuse_jws(f"{signed}.{encode(other)}", "signature", signer.jwks)


def test_an_ed25519_key_that_any_message_fits_is_no_key() -> None:
    # With the neutral point as key, R = the neutral point and S = 0 fit every message: OpenSSL says yes.
    point = (1).to_bytes(32, "little")
    Ed25519PublicKey.from_public_bytes(point).verify(point + bytes(32), b"anything at all")
    signer = Signer("EdDSA")
    jwk = {**signer.jwk, "x": encode(point)}
    signed, _ = split(signer)
    assert "small order" in refuse_jws(f"{signed}.{encode(point + bytes(32))}", "key", {"keys": [jwk]})

"""Which points are public keys of Ed25519."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from loki_core.oidc.edwards import check_point
from loki_core.oidc.refusal import Broken

P = 2**255 - 19
SMALL = (0, 1, P - 1, int("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16))


def encode(y: int, sign: int = 0) -> bytes:
    """Return the encoding of a point by its y and the lowest bit of its x."""
    return (y | sign << 255).to_bytes(32, "little")


def test_every_key_that_is_made_is_taken() -> None:
    for _ in range(200):
        check_point(Ed25519PrivateKey.generate().public_key().public_bytes_raw())


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", [*SMALL, P - SMALL[3]], ids=lambda y: hex(y)[:8])
def test_points_of_small_order_are_refused(y: int, sign: int) -> None:
    with pytest.raises(Broken, match="small order"):
        check_point(encode(y, sign))
    # Which they are: one of the messages verifies with the neutral point as R and zero as S.
    forged, key = encode(1) + bytes(32), Ed25519PublicKey.from_public_bytes(encode(y, sign))
    assert any(_verifies(key, forged, bytes([number])) for number in range(100))


def _verifies(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except Exception:  # noqa: BLE001 - whatever it is, it does not verify
        return False
    return True


@pytest.mark.parametrize("y", [P, P + 1, P + 18], ids=lambda y: str(y - P))
def test_encodings_that_are_not_canonical_are_refused(y: int) -> None:
    with pytest.raises(Broken, match="canonically"):
        check_point(encode(y))


def test_half_of_all_numbers_are_no_points() -> None:
    refused = 0
    for y in range(2, 402):
        try:
            check_point(encode(y))
        except Broken as broken:
            assert "not on the curve" in str(broken)  # noqa: PT017 - the others are points
            refused += 1
    assert 150 < refused < 250


@pytest.mark.parametrize("length", [0, 31, 33, 57])
def test_another_length_is_refused(length: int) -> None:
    with pytest.raises(Broken, match=f"{length} bytes"):
        check_point(bytes(length))

"""Which 32 bytes are a public key of Ed25519 (RFC 8032, 5.1.3): OpenSSL takes any, and verifies with any.

With one of the few points of small order, signatures can be made that fit whatever is signed.
"""

from __future__ import annotations

from loki_core.oidc.refusal import Broken

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SMALL_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _P - 1, _SMALL_Y, _P - _SMALL_Y})
"""The y of the eight points whose order is 1, 2, 4 or 8."""


def check_point(encoded: bytes) -> None:
    """Return when the bytes encode a point that is fit for a public key.

    Raises:
        Broken: they do not.
    """
    if len(encoded) != 32:
        raise Broken(f"x has {len(encoded)} bytes, not 32")
    y = int.from_bytes(encoded, "little") & ((1 << 255) - 1)
    if y >= _P:
        raise Broken("its point is not encoded canonically")
    if y in _SMALL_ORDER:
        raise Broken("its point has small order: signatures that fit anything can be made for it")
    # x^2 is u / v, which is a square where u * v is one (Euler); u and v are not zero here.
    u, v = y * y - 1, _D * y * y + 1
    if pow(u * v, (_P - 1) // 2, _P) != 1:
        raise Broken("its point is not on the curve")

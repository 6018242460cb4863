"""Base64url without padding, in the one spelling that encodes the bytes (RFC 7515, 2; RFC 4648, 3.5 and 5)."""

from __future__ import annotations

import binascii

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_STANDARD = bytes.maketrans(b"-_", b"+/")
_LAST = {0: frozenset(ALPHABET), 2: frozenset(ALPHABET[::16]), 3: frozenset(ALPHABET[::4])}
"""What the last character may be, by the length modulo 4: the bits that it does not use are zero."""


def decode_base64url(text: bytes) -> bytes:
    """Return the bytes.

    Raises:
        ValueError: padding, white space, the standard alphabet, a length that nothing has, or unused bits that are
            set: several spellings of one token are as many tokens to whoever keeps a list of them.
    """
    if text.translate(None, ALPHABET):
        raise ValueError("has characters that are not base64url's")
    if not text:
        return b""
    last = _LAST.get(len(text) % 4)
    if last is None:
        raise ValueError("has a length that no base64url has")
    if text[-1] not in last:
        raise ValueError("is not canonical: its last character has bits that nothing uses")
    return binascii.a2b_base64(text.translate(_STANDARD) + b"=" * (-len(text) % 4))

"""A head and the first public key as words that people can write down, read out, and give back. Pure.

The words are BIP-39's English list with its checksum, so that a word that was misread is mostly noticed. A head is 16
bytes in 12 words: 36 bits of its count and the first 92 bits of its last hash. A key is 32 bytes in 24 words.
"""

from __future__ import annotations

from loki_core.frozen import dataclass

HEAD_WORDS = 12
KEY_WORDS = 24
HASH_DIGITS = 23
"""Hex digits of the last hash that the words of a head hold."""
_COUNT_BITS = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadNote:
    """What the words of a head say: how many lines there were, and how the last one's hash begins (hex)."""

    count: int
    hash_start: str


def spell_head(count: int, last_hash: str) -> str:
    """Return a head as 12 words.

    Args:
        count: how many lines it covers, less than 2^36.
        last_hash: the hash of the last of them, in hex.
    """
    return _spell(((count << 4 * HASH_DIGITS) | int(last_hash[:HASH_DIGITS], 16)).to_bytes(16, "big"))


def spell_key(public_key: str) -> str:
    """Return a public key (hex of 32 bytes) as 24 words."""
    return _spell(bytes.fromhex(public_key))


def parse_words(text: str) -> HeadNote | str | None:
    """Return what words say: a head, or a public key in hex; None when they are no such words.

    Args:
        text: the words, in any case, with white space between them; four letters of each are enough.
    """
    from mnemonic import Mnemonic

    mnemonic = Mnemonic("english")
    words = [mnemonic.expand_word(word) for word in text.lower().split()]
    if len(words) not in {HEAD_WORDS, KEY_WORDS}:
        return None
    try:
        data = bytes(mnemonic.to_entropy(words))
    except (LookupError, ValueError):
        return None
    if len(words) == KEY_WORDS:
        return data.hex()
    number = int.from_bytes(data, "big")
    start = number & ((1 << 4 * HASH_DIGITS) - 1)
    return HeadNote(count=number >> 4 * HASH_DIGITS, hash_start=f"{start:0{HASH_DIGITS}x}")


def _spell(data: bytes) -> str:
    from mnemonic import Mnemonic

    return Mnemonic("english").to_mnemonic(data)

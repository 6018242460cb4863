"""Text that others wrote, made fit for a screen, a table or a log line. Pure.

Names, notes, claims, provider messages and log fields may hold escape sequences, bidi controls and line breaks
(terminal injection, CVE-2021-42574 "Trojan Source"). They pass through `safe_text` before any screen.
"""

from __future__ import annotations

import unicodedata

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = frozenset("\u034f\u115f\u1160\u200c\u200d\u2800\u3164\uffa0") | {chr(0xFE00 + n) for n in range(16)}
"""Printable by category, yet nobody sees them: joiners, Hangul fillers, the blank Braille pattern, selectors."""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def is_printable(text: str) -> bool:
    """Tell whether the text holds nothing invisible: no controls, bidi marks, format or private characters.

    The joiners that some scripts need (U+200C, U+200D) are taken as printable.
    """
    return (text.isascii() and text.isprintable()) or all(
        character in "\u200c\u200d" or unicodedata.category(character) not in _HIDDEN_CATEGORIES for character in text
    )


def is_blank(text: str) -> bool:
    """Tell whether nothing in the text would be seen: white space, joiners, fillers and variation selectors alone."""
    return all(character.isspace() or character in _UNSEEN for character in text)


def safe_text(text: object, *, limit: int = 0) -> str:
    """Return the text as one printable line: what cannot be printed becomes U+FFFD, breaks become spaces.

    Args:
        text: anything; it is turned into a string first.
        limit: the number of characters to cut to, with an ellipsis, or 0 for no limit.
    """
    line = str(text)
    if not (line.isascii() and line.isprintable()):
        line = "".join(
            " "
            if character in "\t\n\r\x0b\x0c\x85\u2028\u2029"
            else character
            if is_printable(character) and character not in "\u200c\u200d"
            else _REPLACEMENT
            for character in line
        )
    if limit and len(line) > limit:
        line = line[: max(limit - 1, 0)] + "…"
    return line

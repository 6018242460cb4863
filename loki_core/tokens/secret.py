"""The raw `loki_…` string: how it is made, told apart and kept out of sight. Pure, but for the randomness passed in.

Form: `loki_`, 43 base62 characters (256 bits and more), 6 base62 characters of the CRC-32 of those 43.
Secrets minted by Loki Mode itself are `loki_` and 43 URL-safe base64 characters, with no checksum.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from collections.abc import Callable

from loki_core.text import safe_text

PREFIX = "loki_"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_LENGTH = 43
CHECKSUM_LENGTH = 6
LONGEST_SECRET = 512
"""Characters of the longest that is still looked up: other makes than ours may be longer."""
SECRET_LENGTH = len(PREFIX) + BODY_LENGTH + CHECKSUM_LENGTH

_OURS = re.compile(r"loki_[0-9A-Za-z]{49}\Z")
_BEARER = re.compile(r"loki_[0-9A-Za-z_.~+/=-]{1,507}\Z")
_LOOKALIKE = re.compile(r"loki_[0-9A-Za-z_-]{16,}")
_JWT = re.compile(r"eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_.-]*")
_MASKED = (
    (_LOOKALIKE, "loki_***"),
    (_JWT, "eyJ***"),
    (re.compile(r"(authorization[\"']?\s*[:=])[^\n]*", re.IGNORECASE), r"\1 ***"),
    (re.compile(r"\b(bearer|basic)\s+[0-9A-Za-z._~+/=-]{16,}", re.IGNORECASE), r"\1 ***"),
)
_MARKERS = ("loki_", "eyj", "authorization", "bearer", "basic")
"""In whatever has one of these forms, in lower case: looking for them costs less than looking for the forms."""
_SHORTEST_KNOWN = 8
_MOST_KNOWN = 64
_known: dict[str, None] = {}
"""Secrets that nobody can tell by their form, such as an OIDC client's; the newest of them."""

Choice = Callable[[str], str]
"""Picks one character of a string; `secrets.choice` outside tests."""


class Secret:
    """A raw secret that does not show itself: only `reveal()` gives it out."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the raw text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('loki_***')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled or copied")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]


def mint_secret(choose: Choice | None = None) -> Secret:
    """Return a new secret.

    Args:
        choose: picks one character of the alphabet at random; must be fit for cryptography. By default the
            operating system's randomness does.
    """
    if choose is None:
        import secrets  # only who mints waits for it

        choose = secrets.choice
    body = "".join(choose(ALPHABET) for _ in range(BODY_LENGTH))
    return Secret(PREFIX + body + compute_checksum(body))


def compute_checksum(body: str) -> str:
    """Return the CRC-32 of the ASCII body as six base62 characters, most significant first."""
    value = zlib.crc32(body.encode("ascii"))
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        value, digit = divmod(value, 62)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def is_well_formed(credential: str) -> bool:
    """Tell whether the text could be a secret at all: ours, Loki Mode's, or of a like make."""
    return _BEARER.match(credential) is not None


def is_mistyped(credential: str) -> bool:
    """Tell whether the text has the form of our secrets but a wrong checksum, so that no search is worth it."""
    return _OURS.match(credential) is not None and compute_checksum(credential[5:48]) != credential[48:]


def holds_secret(text: str) -> bool:
    """Tell whether something in the text is shaped like a secret."""
    return _LOOKALIKE.search(text) is not None


def holds_jwt(text: str) -> bool:
    """Tell whether something in the text is shaped like a JWT."""
    return _JWT.search(text) is not None


def remember_secret(text: str) -> Secret:
    """Return a secret that `redact` masks from now on in this process, though its form does not tell what it is.

    One of less than eight characters is not remembered: it would be found in ordinary words.
    """
    if len(text) >= _SHORTEST_KNOWN and redact(text) == text:
        _known[text] = None
        if len(_known) > _MOST_KNOWN:
            del _known[next(iter(_known))]
    return Secret(text)


def redact(text: str) -> str:
    """Return the text with every secret in it masked: by its form, after `Authorization:`, or because it is known."""
    lowered = text.lower()
    if any(marker in lowered for marker in _MARKERS):
        for form, mask in _MASKED:
            text = form.sub(mask, text)
    for known in tuple(_known):
        text = text.replace(known, "***")
    return text


def may_hold_secret(data: bytes | str) -> bool:
    """Tell whether `redact` might change some text in the JSON that this is; fast, and on the safe side."""
    text = data if isinstance(data, str) else data.decode("latin-1")  # strings are searched twice as fast
    if "\\" in text or not text.isascii():
        return True  # what it says is not what is written
    lowered = text.lower()
    for marker in _MARKERS:  # a loop, because `any` takes four times as long, and every line is looked at
        if marker in lowered:
            return True
    return bool(_known) and any(known in text for known in tuple(_known))


def clean_text(text: object, *, limit: int = 0) -> str:
    """Return what someone else wrote, fit for an error or a log: one printable line, secrets masked, then cut.

    Args:
        text: anything; it is turned into a string first.
        limit: the number of characters to cut to, with an ellipsis, or 0 for no limit.
    """
    return safe_text(redact(safe_text(text)), limit=limit)


def digest_secret(credential: str, salt: str = "") -> str:
    """Return the hex SHA-256 of salt and secret, which is what a record keeps.

    Raises:
        UnicodeEncodeError: the text has lone surrogates.
    """
    return hashlib.sha256((salt + credential).encode()).hexdigest()

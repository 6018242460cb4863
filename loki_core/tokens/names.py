"""What tokens may be called, and how a name is kept free for its next holder. Pure."""

from __future__ import annotations

import re
import unicodedata

from loki_core.errors import InvalidInput
from loki_core.text import BIDI_CONTROLS, is_blank, is_printable, safe_text
from loki_core.tokens.secret import holds_secret

LONGEST_NAME = 255
ID_FORM = re.compile(r"tok-[0-9a-f]{12}\Z")
_LIKE_AN_ID = re.compile(r"(?:tok-[0-9a-f]*|[0-9a-f]{12})\Z", re.IGNORECASE)
_SET_ASIDE = re.compile(r"~tok-[0-9a-f]{12}\Z")


def check_name(name: str) -> str:
    """Return the name in Unicode's NFC.

    Raises:
        InvalidInput: `invalid_name`, saying what is wrong with it.
    """
    if not isinstance(name, str):
        raise _refuse("is not text")
    if holds_secret(name):  # before anything that could echo it
        raise _refuse("holds what looks like a secret", "a name is shown everywhere: choose another")
    if not name or is_blank(name):
        raise _refuse("is empty" if not name else "is blank")
    name = _check_line(name, "name")
    if name != name.strip():
        raise _refuse("begins or ends with white space", "remove it")
    if _LIKE_AN_ID.match(name):
        raise _refuse(f"{safe_text(name)!r} looks like a token's id", "choose one that is not tok-… or 12 hex digits")
    if _SET_ASIDE.search(name):
        raise _refuse(f"{safe_text(name)!r} ends like a replaced token's", "leave out ~tok-…")
    return name


def check_note(note: str) -> str:
    """Return the note in Unicode's NFC; it may be empty.

    Raises:
        InvalidInput: `invalid_note`, saying what is wrong with it.
    """
    if holds_secret(note):
        raise _refuse("holds what looks like a secret", "a note is shown everywhere: leave it out", what="note")
    return _check_line(note.strip(), "note") if note.strip() else ""


def _check_line(text: str, what: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refuse("is not valid Unicode", "type it again", what=what) from None
    text = unicodedata.normalize("NFC", text)
    if holds_secret(text):  # composing can make one: U+212A becomes K
        raise _refuse("holds what looks like a secret", "choose another text", what=what)
    if len(text) > LONGEST_NAME:
        raise _refuse(f"has {len(text)} characters", f"use at most {LONGEST_NAME}", what=what)
    if any(character in BIDI_CONTROLS for character in text):
        raise _refuse("has characters that change the direction of text", "remove them", what=what)
    if not is_printable(text):
        raise _refuse("has characters that cannot be printed", "use printable characters only", what=what)
    return text


def _refuse(problem: str, remedy: str = "give it a name such as ci-bot", *, what: str = "name") -> InvalidInput:
    return InvalidInput(f"the {what} {problem}", code=f"invalid_{what}", remedy=remedy)


def is_id(text: str) -> bool:
    """Tell whether the text has the form of a token's id."""
    return ID_FORM.match(text) is not None


def set_aside(name: str, token_id: str) -> str:
    """Return the name under which a dead record is kept, so that the name itself is free (the peer needs one each)."""
    return f"{name}~{token_id}"

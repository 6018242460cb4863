"""JSON from strangers: one reading of it, or none (RFC 8259; RFC 7515, 4; RFC 7519, 4).

What two parsers read differently lets one of them be shown a different token: duplicate members, NaN and infinities,
lone surrogates, UTF-16 and byte order marks are refused. So is what is nested too deeply to be of any use.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Any

DEEPEST = 32
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BRACKETS = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""Brackets, and strings so that those in them are passed over. An unfinished string matches: no way back, linear."""


class JsonProblem(ValueError):
    """The text is not one JSON object; the message says what is wrong, and fits behind "it"."""


def parse_object(data: bytes) -> dict[str, Any]:
    """Return the object that the bytes hold.

    Raises:
        JsonProblem: they hold none, or one that could be read in two ways.
    """
    if data.startswith(_MARKS):
        raise JsonProblem("begins with a byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise JsonProblem("is not UTF-8") from None
    if text.count("[") + text.count("{") > DEEPEST and _is_too_deep(text):
        raise JsonProblem(f"is nested more than {DEEPEST} deep")
    try:
        value = _DECODER.decode(text)
    except JsonProblem:
        raise
    except json.JSONDecodeError as error:
        raise JsonProblem(f"is not JSON: {error.msg} at character {error.pos + 1}") from None
    except ValueError:  # a number of more digits than Python reads
        raise JsonProblem("has a number that is too long") from None
    if not isinstance(value, dict):
        raise JsonProblem("is not a JSON object")
    if "\\u" in text and _has_lone_surrogate(value):
        raise JsonProblem("has half a character (a lone surrogate)")
    return value


def _is_too_deep(text: str) -> bool:
    depth = 0
    for found in _BRACKETS.finditer(text):
        sign = found.group()
        if sign in ("[", "{"):
            depth += 1
            if depth > DEEPEST:
                return True
        elif sign in ("]", "}"):
            depth -= 1
    return False


def _has_lone_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise JsonProblem("names a member twice")
    return made


def _refuse_constant(name: str) -> float:
    raise JsonProblem(f"has {name}, which is no number")


def _make_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise JsonProblem("has a number that is too large")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_make_object, parse_constant=_refuse_constant, parse_float=_make_float)

"""Says the same colours with fewer bytes: only what changes from one piece of a frame to the next. Pure.

Textual resets and repeats both colours for every piece of text, which is half of what a key press sends over SSH.
A frame begins and ends with the terminal's defaults, as Textual leaves it, so nothing is assumed between two writes.
(ECMA-48, 8.3.117: SGR.)
"""

from __future__ import annotations

import re
from functools import lru_cache

_SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m")
_OTHER = re.compile(r"\x1b\[[0-9;?]*[A-Hdfhlsu]|[\r\n]")
"""What no colour matters to: moving and modes. Erasing is not among it: terminals erase in the background colour."""
_ESCAPE = "\x1b"

_Style = tuple[str, str, frozenset[str]]
"""Foreground, background, attributes, each as its parameters; "" and none are the defaults."""
_PLAIN: _Style = ("", "", frozenset())


@lru_cache(maxsize=1_024)
def _parse(parameters: str) -> _Style | None:
    """Return the style that the parameters set after a reset, or None when they say something else."""
    foreground = background = ""
    attributes: set[str] = set()
    codes = parameters.split(";")
    index = 0
    while index < len(codes):
        code = codes[index]
        if code in ("38", "48"):
            length = {"2": 5, "5": 3}.get(codes[index + 1] if index + 1 < len(codes) else "", 0)
            if not length:
                return None
            colour = ";".join(codes[index : index + length])
            if code == "38":
                foreground = colour
            else:
                background = colour
            index += length
            continue
        if not code.isdigit():
            return None
        number = int(code)
        if 30 <= number <= 37 or 90 <= number <= 97:
            foreground = code
        elif 40 <= number <= 47 or 100 <= number <= 107:
            background = code
        elif 1 <= number <= 9:
            attributes.add(code)
        elif number not in (39, 49):
            return None
        index += 1
    return foreground, background, frozenset(attributes)


@lru_cache(maxsize=4_096)
def _change(before: _Style, after: _Style) -> str:
    """Return the sequence that leads from one style to another, "" when they are the same."""
    if before == after:
        return ""
    if after == _PLAIN:
        return "\x1b[0m"
    full = [*sorted(after[2]), *(part for part in after[:2] if part)]
    if before == _PLAIN:
        return f"\x1b[{';'.join(full)}m"
    whole = f"\x1b[0;{';'.join(full)}m"
    if not before[2] <= after[2]:
        return whole
    parts = sorted(after[2] - before[2])
    if after[0] != before[0]:
        parts.append(after[0] or "39")
    if after[1] != before[1]:
        parts.append(after[1] or "49")
    return min(f"\x1b[{';'.join(parts)}m", whole, key=len)


def abbreviate_styles(frame: str) -> str:
    """Return the frame with the same effect and fewer bytes; what is not understood is left as it is."""
    if _ESCAPE not in frame:
        return frame
    pieces = _SEQUENCE.split(frame)
    if len(pieces) < 4:
        return frame
    written: list[str] = [pieces[0]]
    shown = wanted = _PLAIN
    for index in range(1, len(pieces), 2):
        parameters, text = pieces[index], pieces[index + 1]
        if parameters in ("", "0"):
            wanted = _PLAIN
        else:
            style = _parse(parameters)
            if style is None or wanted != _PLAIN:
                return frame
            wanted = style
        if text:
            if _ESCAPE not in text or _OTHER.sub("", text):
                written.append(_change(shown, wanted))
                shown = wanted
            written.append(text)
    written.append(_change(shown, wanted))
    return "".join(written)

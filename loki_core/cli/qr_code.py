"""QR codes in a terminal: read by a phone from dark screens and light ones alike."""

from __future__ import annotations

import os

from loki_core.cli.columns import get_width
from loki_core.qr import draw_qr

_ON, _OFF = "\x1b[0;30;47;107m", "\x1b[0m"
"""Black on white, both said: a code in the terminal's own colours is inverted on a dark screen, which many readers
refuse. Terminals that have no bright white (107) take the plain one (47)."""


def format_qr_code(text: str, *, screen: int | None = None) -> str:
    """Return a text as a coloured QR code, a string of lines; "" when the screen is too narrow for it.

    Args:
        text: what is in it.
        screen: the screen's width in columns; by default COLUMNS, or what the terminal says.
    """
    lines = draw_qr(text)
    if len(lines[0]) > (screen or get_width()):
        return ""
    return "".join(f"{_ON}{line}{_OFF}\n" for line in lines)


def is_wanted(asked: bool | None, *, is_terminal: bool) -> bool:
    """Tell whether a code is to be drawn.

    Args:
        asked: `--qr` (True), `--no-qr` (False) or neither.
        is_terminal: whether the output is one.
    """
    if asked is not None:
        return asked
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

"""QR codes as text (ISO/IEC 18004), for commands and console. Pure."""

from __future__ import annotations

QUIET = 2
"""Light modules around the code. The standard wants four; readers are content with two, and a terminal is small."""
_SIGNS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def draw_qr(text: str) -> list[str]:
    """Return the lines of a QR code, all of one width, two rows of modules in each.

    A sign is dark, a blank is light: draw them black on white, both colours set, and they scan on any terminal.

    Args:
        text: what it says. Digits, capitals and `$%*+-./:` alone make a smaller code.
    """
    import segno  # not before a code is drawn

    code = segno.make(text, error="l", boost_error=False, micro=False)
    rows = [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return [
        "".join(_SIGNS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]

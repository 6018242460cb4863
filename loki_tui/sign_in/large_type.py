"""Letters three lines high, of half blocks, for a code that is read across a desk. Pure."""

from __future__ import annotations

# Five rows of dots a sign, from the top, `#` for a dot. Only what codes are made of.
_DOTS = {
    "A": ".##. #..# #### #..# #..#",
    "B": "###. #..# ###. #..# ###.",
    "C": ".### #... #... #... .###",
    "D": "###. #..# #..# #..# ###.",
    "E": "#### #... ###. #... ####",
    "F": "#### #... ###. #... #...",
    "G": ".### #... #.## #..# .###",
    "H": "#..# #..# #### #..# #..#",
    "I": "### .#. .#. .#. ###",
    "J": "..## ...# ...# #..# .##.",
    "K": "#..# #.#. ##.. #.#. #..#",
    "L": "#... #... #... #... ####",
    "M": "#...# ##.## #.#.# #...# #...#",
    "N": "#..# ##.# #.## #..# #..#",
    "O": ".##. #..# #..# #..# .##.",
    "P": "###. #..# ###. #... #...",
    "Q": ".##. #..# #..# #.#. .#.#",
    "R": "###. #..# ###. #.#. #..#",
    "S": ".### #... .##. ...# ###.",
    "T": "##### ..#.. ..#.. ..#.. ..#..",
    "U": "#..# #..# #..# #..# .##.",
    "V": "#...# #...# #...# .#.#. ..#..",
    "W": "#...# #...# #.#.# ##.## #...#",
    "X": "#..# #..# .##. #..# #..#",
    "Y": "#...# .#.#. ..#.. ..#.. ..#..",
    "Z": "#### ...# .##. #... ####",
    "0": ".##. #.## #### ##.# .##.",
    "1": ".#. ##. .#. .#. ###",
    "2": "###. ...# .##. #... ####",
    "3": "###. ...# .##. ...# ###.",
    "4": "#..# #..# #### ...# ...#",
    "5": "#### #... ###. ...# ###.",
    "6": ".##. #... ###. #..# .##.",
    "7": "#### ...# ..#. .#.. .#..",
    "8": ".##. #..# .##. #..# .##.",
    "9": ".##. #..# .### ...# .##.",
    "-": "... ... ### ... ...",
    " ": ".. .. .. .. ..",
}
_SIGNS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def draw_large(text: str, width: int) -> list[str]:
    """Return a text in large type, three lines high; its parts one below the other where it is too wide for one line.

    Args:
        text: what to draw; small letters are drawn as capitals. Parts are joined by `-`.
        width: the room, in cells.

    Returns:
        The lines; none where there are other signs in it, or a part is too wide.
    """
    whole = _draw(text, width)
    if whole or "-" not in text:
        return whole
    parts = [_draw(part, width) for part in text.split("-")]
    return [line for part in parts for line in part] if all(parts) else []


def _draw(text: str, width: int) -> list[str]:
    try:
        signs = [_DOTS[sign].split() for sign in text.upper()]
    except KeyError:
        return []
    rows = [".".join(sign[row] for sign in signs) for row in range(5)]
    rows.append("." * len(rows[0]))
    if not text or len(rows[0]) > width:
        return []
    return [
        "".join(_SIGNS[a == "#", b == "#"] for a, b in zip(upper, lower, strict=True)).rstrip()
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]

"""One line of a screen as pieces of text with a tone each: cut, padded and joined to an exact width. Pure.

A tone says what a piece means (`warn`), never which colour it has; the style sheet decides that. Nothing here knows
markup, so text that others wrote cannot become any; it still goes through `safe_text` before it gets here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rich.cells import cell_len, chop_cells

TONES = (
    "muted",
    "strong",
    "good",
    "warn",
    "bad",
    "accent",
    "key",
    "title",
    "head",
    "cursor",
    "cursor-blurred",
    "marked",
)
ELLIPSIS = "…"


class Span(NamedTuple):
    """A piece of a line: its text, what it means, and the action that a click on it runs."""

    text: str
    tone: str = ""
    action: str = ""


Line = tuple[Span, ...]


def fit(text: str, width: int) -> str:
    """Return the text in exactly that many cells: cut with an ellipsis, or padded with blanks."""
    length = len(text) if text.isascii() else cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    if width <= 0:
        return ""
    if text.isascii():
        return text[: width - 1] + ELLIPSIS
    kept = chop_cells(text, width - 1)[0] if width > 1 else ""
    return kept + ELLIPSIS + " " * (width - 1 - cell_len(kept))


def clip(text: str, width: int) -> str:
    """Return the text in at most that many cells, cut with an ellipsis."""
    return fit(text, width).rstrip() if cell_len(text) > width else text


def clip_middle(text: str, width: int) -> str:
    """Return the text in at most that many cells, its middle left out: for paths, whose end says most."""
    if cell_len(text) <= width or width < 8:
        return clip(text, width)
    head = (width - 1) // 3
    return text[:head] + ELLIPSIS + text[-(width - 1 - head) :]


def measure(spans: Iterable[Span]) -> int:
    """Return the number of cells that the pieces take."""
    return sum(cell_len(span.text) for span in spans)


def fit_line(spans: Sequence[Span], width: int) -> Line:
    """Return the pieces in exactly that many cells: the last ones cut, or the line padded."""
    fitted: list[Span] = []
    left = width
    for span in spans:
        length = cell_len(span.text)
        if length > left:
            if left > 0:
                fitted.append(span._replace(text=fit(span.text, left)))
            left = 0
            break
        fitted.append(span)
        left -= length
    if left > 0:
        fitted.append(Span(" " * left))
    return tuple(fitted)


def join_ends(start: Sequence[Span], end: Sequence[Span], width: int) -> Line:
    """Return a line with one part at each end; the right part gives way when there is no room for both."""
    room = width - measure(start)
    if measure(end) + 1 > room:
        return fit_line(start, width)
    return (*fit_line(start, width - measure(end)), *end)


def take_while_fits(parts: Sequence[Sequence[Span]], width: int, *, separator: str) -> list[Span]:
    """Return as many of the parts as fit whole, in order, with the separator between them."""
    taken: list[Span] = []
    for part in parts:
        addition = [Span(separator, "muted"), *part] if taken else list(part)
        if measure(taken) + measure(addition) > width:
            break
        taken.extend(addition)
    return taken


def count_changed(before: Sequence[tuple[Any, ...]], after: Sequence[tuple[Any, ...]], width: int) -> int:
    """Return how many cells from the left must be painted to get from one line to another of that width.

    Args:
        before: the line as it is painted, as texts with whatever says how they look first of all.
        after: the line to be.
        width: of both, in cells.
    """
    if before == after:
        return 0
    cells = []
    for line in (before, after):
        if not all(len(piece[0]) == cell_len(piece[0]) for piece in line):
            return width
        cells.append([(character, *piece[1:]) for piece in line for character in piece[0]])
    same = 0
    for old, new in zip(reversed(cells[0]), reversed(cells[1]), strict=False):
        if old != new:
            break
        same += 1
    return max(len(cells[1]) - same, 0)

"""Results in columns: aligned text for pipes, a table that fits the screen for terminals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from loki_core.cli import output

GAP = "  "


class Column(NamedTuple):
    """A column: its heading, how it gives way on a narrow screen, and how its values are coloured.

    Attributes:
        title: the heading.
        least: characters that it keeps; 0 for a column that is never cut.
        shown_from: the width of screen (columns) from which it is shown.
        styles: the style of each value that has one.
    """

    title: str
    least: int = 0
    shown_from: int = 0
    styles: dict[str, str] = {}  # noqa: RUF012 - never changed


def write_columns(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Write rows of printable cells under their headings.

    Raises:
        ReaderGone, StorageError: as for `output.write`.
    """
    if output.is_terminal():
        from loki_core.cli.table import format_table

        output.write(format_table(columns, rows))
    else:
        output.write(format_columns([column.title for column in columns], rows))


def format_columns(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned text: no colours, nothing cut."""
    lines = [titles, *rows]
    is_plain = all(cell.isascii() for row in rows for cell in row)
    measure: Callable[[str], int] = len if is_plain else measure_width
    widths = [max(map(measure, cells)) for cells in zip(*lines, strict=True)]
    text = []
    for line in lines:
        padded = (cell + " " * (width - measure(cell)) for cell, width in zip(line, widths, strict=True))
        text.append(GAP.join(padded).rstrip())
    return "\n".join(text) + "\n"


def measure_width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    import unicodedata

    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def format_fields(fields: Sequence[tuple[str, str]]) -> str:
    """Return fields as `Name: value` lines; those without a value are left out."""
    return "".join(f"{name}: {value}\n" for name, value in fields if value)

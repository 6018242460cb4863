"""Results in columns: aligned text for pipes, a table that fits the screen for terminals."""

from __future__ import annotations

from collections.abc import Sequence
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


class Columns:
    """Rows under their headings, batch after batch: as wide as the first of them need."""

    def __init__(self, columns: Sequence[Column], *, usual: Sequence[Sequence[str]] = ()) -> None:
        """Prepare.

        Args:
            columns: what the cells are.
            usual: rows to be made room for, before any is known.
        """
        self._columns = columns
        self._usual = usual
        self._widths: Sequence[int] = ()

    def format(self, rows: Sequence[Sequence[str]]) -> str:
        """Return rows of printable cells: those of the first batch under their headings."""
        is_first = not self._widths
        titles = [column.title for column in self._columns]
        if output.is_terminal():
            from loki_core.cli.table import choose_widths, format_table

            self._widths = self._widths or choose_widths(self._columns, [*self._usual, *rows])
            return format_table(self._columns, rows, widths=self._widths, with_titles=is_first)
        self._widths = self._widths or _measure([titles, *self._usual, *rows])
        return _align([titles, *rows] if is_first else rows, self._widths)


def write_columns(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Write rows of printable cells under their headings.

    Raises:
        ReaderGone, StorageError: as for `output.write`.
    """
    output.write(Columns(columns).format(rows))


def format_columns(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned text: no colours, nothing cut."""
    lines = [titles, *rows]
    return _align(lines, _measure(lines))


def _measure(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(measure_width, cells)) for cells in zip(*lines, strict=True)]


def _align(lines: Sequence[Sequence[str]], widths: Sequence[int]) -> str:
    text = []
    for line in lines:
        padded = (cell + " " * (width - measure_width(cell)) for cell, width in zip(line, widths, strict=True))
        text.append(GAP.join(padded).rstrip() + "\n")
    return "".join(text)


def get_width() -> int:
    """Return the terminal's width in columns: what COLUMNS says, or the terminal, or 80."""
    import shutil  # with its compressors: not for who writes to a pipe

    return shutil.get_terminal_size().columns


def measure_width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def format_fields(fields: Sequence[tuple[str, str]]) -> str:
    """Return fields as `Name: value` lines; those without a value are left out."""
    return "".join(f"{name}: {value}\n" for name, value in fields if value)

"""Tables for a terminal: one line a row, whatever its width."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from loki_core.cli.columns import GAP, Column, get_width


def format_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    screen: int | None = None,
    widths: Sequence[int] = (),
    with_titles: bool = True,
) -> str:
    """Return the rows as a table that fits the terminal, coloured unless NO_COLOR is set.

    Args:
        columns: what the cells are.
        rows: printable cells; they are never read as markup.
        screen: the terminal's width in columns; by default COLUMNS, or what the terminal says.
        widths: the columns' widths; by default what these rows need, as far as the screen has room.
        with_titles: whether the headings are shown.
    """
    widths = widths or choose_widths(columns, rows, screen=screen)
    shown = [number for number, width in enumerate(widths) if width]
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, len(GAP), 0, 0),
        header_style="bold",
        show_edge=False,
        show_header=with_titles,
    )
    for number in shown:
        table.add_column(Text(columns[number].title), width=widths[number], no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text(row[number], style=columns[number].styles.get(row[number], "")) for number in shown))
    # As wide as the widths need: on a narrower screen the terminal cuts or wraps, and rich must not shrink ids.
    width = sum(widths) + len(GAP) * len(shown)
    console = Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def choose_widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, screen: int | None = None) -> list[int]:
    """Return the width of each column, 0 for one that is not shown on a screen as narrow as this."""
    screen = screen or get_width()
    shown = [number for number, column in enumerate(columns) if screen >= column.shown_from]
    natural = [
        max([len(columns[number].title), *(cell_len(row[number]) for row in rows)], default=0) for number in shown
    ]
    fitting = fit_widths(natural, [columns[number].least for number in shown], screen - len(GAP) * (len(shown) - 1))
    widths = [0] * len(columns)
    for number, width in zip(shown, fitting, strict=True):
        widths[number] = width
    return widths


def fit_widths(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return the widths of columns that fit into the room, as far as they give way.

    Args:
        natural: what each column would like.
        least: what each keeps at least; 0 for a column that does not give way.
        room: columns of the screen that there are for all of them.
    """
    widths = list(natural)
    while sum(widths) > room:
        giving = [number for number, floor in enumerate(least) if floor and widths[number] > floor]
        if not giving:
            break
        widths[max(giving, key=lambda number: widths[number])] -= 1
    return widths

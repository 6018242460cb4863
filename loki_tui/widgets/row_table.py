"""A table over any number of rows: only the visible ones are ever formatted, and a cursor move repaints two lines.

Textual's own DataTable keeps every cell, which costs seconds at 100,000 rows; this one asks a source for what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from loki_tui.actions import ACTIONS
from loki_tui.keymap import bind_actions
from loki_tui.spans import count_changed, fit
from loki_tui.widgets.row_source import Column, RowSource
from loki_tui.widgets.tones import find_tone

CURSOR_SIGN = ">"
MARK_SIGN = "*"
GUTTER = 3
"""Cells before the first column: the cursor's sign, the mark's, a blank."""


class RowTable(ScrollView, can_focus=True):
    """The rows of a source, with a cursor and marks."""

    DEFAULT_CSS = """
    RowTable { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*bind_actions(ACTIONS, "table")]

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another row, or on none."""

        key: str | None

    @dataclass
    class MarksChanged(Message):
        """Other rows are marked than before."""

        marks: frozenset[str]

    @dataclass
    class Chosen(Message):
        """A row was chosen by a double click."""

        key: str

    def __init__(
        self,
        source: RowSource,
        columns: Sequence[Column],
        *,
        rides: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make the table.

        Args:
            source: where the rows come from.
            columns: from left to right.
            rides: whether rows that come on top stay in sight while the cursor was left on the first row; its row
                sinks, and the cursor lets go of it at the last visible line.
            id: for the style sheet.
        """
        super().__init__(id=id)
        self.source = source
        self._rides = rides
        self._is_left_on_top = True
        self.columns = tuple(columns)
        self.cursor = 0
        self.marks: frozenset[str] = frozenset()
        self.placeholder = ""
        self._key: str | None = None
        self._last_key: str | None = None
        self._painted: dict[int, Strip] = {}
        self._strips: dict[tuple[int, bool], Strip] = {}
        self._tones: dict[str, Style] = {}

    @property
    def cursor_key(self) -> str | None:
        """The key of the row that the cursor stands on, or None when there is no row."""
        return self._key

    def find_layout(self, width: int) -> list[tuple[Column, int]]:
        """Return the columns shown in that many cells, and how wide each is, its gap included."""
        shown = [column for column in self.columns if column.is_shown(width)]
        rest = width - GUTTER - sum(column.width for column in shown)
        growing = [column for column in shown if not column.width]
        layout: list[tuple[Column, int]] = []
        for column in shown:
            cells = column.width
            if not cells:
                growing = growing[1:]
                kept = sum(other.least for other in growing)
                cells = max(min(rest - kept, column.most) if growing else rest, 0)
                rest -= cells
            layout.append((column, cells))
        return layout

    # What changes the rows

    def rows_changed(self, *, follow: str | None = None) -> None:
        """Show what the source has now; the cursor stays on its row, and that row on its line where it can.

        Marks stay too, of rows that are not shown as well: whoever owns the rows drops those that are gone.

        Args:
            follow: the key of the row to move the cursor to instead.
        """
        line = self.cursor - self.scroll_offset.y
        was_at_top = self.scroll_offset.y == 0
        self._last_key = self._key or self._last_key  # rows that come back after there were none find it again
        wanted = follow or self._last_key
        found = self.source.find_index(wanted) if wanted is not None else None
        self.cursor = max(0, min(self.cursor if found is None else found, len(self.source) - 1))
        self._strips.clear()
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.source))
        height = self.scrollable_content_region.height
        if self._rides and self._is_left_on_top and was_at_top and height:
            self.cursor = min(self.cursor, height - 1)
        elif not (was_at_top and self.cursor < height):
            top = max(0, min(self.cursor - line, len(self.source) - height))
            self.scroll_to(y=top, animate=False, immediate=True, force=True)
        self._reveal_cursor()
        self._paint_changes()
        self._note_cursor()

    def set_marks(self, marks: frozenset[str]) -> None:
        """Mark these rows and no others."""
        if marks != self.marks:
            self.marks = marks
            self._strips.clear()
            self._paint_changes()
            self.post_message(self.MarksChanged(marks))

    def toggle_mark(self) -> None:
        """Mark the row at the cursor, or unmark it, and go on to the next."""
        if self._key is None:
            return
        marks = self.marks ^ {self._key}
        self.marks = marks
        self._forget_line(self.cursor)
        self.post_message(self.MarksChanged(marks))
        self.move_cursor(self.cursor + 1)

    def repaint(self) -> None:
        """Format the visible rows anew, because time has passed."""
        self._strips.clear()
        self._paint_changes()

    # Moving

    def move_cursor(self, index: int) -> None:
        """Put the cursor on that row, or the nearest there is, and show it."""
        index = max(0, min(index, len(self.source) - 1))
        self.cursor = index
        self._is_left_on_top = index == 0
        self._reveal_cursor()
        self._paint_changes()
        self._note_cursor()

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self.move_cursor(self.cursor + step)

    def action_move_page(self, direction: int) -> None:
        """Move the cursor by a page."""
        self.move_cursor(self.cursor + direction * max(self.scrollable_content_region.height - 1, 1))

    def action_move_to_end(self, last: bool) -> None:
        """Move the cursor to the first or the last row."""
        self.move_cursor(len(self.source) - 1 if last else 0)

    def _reveal_cursor(self) -> None:
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if not height:
            return
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True, force=True)

    def _note_cursor(self) -> None:
        key = self.source.key_at(self.cursor) if len(self.source) else None
        if key != self._key:
            self._key = key
            self.post_message(self.CursorMoved(key))

    # Events

    def on_resize(self) -> None:
        """Lay the columns out anew; the cursor stays in sight."""
        self._strips.clear()
        self._painted.clear()
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.source))
        self._reveal_cursor()

    def on_focus(self) -> None:
        """Show the cursor's row as the one that keys act on."""
        self._strips.clear()
        self._paint_changes()

    on_blur = on_focus

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row that was clicked; in the gutter mark it; twice choose it."""
        index = event.y + self.scroll_offset.y
        if not 0 <= index < len(self.source):
            return
        self.move_cursor(index)
        if event.chain == 2 and self._key is not None:
            self.post_message(self.Chosen(self._key))
        elif event.x < GUTTER:
            self.marks = self.marks ^ {self.source.key_at(index)}
            self._forget_line(index)
            self._paint_changes()
            self.post_message(self.MarksChanged(self.marks))

    def notify_style_update(self) -> None:
        """Forget the styles of the theme before."""
        super().notify_style_update()
        self._tones.clear()
        self._strips.clear()
        self._painted.clear()

    # Painting

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Paint what other rows change on each line, and no more."""
        if round(old_value) != round(new_value):
            self._paint_changes()
        bar, height = self.vertical_scrollbar, self.scrollable_content_region.height
        step = max(len(self.source) / max(height, 1), 1)
        # A thumb that would move by less than a cell is left alone: it would be painted whole for nothing.
        if int(bar.position / step) != int(new_value / step) or new_value in {0, self.max_scroll_y}:
            bar.position = new_value

    def _paint_changes(self) -> None:
        """Paint the lines that do not show what they should, as far to the right as they differ."""
        width, height = self.scrollable_content_region.size
        top = self.scroll_offset.y
        changed = []
        for y in range(height):
            painted, strip = self._painted.get(y), self._get_strip(top + y, width)
            if painted is strip:
                continue
            cells = width if painted is None else count_changed(list(painted), list(strip), width)
            if cells:
                changed.append(Region(0, y, cells, 1))
        if changed:
            self.refresh(*changed)

    def _forget_line(self, index: int) -> None:
        self._strips.pop((index, True), None)
        self._strips.pop((index, False), None)

    def render_line(self, y: int) -> Strip:
        """Return one visible line, styled."""
        strip = self._get_strip(y + self.scroll_offset.y, self.scrollable_content_region.width)
        self._painted[y] = strip
        return strip

    def _get_strip(self, index: int, width: int) -> Strip:
        if index >= len(self.source):
            text = self.placeholder if index == 0 else ""
            style = self._find_style("muted") if text else self.rich_style
            return Strip([Segment(fit(" " * GUTTER + text, width), style)], width)
        is_cursor = index == self.cursor
        strip = self._strips.get((index, is_cursor))
        if strip is None:
            if len(self._strips) > 1_000:
                self._strips.clear()
            strip = self._strips[index, is_cursor] = self._paint_row(index, is_cursor, width)
        return strip

    def _paint_row(self, index: int, is_cursor: bool, width: int) -> Strip:
        marked = self.source.key_at(index) in self.marks
        gutter = (CURSOR_SIGN if is_cursor else " ") + (MARK_SIGN if marked else " ") + " "
        row_style: Style | None = None
        if is_cursor:
            row_style = self._find_style("cursor" if self.has_focus else "cursor-blurred")
        elif marked:
            row_style = self._find_style("marked")
        segments = [Segment(gutter, row_style or self.rich_style)]
        for column, cells in self.find_layout(width):
            span = self.source.cell_at(index, column.id)
            style = row_style or (self._find_style(span.tone))
            segments.append(Segment(fit(span.text, cells - 1) + " ", style))
        return Strip(Segment.simplify(segments), width)

    def _find_style(self, tone: str) -> Style:
        style = self._tones.get(tone)
        if style is None:
            style = self._tones[tone] = find_tone(self, tone)
        return style

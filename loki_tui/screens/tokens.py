"""The Tokens screen: what needs somebody, the table, and the details of the row at the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from loki_tui.actions import ACTIONS, Action
from loki_tui.keymap import bind_actions
from loki_tui.rows import Row
from loki_tui.screens.token_actions import TokenActions
from loki_tui.screens.tokens_lines import (
    compose_attention,
    compose_empty,
    compose_error,
    compose_footer,
    compose_status,
    compose_summary,
    compose_tabs,
)
from loki_tui.spans import Span, fit
from loki_tui.store_watch import StoreWatch
from loki_tui.surroundings import compose_header
from loki_tui.token_cells import COLUMNS
from loki_tui.token_list import Reading, TokenList
from loki_tui.widgets.filter_bar import FilterBar
from loki_tui.widgets.row_table import GUTTER, RowTable
from loki_tui.widgets.span_lines import SpanLines
from loki_tui.widgets.token_strip import TokenStrip
from loki_tui.widgets.tones import TONE_CLASSES

if TYPE_CHECKING:
    from loki_core import Loki

TICK = 1.0
AGES_EVERY = 30
"""Ticks after which "2 m ago" is told anew."""
NO_MATCH = "no token matches: Esc clears the filter"


class TokensScreen(TokenActions):
    """All tokens of the store."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONE_CLASSES)
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [*bind_actions(ACTIONS, "tokens")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (22, "-normal"), (34, "-tall")]  # noqa: RUF012

    def __init__(self, loki: Loki) -> None:
        super().__init__()
        self.loki = loki
        self.reading: Reading | None = None
        self.list = TokenList(loki.clock())
        self.store_watch = StoreWatch(loki, self.show_reading)
        self.table = RowTable(self.list, COLUMNS, id="rows")
        self.strip = TokenStrip(loki, self.list, id="strip")
        self._lines: dict[str, SpanLines] = {}
        self.filter_bar = FilterBar(self._build_summary, id="filtering")
        self._ticks = 0

    def compose(self) -> ComposeResult:
        """Lay out empty lines: the store is read after the first frame."""
        builders = {
            "header": lambda width, _: [
                compose_header(self.app.surroundings, width),
                compose_tabs("tokens", self.reading, width),
            ],
            "attention": lambda width, _: [compose_attention(self.reading, width)],
            "columns": self._build_columns,
            "status": self._build_status,
            "keys": lambda width, _: [compose_footer(self._offered_actions, width)],
        }
        self._lines = {name: SpanLines(builder, id=name) for name, builder in builders.items()}
        yield self._lines["header"]
        yield self._lines["attention"]
        yield self.filter_bar
        yield self._lines["columns"]
        yield self.table
        yield self.strip
        yield self._lines["status"]
        yield self._lines["keys"]

    def on_mount(self) -> None:
        """Start watching, once the first frame is out."""
        self.table.placeholder = "reading…"
        self.table.focus()
        self.call_after_refresh(self._start_watching)

    def _start_watching(self) -> None:
        self.run_worker(self.store_watch.run(), group="watch", exclusive=True)
        self.set_interval(TICK, self._tick)

    def rebuild(self, *names: str) -> None:
        """Build these lines anew, or all of them; only what differs is painted."""
        for name in names or self._lines:
            self._lines[name].rebuild()

    # What the lines say

    def _build_summary(self, width: int, _: int) -> Sequence[Sequence[Span]]:
        shown = len(self.list)
        return [
            compose_summary(
                self.reading,
                shown,
                is_filtered=self.list.is_filtered,
                with_revoked=self.store_watch.include_revoked,
                hint=not self.filter_bar.text and not self.filter_bar.is_typing,
                width=width,
            )
        ]

    def _build_columns(self, width: int, _: int) -> Sequence[Sequence[Span]]:
        layout = self.table.find_layout(width - 1)
        titles = "".join(fit(column.title, cells) for column, cells in layout)
        return [[Span(" " * GUTTER + titles, "muted", "screen.sort_next")]]

    def _build_panel(self, width: int, _: int) -> Sequence[Sequence[Span]]:
        if self.reading is None:
            return []
        if self.reading.error is not None:
            return compose_error(self.loki.store_label, self.reading.error, width)
        refusal = self.app.find_refusal("token.new")
        return compose_empty(self.loki.store_label, self.reading.hidden, refusal, width)

    def _build_status(self, width: int, _: int) -> Sequence[Sequence[Span]]:
        marked = self.list.select_rows(self.table.marks)
        hidden = sum(1 for row in marked if self.list.find_index(row.token.id) is None) if marked else 0
        silent = self.store_watch.silent_for
        row = self.current_row
        return [compose_status(self.reading, row, marked, hidden, silent_for=silent, width=width)]

    @property
    def _offered_actions(self) -> Sequence[Action]:
        """What the last line offers: without tokens little, without a store less."""
        if self.reading is None or self.reading.rows:
            return self.app.actions
        useful = {"token.new", "list.all"} if self.reading.error is None else set()
        return [action for action in self.app.actions if action.place == "everywhere" or action.id in useful]

    # Data

    @property
    def current_row(self) -> Row | None:
        """The row at the cursor, or None."""
        return self.list.row_at(self.table.cursor) if len(self.list) else None

    @property
    def chosen_rows(self) -> tuple[Row, ...]:
        """The marked rows, or else the one at the cursor."""
        if self.table.marks:
            return self.list.select_rows(self.table.marks)
        row = self.current_row
        return () if row is None else (row,)

    def show_reading(self, reading: Reading) -> None:
        """Show what the store holds now, without moving the cursor."""
        first = self.reading is None
        self.reading = reading
        self.list.show_reading(reading)
        self.strip.forget()
        self._show_panel(reading.error is not None or not reading.rows)
        self.table.placeholder = NO_MATCH if self.list.is_filtered else ""
        if self.table.marks:
            known = {row.token.id for row in reading.rows}
            self.table.set_marks(self.table.marks & known)
        self.table.rows_changed(follow=self.take_follow())
        self.filter_bar.rebuild()
        self.rebuild("header", "attention", "keys")
        self.strip.follow(self.current_row, at_once=first)

    def _show_panel(self, wanted: bool) -> None:
        """Put a panel in place of the table, or the table back."""
        if wanted and "panel" not in self._lines:
            self._lines["panel"] = SpanLines(self._build_panel, id="panel")
            self.mount(self._lines["panel"], after=self.table)
        if self.has_class("-instead") and not wanted:
            self.call_after_refresh(self.table.focus)  # what is hidden loses the keys
        self.set_class(wanted, "-instead")
        if wanted:
            self.rebuild("panel")

    def read_again(self, *, unmark: bool = False) -> None:
        """Read the store now, because something was changed."""
        if unmark:
            self.table.set_marks(frozenset())
        self.store_watch.ask()

    def _tick(self) -> None:
        """Tell ages anew now and then, and say when the store does not answer."""
        self._ticks += 1
        if self._ticks % AGES_EVERY == 0 and self.reading is not None:
            self.list.now = self.loki.clock()
            self.table.repaint()
            self.strip.rebuild()
        if self.store_watch.silent_for >= 2 or self._ticks % 5 == 0:
            self.rebuild("status")

    def on_row_table_cursor_moved(self) -> None:
        """Let the details follow once the cursor rests."""
        self.strip.follow(self.current_row)

    def on_token_strip_followed(self) -> None:
        """Name the command of the token that the details are about."""
        self.rebuild("status")

    # Filter, sort, marks

    async def action_start_filter(self) -> None:
        """Type a filter."""
        await self.filter_bar.start()

    def on_filter_bar_typed(self, event: FilterBar.Typed) -> None:
        """Show what matches, as it is typed."""
        self.list.show_matches(event.text)
        self.table.placeholder = NO_MATCH
        self.table.rows_changed()
        self.filter_bar.rebuild()
        self.strip.follow(self.current_row)

    def on_filter_bar_left(self) -> None:
        """Go back to the table, with the filter in force."""
        self.table.focus()

    def on_filter_input_secret_dropped(self) -> None:
        """Say why the line is empty again."""
        self.app.say(
            "that was a secret, so it is not shown: loki enterprise token verify reads one", severity="warning"
        )

    def action_step_back(self) -> None:
        """Clear the filter that is being typed; else unmark all; else clear the filter."""
        if self.table.marks and not self.filter_bar.is_typing:
            self.table.set_marks(frozenset())
        else:
            self.filter_bar.clear()

    def action_sort_next(self) -> None:
        """Sort by the next order."""
        self.store_watch.order, self.store_watch.backwards = self.store_watch.order.following, False
        self.store_watch.ask()

    def action_sort_backwards(self) -> None:
        """Turn the order round."""
        self.store_watch.backwards = not self.store_watch.backwards
        self.store_watch.ask()

    def action_toggle_revoked(self) -> None:
        """Show revoked tokens too, or hide them again."""
        self.store_watch.include_revoked = not self.store_watch.include_revoked
        self.store_watch.ask()

    def action_mark_token(self) -> None:
        """Mark the token at the cursor."""
        self.table.toggle_mark()

    def on_row_table_marks_changed(self) -> None:
        """Say how many are marked."""
        self.rebuild("status")

    def forget_marks(self) -> None:
        """Unmark all: the console was left alone."""
        self.table.set_marks(frozenset())

    def go_to(self, key: str) -> None:
        """Put the cursor on the token of that id; a filter that hides it goes."""
        if self.list.find_index(key) is None:
            self.filter_bar.clear()
            self.list.show_matches("")
        self.table.rows_changed(follow=key)
        self.table.focus()

    def action_walk_concerns(self) -> None:
        """Go to the next token that needs somebody."""
        index = self.list.find_concerned(self.table.cursor)
        if index is None:
            self.app.say("nothing that is shown here needs you")
        else:
            self.table.move_cursor(index)

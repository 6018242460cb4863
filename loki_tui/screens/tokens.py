"""The Tokens screen: what needs somebody, the table, and the details of the row at the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from loki_tui.actions import ACTIONS, Action
from loki_tui.keymap import bind_actions
from loki_tui.rows import Row
from loki_tui.screens.token_actions import TokenActions
from loki_tui.screens.tokens_lines import (
    compose_attention,
    compose_empty,
    compose_error,
    compose_shown,
    compose_status,
    count_states,
)
from loki_tui.spans import Span
from loki_tui.store_watch import StoreWatch
from loki_tui.token_cells import COLUMNS
from loki_tui.token_list import Reading, TokenList
from loki_tui.widgets.row_table import RowTable
from loki_tui.widgets.span_lines import Builder
from loki_tui.widgets.token_strip import TokenStrip

if TYPE_CHECKING:
    from loki_core import Loki

AGES_EVERY = 30
"""Ticks after which "2 m ago" is told anew."""
NO_MATCH = "no token matches: Esc clears the filter"


class TokensScreen(TokenActions):
    """All tokens of the store."""

    MODE = "tokens"
    BINDINGS: ClassVar[list[BindingType]] = [*bind_actions(ACTIONS, MODE)]
    columns_action = "screen.sort_next"

    def __init__(self, loki: Loki) -> None:
        super().__init__(loki)
        self.reading: Reading | None = None
        self.list = TokenList(loki.clock())
        self.store_watch = StoreWatch(loki, self.show_reading)
        self.table = RowTable(self.list, COLUMNS, id="rows")
        self.strip: TokenStrip = TokenStrip(loki, self.list, id="strip")
        self._ticks = 0
        self._sought = ""

    async def watch_source(self) -> None:
        """Watch the store."""
        await self.store_watch.run()

    # What the lines say

    def list_builders(self) -> Mapping[str, Builder]:
        """Return the line of what needs somebody."""
        return {"attention": lambda width, _: [compose_attention(self.reading, width)]}

    def list_counts(self) -> Sequence[Sequence[Span]]:
        """Return how many tokens are in which state."""
        return count_states(self.reading)

    def build_summary(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        """Return how many tokens are shown, and in which order."""
        return [
            compose_shown(
                self.reading,
                len(self.list),
                is_filtered=self.list.is_filtered,
                with_revoked=self.store_watch.include_revoked,
                hint=not self.is_filtering,
                width=width,
            )
        ]

    def build_panel(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        """Return why there is no token to show."""
        if self.reading is None:
            return []
        if self.reading.error is not None:
            return compose_error(self.loki.store_label, self.reading.error, width)
        refusal = self.app.find_refusal("token.new")
        return compose_empty(self.loki.store_label, self.reading.hidden, refusal, width)

    def build_status(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        """Return the marks or the state of the store, and a command."""
        marked = self.list.select_rows(self.table.marks)
        hidden = sum(1 for row in marked if self.list.find_index(row.token.id) is None) if marked else 0
        return [
            compose_status(
                self.reading,
                self.current_row,
                marked,
                hidden,
                silent_for=self.store_watch.silent_for,
                width=width,
                back=self.came_from,
            )
        ]

    def list_offered(self) -> Sequence[Action]:
        """Return what the last line may offer: without tokens little, without a store less."""
        if self.reading is None or self.reading.rows:
            return self.own_actions
        useful = {"token.new", "list.all"} if self.reading.error is None else set()
        return [action for action in self.own_actions if action.place == "everywhere" or action.id in useful]

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
        self.show_panel(reading.error is not None or not reading.rows)
        self.table.placeholder = NO_MATCH if self.list.is_filtered else ""
        if self.table.marks:
            known = {row.token.id for row in reading.rows}
            self.table.set_marks(self.table.marks & known)
        self.table.rows_changed(follow=self.take_follow())
        self.filter_bar.rebuild()
        self.rebuild("header", "attention", "keys")
        self.strip.follow(self.current_row, at_once=first)
        if self._sought:
            self.seek(self._sought)

    def read_again(self, *, unmark: bool = False) -> None:
        """Read the store now, because something was changed."""
        if unmark:
            self.table.set_marks(frozenset())
        self.store_watch.ask()

    def tick(self) -> None:
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

    def choose(self) -> None:
        """Open the history of the token that was clicked twice."""
        self.action_show_history()

    # Filter, sort, marks

    def show_matches(self, text: str) -> None:
        """List only the tokens that pass this filter."""
        self.list.show_matches(text)
        self.table.placeholder = NO_MATCH
        self.table.rows_changed()
        self.strip.follow(self.current_row)

    def action_step_back(self) -> None:
        """Clear the filter that is being typed; else unmark all; else clear the filter."""
        if self.table.marks and not self.filter_bar.is_typing:
            self.table.set_marks(frozenset())
        else:
            super().action_step_back()

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

    def seek(self, token_id: str) -> None:
        """Put the cursor on a token that somebody asks for by its id, a revoked one too, once it is found."""
        row = self.list.find_holder(token_id)
        if row is not None:
            self._sought = ""
            self.go_to(row.token.id)
        elif self.reading is None or not self.store_watch.include_revoked:
            self._sought = token_id
            self.store_watch.include_revoked = True
            self.store_watch.ask()
        else:
            self._sought = ""
            self.app.say(f"{token_id} is not in the store any more", severity="warning")

    def name_trail(self, row: Row) -> str:
        """Return the token's name where that is one word and no other name holds it, else its id."""
        name = row.token.name
        is_word = len(name.split()) == 1 and name.isprintable()
        return name if is_word and self.list.count_named_like(name) == 1 else row.token.id

    def action_walk_concerns(self) -> None:
        """Go to the next token that needs somebody."""
        index = self.list.find_concerned(self.table.cursor)
        if index is None:
            self.app.say("nothing that is shown here needs you")
        else:
            self.table.move_cursor(index)

"""What every screen with a list is made of: lines around a table, a filter, a strip about the row at the cursor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from loki_core import LokiError
from loki_tui.actions import ACTIONS, Action
from loki_tui.keymap import bind_actions
from loki_tui.screens.list_lines import compose_footer, compose_tabs
from loki_tui.spans import Span, fit
from loki_tui.surroundings import compose_header
from loki_tui.travel import go_back
from loki_tui.widgets.filter_bar import FilterBar
from loki_tui.widgets.row_table import GUTTER, RowTable
from loki_tui.widgets.span_lines import Builder, SpanLines
from loki_tui.widgets.tones import TONE_CLASSES

if TYPE_CHECKING:
    from loki_core import Loki
    from loki_tui.app import LokiApp

TICK = 1.0
"""Seconds between two looks at what time alone changes."""


class ListScreen(Screen[None]):
    """The frame of such a screen. A subclass says what is listed, and what the lines say."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONE_CLASSES)
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [*bind_actions(ACTIONS, "list")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (22, "-normal"), (34, "-tall")]  # noqa: RUF012
    MODE: ClassVar[str]
    """The name of the screen among the places."""
    columns_action: ClassVar[str] = ""
    """What a click on the titles of the columns runs."""

    app: LokiApp
    loki: Loki
    table: RowTable
    strip: SpanLines
    filter_bar: FilterBar

    def __init__(self, loki: Loki) -> None:
        super().__init__()
        self.loki = loki
        self.filter_bar = FilterBar(self.build_summary, lambda: self.table.focus(), id="filtering")
        self._lines: dict[str, SpanLines] = {}
        self._is_asking = False
        self.came_from = ""
        """The title of the screen that a key led here from, while `Esc` leads back."""
        self._brought = ""
        self._brings_filter = False

    def compose(self) -> ComposeResult:
        """Lay out empty lines: what they are about is read after the first frame."""
        builders: dict[str, Builder] = {
            "header": lambda width, _: [
                compose_header(self.app.surroundings, width),
                compose_tabs(self.MODE, self.app.actions, self.list_counts(), self.app.standing.describe(), width),
            ],
            **self.list_builders(),
            "columns": self._build_columns,
            "status": self.build_status,
            "keys": lambda width, _: [compose_footer(self.list_offered(), width)],
        }
        self._lines = {name: SpanLines(builder, id=name) for name, builder in builders.items()}
        yield self._lines["header"]
        for name in self.list_builders():
            yield self._lines[name]
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
        self.run_worker(self._watch, group="watch", exclusive=True)
        self.set_interval(TICK, self.tick)

    async def _watch(self) -> Any:
        await self.watch_source()

    def rebuild(self, *names: str) -> None:
        """Build these lines anew, or all of them; only what differs is painted."""
        for name in names or self._lines:
            if name in self._lines:
                self._lines[name].rebuild()

    # What a subclass says

    @abstractmethod
    async def watch_source(self) -> None:
        """Read what is listed and watch it, until cancelled."""

    @abstractmethod
    def tick(self) -> None:
        """Show what time alone has changed; once a second."""

    @abstractmethod
    def list_counts(self) -> Sequence[Sequence[Span]]:
        """Return what the line of screens counts."""

    @abstractmethod
    def list_builders(self) -> Mapping[str, Builder]:
        """Return the lines above the filter, by the id of their style."""

    @abstractmethod
    def build_summary(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        """Return how much is shown."""

    @abstractmethod
    def build_status(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        """Return the state of the source, and the command that does the same without the console."""

    @abstractmethod
    def build_panel(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        """Return what stands in place of the table when there is nothing to list."""

    @abstractmethod
    def show_matches(self, text: str) -> None:
        """List only what passes this filter."""

    @abstractmethod
    def choose(self) -> None:
        """Open what is at the cursor: it was clicked twice."""

    # Lines

    def _build_columns(self, width: int, _: int) -> Sequence[Sequence[Span]]:
        layout = self.table.find_layout(width - 1)
        titles = "".join(fit(column.title, cells) for column, cells in layout)
        return [[Span(" " * GUTTER + titles, "muted", self.columns_action)]]

    @property
    def own_actions(self) -> tuple[Action, ...]:
        """The actions that work here."""
        return tuple(action for action in self.app.actions if action.works_on(self.MODE))

    def find_key(self, action_id: str) -> str:
        """Return the key of an action, as people write it."""
        return next((action.shown_key for action in self.app.actions if action.id == action_id), "")

    def list_offered(self) -> Sequence[Action]:
        """Return what the last line may offer."""
        return self.own_actions

    def show_panel(self, wanted: bool) -> None:
        """Put a panel in place of the table, or the table back."""
        if wanted and "panel" not in self._lines:
            self._lines["panel"] = SpanLines(self.build_panel, id="panel")
            self.mount(self._lines["panel"], after=self.table)
        if self.has_class("-instead") and not wanted:
            self.call_after_refresh(self.table.focus)  # what is hidden loses the keys
        self.set_class(wanted, "-instead")
        if wanted:
            self.rebuild("panel")

    # The filter

    @property
    def is_filtering(self) -> bool:
        """Whether a filter is typed, or about to be."""
        return bool(self.filter_bar.text) or self.filter_bar.is_typing

    async def action_start_filter(self) -> None:
        """Type a filter."""
        await self.filter_bar.start()

    def on_filter_bar_typed(self, event: FilterBar.Typed) -> None:
        """Show what matches, as it is typed."""
        self.show_matches(event.text)
        self.filter_bar.rebuild()

    def on_filter_input_secret_dropped(self) -> None:
        """Say why the line is empty again."""
        self.app.say(
            "that was a secret, so it is not shown: loki enterprise token verify reads one", severity="warning"
        )

    def action_step_back(self) -> None:
        """Clear the filter; else, or when it was brought along, go back to where somebody came from."""
        is_there = self.filter_bar.text == self._brought and not self.filter_bar.is_typing
        leaves = bool(self.came_from) and is_there
        if not leaves or self._brings_filter:
            self.filter_bar.clear()
        if leaves:
            go_back(self.app)

    async def arrive(self, came_from: str, brought: str | None = None) -> None:
        """Note which screen a key led here from, and put the filter in force that it brought along.

        Args:
            came_from: the title of that screen.
            brought: the filter, or None to leave the one that is there.
        """
        self._brings_filter = brought is not None
        if brought is not None:
            await self.filter_bar.put(brought)
        self.came_from, self._brought = came_from, self.filter_bar.text
        self.rebuild("status")

    def stay(self) -> None:
        """Forget where somebody came from."""
        self.came_from = ""
        self.rebuild("status")

    def forget_marks(self) -> None:
        """Unmark all, where rows can be marked: the console was left alone."""

    def rebuild_header(self) -> None:
        """Tell anew how the audit log stands."""
        self.rebuild("header")

    # The table

    def on_row_table_chosen(self) -> None:
        """Open the row that was clicked twice."""
        self.choose()

    def on_followed(self) -> None:
        """Name the command of what the details are about."""
        self.rebuild("status")

    # Dialogs

    def start_dialogs(self, action: str, flow: Callable[[], Awaitable[None]]) -> None:
        """Run the dialogs of an action, one action at a time, unless it is not allowed."""
        refusal = self.app.find_refusal(action)
        if refusal:
            self.app.say(refusal, severity="warning")
        elif not self._is_asking:
            self._is_asking = True

            async def ask() -> Any:
                try:
                    await flow()
                except LokiError as error:
                    self.app.show_error(error)
                finally:
                    self._is_asking = False

            # The function itself: a coroutine that is never started, as the console ends, would be complained about.
            self.run_worker(ask, group="dialogs")

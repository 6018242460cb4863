"""The filter line: what is typed on the left, how much matches on the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from loki_tui.spans import Span
from loki_tui.widgets.span_lines import Builder, SpanLines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from loki_tui.widgets.filter_input import FilterInput


class FilterBar(Horizontal):
    """One line: a hint until somebody types. The input is made when it is first needed, for the first frame's sake."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        .slash { width: 3; display: none; }
        .summary { width: 1fr; }
        FilterInput {
            width: 1fr;
            height: 1;
            padding: 0;
            display: none;
            background: transparent;
            background-tint: transparent;
        }
        &.-typed .slash, &.-typed FilterInput { display: block; }
        &.-typed .summary { width: 46; }
    }
    """

    @dataclass
    class Typed(Message):
        """Another filter is to be in force."""

        text: str

    def __init__(
        self,
        summary: Builder,
        give_back: Callable[[], object],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make the bar.

        Args:
            summary: builds what stands on the right.
            give_back: puts the focus where it belongs when the line is left. It is called and not told by a message,
                which the next key might overtake.
            id: for the style sheet.
        """
        super().__init__(id=id)
        self._give_back = give_back
        self._summary = SpanLines(summary, classes="summary")
        self._input: FilterInput | None = None

    def compose(self) -> ComposeResult:
        """Show the summary alone."""
        yield self._summary

    @property
    def text(self) -> str:
        """What is typed."""
        return self._input.value if self._input is not None else ""

    @property
    def is_typing(self) -> bool:
        """Whether keys go into the line."""
        return self._input is not None and self._input.has_focus

    def rebuild(self) -> None:
        """Show the summary anew."""
        self._summary.rebuild()

    async def start(self) -> None:
        """Let keys go into the line."""
        line = await self._make_input()
        self.add_class("-typed")
        line.focus()

    async def put(self, text: str) -> None:
        """Type this for somebody; the keys stay where they are."""
        line = await self._make_input()
        line.value = text
        self.set_class(bool(text), "-typed")

    async def _make_input(self) -> FilterInput:
        if self._input is None:
            from loki_tui.widgets.filter_input import FilterInput

            self._input = FilterInput(self.leave)
            slash = SpanLines(lambda *_: [[Span(" / ", "key")]], classes="slash")
            await self.mount_all([slash, self._input], before=self._summary)
        return self._input

    def clear(self) -> None:
        """Type nothing."""
        if self._input is not None:
            self._input.value = ""
        self.leave()

    def leave(self) -> None:
        """Give the keys back; what is typed stays in sight."""
        self.set_class(bool(self.text), "-typed")
        self._give_back()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is typed."""
        event.stop()
        self.post_message(self.Typed(event.value))

    def on_key(self, event: events.Key) -> None:
        """Leave at a key that moves in the table."""
        if event.key in {"down", "up", "tab", "pagedown"}:
            event.stop()
            event.prevent_default()
            self.leave()

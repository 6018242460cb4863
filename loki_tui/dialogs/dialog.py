"""What every dialog is made of: a frame with a title, rows with a label, and the keys on the last line.

Text that others wrote enters as `Content`, after `safe_text`: a plain string would be parsed for markup, and markup
in a token's name would run the app's own actions on a click.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import ModalScreen
from textual.style import Style
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

T = TypeVar("T")
TALL = 24
"""Lines from which there is room for empty ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One key on the last line: what to press, what it does, and the action that a click runs."""

    key: str
    label: str
    action: str


class Body(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The inside of a frame; it scrolls when the terminal is too small, while up and down go from field to field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
    ]


class Reading(VerticalScroll, can_focus=True):
    """The inside of a frame that is only read: up and down scroll it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("g", "scroll_home", "Top", show=False),
        Binding("G", "scroll_end", "Bottom", show=False),
        Binding("space", "page_down", "Page down", show=False),
    ]


class Line(Static):
    """One piece of text, shown as it is: never parsed for markup."""

    def __init__(
        self,
        content: Content | str = "",
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(content, id=id, classes=classes, markup=False)


class Row(Horizontal):
    """A label and what belongs to it."""

    def __init__(
        self,
        label: str,
        *children: Widget,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(Line(label, classes="label"), *children, id=id, classes=classes)


class Gap(Static):
    """An empty line between groups, left out where lines are scarce."""


class Hints(Static):
    """Keys on a line: the way out on the left and the others on the right, or all from the left."""

    def __init__(
        self,
        hints: tuple[Hint, ...],
        *,
        spread: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id, markup=False)
        self.hints = hints
        self._spread = spread

    def show(self, *hints: Hint) -> None:
        """Show these keys instead."""
        self.hints = hints
        self.refresh(layout=True)

    def render(self) -> Content:
        """Return the line, each key clickable."""
        if not self.hints:
            return Content()
        first, *rest = (
            Content.assemble((hint.key, "bold $text-accent"), " ", hint.label).stylize(
                Style.from_meta({"@click": hint.action})
            )
            for hint in self.hints
        )
        if not self._spread:
            return Content("   ").join([first, *rest])
        others = Content("   ").join(rest)
        room = self.size.width - first.cell_length - others.cell_length
        return first + " " * max(room, 1) + others


class Dialog(ModalScreen[T]):
    """A frame in the middle of the screen. Subclasses yield its inside in `compose_body`."""

    CSS_PATH: ClassVar[CSSPathType | None] = "dialog.tcss"
    BODY: ClassVar[type[Widget]] = Body
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (76, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.hints = Hints(self.list_hints(), id="hints")

    def compose(self) -> ComposeResult:
        """Build the frame around the body."""
        with Vertical(id="frame") as frame:
            with self.BODY(id="body"):
                yield from self.compose_body()
            yield self.hints
        frame.border_title = self.describe_title()

    def compose_body(self) -> Iterator[Widget]:
        """Yield what stands in the frame."""
        raise NotImplementedError

    def on_resize(self, event: events.Resize) -> None:
        """Let the body scroll rather than push the keys out of sight."""
        around = 4 if event.size.height >= TALL else 3
        bodies = self.query("#body")
        for body in bodies:
            body.styles.max_height = max(event.size.height - around, 1)
        if not bodies:  # the size came before the inside: once more when that is there
            self.call_after_refresh(self.post_message, event)

    def describe_title(self) -> Content:
        """Return what stands in the upper border."""
        raise NotImplementedError

    def list_hints(self) -> tuple[Hint, ...]:
        """Return the keys that the last line tells of; the first is the way out."""
        return (Hint(key="Esc", label="Close", action="screen.cancel"),)

    def action_cancel(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Leave, once: a second click or key would take the screen below away."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    def answer(self, result: T) -> bool:
        """Leave with an answer, unless the dialog was left already or another one covers it; tell whether it was."""
        if self.is_attached and self.is_current:
            self.dismiss(result)
            return True
        return False

    def call_back(self, function: Callable[..., object], *arguments: object) -> bool:
        """Call a method from a worker's thread, unless the dialog was left meanwhile; tell whether it was called."""
        if self.is_attached and self.app.is_running:
            return self.app.call_from_thread(self._call_attached, function, *arguments)
        return False

    def _call_attached(self, function: Callable[..., object], *arguments: object) -> bool:
        if self.is_attached and not self._pruning:
            function(*arguments)
            return True
        return False

    async def _dispatch_message(self, message: Message) -> None:
        # A dialog that is left loses its widgets first; a timer or a change that was on its way then finds none.
        try:
            await super()._dispatch_message(message)
        except NoMatches:
            if self.is_attached and not self._pruning:
                raise

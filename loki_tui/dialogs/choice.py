"""Options on a line, of which one or several are chosen; the line folds between options where it is too long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from loki_core import safe_text

_GAP = 2
_LONGEST_LABEL = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option: what it stands for, what it says, and why it cannot be chosen when it cannot."""

    value: str
    label: str
    forbidden: str = ""

    @property
    def text(self) -> str:
        """The label as it is shown, with the reason when there is one."""
        shown = safe_text(self.label, limit=_LONGEST_LABEL)
        return f"{shown}: {safe_text(self.forbidden)}" if self.forbidden else shown


class Options(Widget, can_focus=True):
    """What the two kinds have in common: a cursor that left and right move, and the folding."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"options--chosen", "options--forbidden"}
    DEFAULT_CSS = """
    Options {
        width: 1fr;
        height: auto;
        & > .options--chosen { text-style: bold; color: $text-accent; }
        & > .options--forbidden { color: $text-disabled; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "Previous", show=False),
        Binding("right,l", "move(1)", "Next", show=False),
        Binding("space", "pick", "Choose", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Something else is chosen now."""

        options: Options

        @property
        def control(self) -> Options:
            """The widget, for `on` with a selector."""
            return self.options

    def __init__(self, options: Sequence[Option], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.options = tuple(options)
        self.cursor = 0

    def is_chosen(self, index: int) -> bool:
        """Tell whether the option is chosen."""
        raise NotImplementedError

    def sign(self, index: int) -> str:
        """Return the three characters in front of an option: never told by colour alone."""
        raise NotImplementedError

    def pick(self, index: int) -> None:
        """Act on the option being chosen."""
        raise NotImplementedError

    def action_pick(self) -> None:
        """Choose the option at the cursor."""
        self.pick(self.cursor)

    def action_move(self, step: int) -> None:
        """Move to the next option that can be chosen; at the ends stay."""
        index = self.cursor + step
        while 0 <= index < len(self.options):
            if not self.options[index].forbidden:
                self.cursor = index
                self.moved()
                self.refresh()
                return
            index += step

    def moved(self) -> None:
        """Act on the cursor being moved by a key."""

    def _place(self, width: int) -> list[tuple[int, int, int]]:
        """Return where each option stands: column, line and cells."""
        places: list[tuple[int, int, int]] = []
        column = line = 0
        for option in self.options:
            cells = 4 + cell_len(option.text)
            if column and column + cells > width:
                column, line = 0, line + 1
            places.append((column, line, cells))
            column += cells + _GAP
        return places

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines that the options take in that many cells."""
        return self._place(width)[-1][1] + 1 if self.options else 1

    def render(self) -> Content:
        """Return the options, folded."""
        parts: list[Content | str] = []
        at, on = 0, 0
        for index, (column, line, cells) in enumerate(self._place(self.size.width)):
            if line > on:
                parts.append("\n")
                at, on = 0, line
            parts.append(" " * (column - at))
            parts.append(self._render_option(index))
            at = column + cells
        return Content.assemble(*parts)

    def _render_option(self, index: int) -> Content:
        option = self.options[index]
        if option.forbidden:
            style = self.get_visual_style("options--forbidden", partial=True)
            return Content.styled(f"(-) {option.text}", style)
        sign, label = Content(self.sign(index) + " "), Content(option.text)
        if self.is_chosen(index):
            style = self.get_visual_style("options--chosen", partial=True)
            sign, label = sign.stylize(style), label.stylize(style)
        if self.has_focus and index == self.cursor:
            label = label.stylize("reverse")  # component styles lose it on their way
        return sign + label

    def on_focus(self) -> None:
        """Show or hide the cursor."""
        self.refresh()

    on_blur = on_focus

    def on_click(self, event: events.Click) -> None:
        """Choose the option that was clicked."""
        for index, (column, line, cells) in enumerate(self._place(self.size.width)):
            if event.y == line and column <= event.x < column + cells and not self.options[index].forbidden:
                self.cursor = index
                self.pick(index)
                self.refresh()


class Choice(Options):
    """One of several: the cursor is the choice."""

    def __init__(self, options: Sequence[Option], *, value: str, id: str | None = None) -> None:  # noqa: A002
        super().__init__(options, id=id)
        self.value = value
        self.cursor = next((i for i, option in enumerate(self.options) if option.value == value), 0)

    def is_chosen(self, index: int) -> bool:
        """Tell whether the option is the chosen one."""
        return self.options[index].value == self.value

    def sign(self, index: int) -> str:
        """Return a filled or an empty circle."""
        return "(*)" if self.is_chosen(index) else "( )"

    def pick(self, index: int) -> None:
        """Choose the option instead of the one before."""
        value = self.options[index].value
        self.cursor = index
        if value != self.value:
            self.value = value
            self.refresh()
            self.post_message(self.Changed(self))

    def moved(self) -> None:
        """Choose where the cursor stands."""
        self.pick(self.cursor)


class Picks(Options):
    """Any number of several."""

    def __init__(
        self,
        options: Sequence[Option],
        *,
        values: Iterable[str] = (),
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(options, id=id)
        self.values = frozenset(values)

    @property
    def picked(self) -> tuple[str, ...]:
        """The values chosen, in the order of the options."""
        return tuple(option.value for option in self.options if option.value in self.values)

    def is_chosen(self, index: int) -> bool:
        """Tell whether the option is among the chosen ones."""
        return self.options[index].value in self.values

    def sign(self, index: int) -> str:
        """Return a ticked or an empty box."""
        return "[x]" if self.is_chosen(index) else "[ ]"

    def pick(self, index: int) -> None:
        """Add the option, or take it away."""
        self.values ^= {self.options[index].value}
        self.refresh()
        self.post_message(self.Changed(self))

"""Every key of the place you are in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget

from loki_core import safe_text
from loki_tui.actions import Action
from loki_tui.dialogs.dialog import Dialog, Line, Reading, Row
from loki_tui.places import PLACES

_TITLES = {place.mode: place.title for place in PLACES}
_MOUSE = (("Click", "goes to a row; in front of it marks it, twice opens its history"),)
_IN_DIALOGS = (
    ("Tab arrows", "from field to field; left and right, or Space, choose"),
    ("Enter, Esc", "go on, and leave, from any field"),
)


class KeysDialog(Dialog[None]):
    """Lists the actions with their keys, as they are now."""

    BODY: ClassVar[type[Widget]] = Reading
    AUTO_FOCUS = "#body"
    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "keys.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,enter", "cancel", "Close", show=False)]

    def __init__(self, actions: Iterable[Action]) -> None:
        self._actions = tuple(actions)
        super().__init__()

    def describe_title(self) -> Content:
        """Return the title."""
        return Content("Keys")

    def compose_body(self) -> Iterator[Widget]:
        """Yield the keys, by place."""
        for place in dict.fromkeys(action.place for action in self._actions):
            yield Line(_TITLES.get(place, place.capitalize()), classes="head")
            for action in self._actions:
                if action.place == place:
                    yield Row(safe_text(action.shown_keys), Line(self._describe(action)))
        for title, rows in (("Mouse", _MOUSE), ("In dialogs", _IN_DIALOGS)):
            yield Line(title, classes="head")
            for key, words in rows:
                yield Row(key, Line(words))

    @staticmethod
    def _describe(action: Action) -> Content:
        if not action.refusal:
            return Content(action.help)
        return Content.assemble(action.help, (f" ({safe_text(action.refusal)})", "$text-warning"))

"""The lock of an idle console: nothing of it is seen until somebody says that they are back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget

from loki_tui.dialogs.dialog import Dialog, Hint, Line


class LockedDialog(Dialog[bool]):
    """Waits for any key, then for a confirmation; returns True when somebody is back."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "locked.tcss"]
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        self._is_asking = False
        super().__init__()

    def describe_title(self) -> Content:
        """Return the title."""
        return Content("Locked")

    def list_hints(self) -> tuple[Hint, ...]:
        """Return what to press now."""
        if not self._is_asking:
            return (Hint(key="Any key", label="Come back", action="screen.ask"),)
        return (
            Hint(key="Esc", label="Stay locked", action="screen.stay"),
            Hint(key="Enter", label="Come back", action="screen.return"),
        )

    def compose_body(self) -> Iterator[Widget]:
        """Yield what happened."""
        yield Line("Nobody was here for a while. Marks and open dialogs were dropped; no token was made.", id="words")

    def on_key(self, event: events.Key) -> None:
        """Ask after any key; then Enter or y comes back and everything else stays."""
        event.stop()
        event.prevent_default()
        if not self._is_asking:
            self.action_ask()
        elif event.key in {"enter", "y"}:
            self.action_return()
        else:
            self.action_stay()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell that Esc does not leave: it is a key like any other here."""
        return action != "cancel"

    def action_ask(self) -> None:
        """Ask whether somebody is back."""
        self._show(True, "Are you back? The session goes on as the same user.")

    def action_stay(self) -> None:
        """Stay locked."""
        self._show(False, "Still locked.")

    def action_return(self) -> None:
        """Unlock."""
        self.answer(True)

    def _show(self, is_asking: bool, words: str) -> None:
        self._is_asking = is_asking
        self.query_one("#words", Line).update(Content(words))
        self.hints.show(*self.list_hints())

"""A screen with nothing on it but a secret, from the first cell on, so that the terminal itself can select it."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical

from loki_core import Secret
from loki_tui.dialogs.dialog import Line
from loki_tui.dialogs.secret_line import SecretLine
from loki_tui.terminal.guarded_app import GuardedApp


class BareLine(Vertical):
    """Takes the frame's place while the dialog has the class `-bare`; the mouse is the terminal's then."""

    def __init__(self, find_secret: Callable[[], Secret | None]) -> None:
        super().__init__(id="bare")
        self._find_secret = find_secret
        self.is_shown = False

    def compose(self) -> ComposeResult:
        """Yield how to get back; the secret's line is there only while it is shown, and so are its painted cells."""
        yield Line("Select it with the mouse. Any key goes back.", classes="muted")

    def show(self) -> None:
        """Show the secret alone, and let the terminal have the mouse."""
        self.is_shown = True
        line = SecretLine(self._find_secret, id="bare-line", classes="-bare")
        line.shown = True
        self.mount(line, before=0)
        self.screen.set_focus(None)
        self.screen.add_class("-bare")
        if isinstance(self.app, GuardedApp):
            self.app.suspend_mouse()

    def on_unmount(self) -> None:
        """Take the mouse back when the dialog is dropped."""
        if self.is_shown and isinstance(self.app, GuardedApp):
            self.app.resume_mouse()

    def hide(self) -> None:
        """Go back to the frame."""
        self.is_shown = False
        self.query(SecretLine).remove()
        self.screen.remove_class("-bare")
        if isinstance(self.app, GuardedApp):
            self.app.resume_mouse()

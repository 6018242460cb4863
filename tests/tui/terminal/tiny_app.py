"""A small app on the guarded base, run in real terminals: `python tiny_app.py [--no-mouse] [--patient]`.

Each key does one thing that the console does somewhere; a local variable holds a secret where it crashes.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Label

from loki_core.hardening import harden_process
from loki_tui.terminal.environment import choose_theme
from loki_tui.terminal.guarded_app import GuardedApp
from loki_tui.terminal.recording import find_recordings
from loki_tui.terminal.standard_streams import leave

PARTS = ("loki_", "TinyAppTinyAppTinyAppTinyAppTinyAppTinyAppT", "0abcde")


def build_secret() -> str:
    """Return the secret; in parts in the source, so that a source line in a report does not show it."""
    return "".join(PARTS)


def fail() -> None:
    """Raise, with a secret in a local variable and in the error's text."""
    secret = build_secret()
    raise RuntimeError(f"cannot store {secret} anywhere")


class BrokenLabel(Label):
    """Fails while it is composed."""

    def compose(self) -> ComposeResult:
        """Fail."""
        fail()
        yield Label("never")


class TinyApp(GuardedApp):
    """The app."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "leave", "Leave"),
        Binding("e", "fail_in_handler", "Fail"),
        Binding("w", "fail_in_worker", "Fail in a worker"),
        Binding("t", "fail_in_thread", "Fail in a thread"),
        Binding("a", "fail_in_task", "Fail in a task"),
        Binding("o", "fail_in_compose", "Fail in compose"),
        Binding("c", "copy", "Copy"),
        Binding("s", "show_secret", "Show"),
        Binding("h", "hide_secret", "Hide"),
        Binding("m", "suspend_mouse", "Mouse off"),
        Binding("M", "resume_mouse", "Mouse on"),
        Binding("r", "recordings", "Recordings"),
        Binding("b", "block", "Block"),
    ]

    def compose(self) -> ComposeResult:
        """Build the app."""
        yield Label("tiny app", id="said", markup=False)
        yield Button("a coloured button", variant="success")

    def on_ready(self) -> None:
        """Say that keys are taken."""
        self.say(f"ready {os.getpid()}")

    def say(self, words: str) -> None:
        """Show words."""
        self.query_one("#said", Label).update(words)

    def action_leave(self) -> None:
        """End."""
        self.exit(return_code=5)

    def action_fail_in_handler(self) -> None:
        """Fail."""
        fail()

    def action_fail_in_worker(self) -> None:
        """Fail in a worker."""
        self.run_worker(fail, thread=True)

    def action_fail_in_thread(self) -> None:
        """Fail in a thread of our own."""
        threading.Thread(target=fail).start()

    def action_fail_in_task(self) -> None:
        """Fail in a task that nobody waits for."""

        async def work() -> None:
            fail()

        task = asyncio.create_task(work())
        task.add_done_callback(lambda _: None)

    async def action_fail_in_compose(self) -> None:
        """Fail while a widget is composed."""
        await self.mount(BrokenLabel())

    async def action_copy(self) -> None:
        """Copy the secret."""
        self.say((await self.copy_text(build_secret())).message)

    def action_show_secret(self) -> None:
        """Show the secret."""
        self.secret_on_screen = True
        self.say(build_secret())

    def action_hide_secret(self) -> None:
        """Hide the secret."""
        self.secret_on_screen = False
        self.say("hidden")

    def action_suspend_mouse(self) -> None:
        """Turn the mouse off."""
        self.suspend_mouse()
        self.say("mouse off")

    def action_resume_mouse(self) -> None:
        """Turn the mouse on."""
        self.resume_mouse()
        self.say("mouse on")

    def action_recordings(self) -> None:
        """Say what records."""
        self.say(" | ".join(find_recordings()) or "nothing records")

    def action_block(self) -> None:
        """Hang the event loop, as a defect would."""
        self.say("blocked")
        self.call_after_refresh(lambda: time.sleep(3600))


def main() -> None:
    """Run the app as the console is run."""
    harden_process()
    app = TinyApp()
    theme = choose_theme(os.environ, asked=None, preferred=None)
    if theme:
        app.theme = theme
    grace = 3600.0 if "--patient" in sys.argv else 0.5
    leave(app.run_guarded(mouse="--no-mouse" not in sys.argv, grace=grace))


if __name__ == "__main__":
    main()

"""A console with one dialog on it, over a real store in a temporary home."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Static

import loki_core
from loki_core import Loki
from loki_tui.dialogs.dialog import Dialog
from loki_tui.dialogs.recording_warning import RecordingWarning
from loki_tui.terminal.guarded_app import GuardedApp

START = datetime(2026, 11, 23, 20, 1, tzinfo=UTC)
PATIENCE = 30.0
"""Seconds after which a wait is given up: a hang, never a slow machine."""

HOSTILE = "[@click=app.quit]x[/]"
STRAY = "[/foo]"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


def open_loki(home: Path, *, config: str = "", clock: Callable[[], datetime] | None = None) -> Loki:
    """Return a real Loki on a store below `home`; nothing is on disk but the configuration."""
    directory = home / ".loki"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if config:
        (directory / "config.yaml").write_text(config)
        (directory / "config.yaml").chmod(0o600)
    work = home / "work"
    work.mkdir(exist_ok=True)
    environ = {"HOME": str(home), "USER": "alice", "LOGNAME": "alice"}
    return loki_core.open(environ=environ, directory=work, clock=clock or Clock())


class Console(GuardedApp):
    """Something to see through a dialog."""

    def __init__(self) -> None:
        super().__init__()
        self.quit_was_run = False

    def compose(self) -> ComposeResult:
        yield Static("below", markup=False)

    async def action_quit(self) -> None:
        self.quit_was_run = True
        await super().action_quit()


class Stage:
    """The dialog under test and what a test does to it."""

    def __init__(self, app: Console, pilot: Pilot[Any], dialog: Dialog[Any]) -> None:
        self.app = app
        self.pilot = pilot
        self.dialog = dialog
        self.results: list[Any] = []

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Press the keys of a text."""
        names = {" ": "space", "-": "minus", "_": "underscore", "/": "slash", ".": "full_stop", "~": "tilde"}
        await self.pilot.press(*(names.get(character, character) for character in text))

    async def paste(self, text: str) -> None:
        """Paste as a terminal does, between brackets."""
        self.app.post_message(Paste(text))
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something holds; fails with the screen when it never does."""
        async with asyncio.timeout(PATIENCE):
            try:
                while not condition():
                    await self.pilot.pause()
                    await asyncio.sleep(0.005)
            except asyncio.CancelledError:
                print(self.text)
                raise

    async def until_shown(self, text: str) -> None:
        """Wait until a text stands on the screen, whatever lines it is folded into."""
        await self.until(lambda: text in self.flat)

    @property
    def lines(self) -> list[str]:
        """What the screen shows, line by line."""
        screen = self.app.screen
        return [strip.text for strip in screen._compositor.render_strips(screen.size)]

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)

    @property
    def flat(self) -> str:
        """The screen as one line: borders and folds do not count."""
        return " ".join(self.text.replace("│", " ").split())

    @property
    def is_left(self) -> bool:
        return self.app.screen is not self.dialog

    def line_of(self, widget_id: str) -> str:
        """The text of one widget."""
        return str(self.dialog.query_one(f"#{widget_id}", Static).content)


@asynccontextmanager
async def on_stage(dialog: Dialog[Any], *, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Stage]:
    """Run a console with this dialog open."""
    app = Console()
    async with app.run_test(size=size) as pilot:
        stage = Stage(app, pilot, dialog)
        await app.push_screen(dialog, stage.results.append)
        await pilot.pause()
        yield stage


async def until_ready(stage: Stage) -> None:
    """Wait until the reveal knows whether somebody records the screen."""
    warning = stage.dialog.query_one(RecordingWarning)
    await stage.until(lambda: warning._recordings is not None)


def list_names(loki: Loki) -> list[str]:
    """Return the names of all tokens, revoked ones too."""
    return [token.name for token in loki.tokens.list(include_revoked=True)]

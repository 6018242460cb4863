"""The console itself: its screens, its actions and who may do them, its lock. What screens show is theirs."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.screen import ModalScreen
from textual.types import CSSPathType

from loki_core import LokiError, safe_text
from loki_tui.actions import ACTIONS, Action
from loki_tui.audit.standing import LogStanding
from loki_tui.idle_lock import IdleLock
from loki_tui.key_names import normalize_key
from loki_tui.keymap import bind_actions, find_clashes, remap_actions
from loki_tui.places import PLACES
from loki_tui.surroundings import Surroundings
from loki_tui.terminal.guarded_app import GuardedApp

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.notifications import SeverityLevel

    from loki_core import Loki, Session
    from loki_tui.preferences import Preferences
    from loki_tui.screens.list_screen import ListScreen

LOCK_CHECK = 5.0
"""Seconds between two looks at whether the console has been idle for too long."""
MADE_UP = "made-up tokens"
"""What the header calls the store of a demonstration, whose path means nothing to anybody."""


class LokiApp(GuardedApp):
    """The access console on one store."""

    TITLE = "loki"
    DEFAULT_MODE = PLACES[0].mode
    # A style sheet that a screen brings along makes Textual parse all others again, so the first screen's is here.
    CSS_PATH: ClassVar[CSSPathType | None] = ["app.tcss", "screens/list_screen.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        *bind_actions(ACTIONS, "everywhere"),
    ]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        loki: Loki,
        *,
        preferences: Preferences,
        session: Session | None = None,
        read_only: bool = False,
        demo: bool = False,
        host: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build the console; nothing is read before it runs.

        Args:
            loki: the store's access; the caller closes it.
            preferences: the user's theme, keys and idle lock.
            session: who is signed in already; the console acts as that person from the start.
            read_only: whether changing actions are off.
            demo: whether the store is a generated one.
            host: what this host is called, or None to ask it.
            monotonic: the clock of the idle lock, in seconds.
        """
        super().__init__()
        self.local = loki
        self.session = session
        self.loki = loki if session is None else loki.acting_as(session.principal)
        self.preferences = preferences
        self.surroundings = Surroundings(
            store=MADE_UP if demo else loki.store_label,
            host=os.uname().nodename.split(".")[0] if host is None else host,
            actor=self.loki.actor,
            read_only=read_only,
            demo=demo,
        )
        self.idle = IdleLock(preferences.idle_lock_minutes, clock=monotonic)
        self.standing = LogStanding(self)
        self._clashes = find_clashes(preferences.keys)
        keys = {} if self._clashes else dict(preferences.keys)
        self.actions = tuple(replace(action, refusal=self._judge(action)) for action in remap_actions(keys))
        self.set_keymap({id_: ",".join(normalize_key(key) for key in given.split(",")) for id_, given in keys.items()})
        for place in PLACES:
            self.add_mode(place.mode, partial(place.open, self))
        if preferences.theme in self.available_themes:
            self.theme = preferences.theme

    def on_mount(self) -> None:
        """Start counting idle minutes."""
        self.call_after_refresh(_collect_garbage_again)
        self.call_after_refresh(self.standing.watch)
        self.set_interval(LOCK_CHECK, self.lock_when_idle)
        if self._clashes:
            told = "; ".join(clash.message for clash in self._clashes)
            self.say(f"your keys are not used: {told}", severity="warning")

    def get_driver_class(self) -> type[Driver]:
        """Return the driver that spares the line."""
        from loki_tui.thrifty_driver import ThriftyDriver

        return ThriftyDriver

    def list_screens(self) -> list[ListScreen]:
        """Return the screens that were opened, whatever dialog is over them."""
        stacks = [self._screen_stacks.get(place.mode) for place in PLACES]
        return [cast("ListScreen", stack[0]) for stack in stacks if stack]

    # Who acts

    async def act_as(self, loki: Loki, session: Session | None) -> None:
        """Go on as somebody else: what is shown elsewhere is read anew, and what may be done is judged anew.

        Args:
            loki: the same store, acted on as that person.
            session: the sign-in that says so, or None for the user of this system.
        """
        self.loki, self.session = loki, session
        self.surroundings = replace(self.surroundings, actor=loki.actor)
        self.actions = tuple(replace(action, refusal=self._judge(action)) for action in self.actions)
        for place in PLACES:
            if place.mode != self.current_mode:
                await self.remove_mode(place.mode)
                self.add_mode(place.mode, partial(place.open, self))
        self.standing.watch()
        for screen in self.list_screens():
            screen.rebuild_header()

    # What may be done

    def _judge(self, action: Action) -> str:
        if not action.changes:
            return ""
        if self.surroundings.read_only:
            return "not allowed here: started with --read-only"
        actor = self.loki.actor
        if not actor.explain("*").granted:
            held = safe_text(" ".join(actor.scopes)) or "nothing"
            return f"not allowed: it needs *, and {safe_text(actor.name)} holds {held}"
        return ""

    def list_actions(self) -> tuple[Action, ...]:
        """Return the actions that work on the screen that is shown."""
        return tuple(action for action in self.actions if action.works_on(self.current_mode))

    def find_refusal(self, action_id: str) -> str:
        """Return why an action is not allowed, or ""."""
        return next((action.refusal for action in self.actions if action.id == action_id), "")

    # What is said

    def say(self, message: str, *, severity: SeverityLevel = "information") -> None:
        """Show a notice; whatever is in it, it is plain text."""
        self.notify(safe_text(message), severity=severity, markup=False)

    def show_error(self, error: LokiError) -> None:
        """Show what was refused or failed, and what to do about it."""
        text = safe_text(error.message)
        if error.remedy:
            text = f"{text}\n{safe_text(error.remedy)}"
        self.notify(text, title="Not done", severity="error", timeout=12, markup=False)

    # Actions that work everywhere

    def action_show_place(self, mode: str) -> None:
        """Go to the screen of that name."""
        if mode != self.current_mode:
            for screen in self.list_screens():
                screen.stay()
            self.switch_mode(mode)

    def action_show_keys(self) -> None:
        """Show every key that works here."""
        from loki_tui.dialogs.keys import KeysDialog

        self.push_screen(KeysDialog(self.list_actions()))

    def action_leave(self) -> None:
        """Leave the console."""
        self.exit()

    def action_command_palette(self) -> None:
        """Find an action or a token by its name."""
        from loki_tui.palette import ActionCommands, Palette, TokenCommands

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(
                Palette(providers=[ActionCommands, TokenCommands], placeholder="An action, or a token's name…")
            )

    def search_themes(self) -> None:
        """Try other colours, found by their name."""
        from textual.theme import ThemeProvider

        from loki_tui.palette import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder="The name of a theme…"))

    # The lock

    async def on_event(self, event: events.Event) -> None:
        """Count idle time from every key and mouse event."""
        if isinstance(event, events.InputEvent):
            self.idle.touch()
        await super().on_event(event)

    async def lock_when_idle(self) -> None:
        """Lock when nobody has touched the console for too long."""
        if self.idle.is_due():
            await self.lock()

    async def lock(self) -> None:
        """Drop every mark and what is open, a secret that is being revealed too, until somebody comes back."""
        from loki_tui.dialogs.locked import LockedDialog

        self.idle.lock()
        while isinstance(self.screen, ModalScreen):
            await self.screen.dismiss(None)
        self.clear_notifications()
        for screen in self.list_screens():
            screen.forget_marks()
        self.push_screen(LockedDialog(), lambda _: self.idle.unlock())


def _collect_garbage_again() -> None:
    """Undo what `main` did for a quick start; what is loaded now stays, and is not looked through again."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()

"""The command palette: every action, and every token, by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from loki_core import safe_text
from loki_tui.screens.tokens import TokensScreen

if TYPE_CHECKING:
    from loki_tui.actions import Action
    from loki_tui.app import LokiApp

TOKENS_SHOWN = 30
_LOOKED_AT = 2_000
"""Tokens that are scored for one search; the filter line has no such limit."""


class Palette(CommandPalette):
    """Textual's palette, but nothing that is done too early or twice ends the app."""

    ALLOW_SELECT = False

    def _action_command_list(self, action: str) -> None:
        try:
            super()._action_command_list(action)
        except KeyError:  # a page key, before the list knows its lines
            return

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Leave, once."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


class ActionCommands(Provider):
    """The actions, with their keys and what they do."""

    async def discover(self) -> Hits:
        """List all of them."""
        for action in self._list_actions():
            yield DiscoveryHit(Content(_name_action(action)), partial(self._run, action), help=_describe_action(action))

    async def search(self, query: str) -> Hits:
        """Find those whose name or description is like the query."""
        matcher = self.matcher(query)
        for action in self._list_actions():
            name = _name_action(action)
            score = matcher.match(name) or (0.1 if query.lower() in action.help.lower() else 0)
            if score > 0:
                yield Hit(score, Content(name), partial(self._run, action), name, help=_describe_action(action))

    def _list_actions(self) -> list[Action]:
        app = cast("LokiApp", self.app)
        return [action for action in app.list_actions() if action.place != "table" and action.id != "app.palette"]

    async def _run(self, action: Action) -> None:
        space = "app" if action.place == "everywhere" else "screen"
        await self.app.run_action(f"{space}.{action.run}")


class TokenCommands(Provider):
    """The tokens: choosing one puts the cursor on it."""

    async def search(self, query: str) -> Hits:
        """Find those whose name is like the query. Names are shown as plain text, whatever is in them."""
        screen = self.screen
        if not isinstance(screen, TokensScreen):
            return
        matcher = self.matcher(query)
        found = 0
        for row in screen.list.search(query, limit=_LOOKED_AT):
            name = safe_text(row.token.name, limit=80)
            if (score := matcher.match(name)) > 0:
                told = _say_plainly(f"{row.status.value}, {safe_text(row.token.id, limit=40)}")
                yield Hit(score, Content(name), partial(screen.go_to, row.token.id), name, help=told)
                found += 1
            if found >= TOKENS_SHOWN:
                return


def _name_action(action: Action) -> str:
    return f"{action.label}  ({action.shown_keys})"


def _describe_action(action: Action) -> str:
    return _say_plainly(action.refusal or action.help)


def _say_plainly(text: str) -> str:
    # The palette parses a string for markup but leaves content alone; its annotation knows only the former.
    return cast("str", Content(text))

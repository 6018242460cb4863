"""Going from one screen to what another one knows about the same thing, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from loki_tui.places import PLACES

if TYPE_CHECKING:
    from loki_tui.app import LokiApp
    from loki_tui.screens.list_screen import ListScreen

_TITLES = {place.mode: place.title for place in PLACES}


async def go_to_token(app: LokiApp, token_id: str) -> None:
    """Show a token on the Tokens screen."""
    from loki_tui.screens.tokens import TokensScreen

    screen = await _enter(app, TokensScreen.MODE)
    if isinstance(screen, TokensScreen):
        screen.seek(token_id)


async def go_to_trail(app: LokiApp, token: str) -> None:
    """Show on the Audit screen what the log says about a token.

    Args:
        app: the console.
        token: its name or id, in one word.
    """
    await _enter(app, "audit", brought=f"token:{token}")


def go_back(app: LokiApp) -> None:
    """Go back to the screen that a key led here from."""
    screen = _find_screen(app, app.current_mode)
    mode = next((mode for mode, title in _TITLES.items() if title == screen.came_from), None)
    screen.stay()
    if mode is not None:
        app.switch_mode(mode)


async def _enter(app: LokiApp, mode: str, brought: str | None = None) -> ListScreen:
    came_from = _TITLES[app.current_mode]
    _find_screen(app, app.current_mode).stay()
    await app.switch_mode(mode)
    screen = _find_screen(app, mode)
    await screen.arrive(came_from, brought)
    return screen


def _find_screen(app: LokiApp, mode: str) -> ListScreen:
    return cast("ListScreen", app.get_screen_stack(mode)[0])

"""Made-up tokens and a real store for the tests of the console."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

import loki_core
from loki_core import Loki, ScopeCatalog, Status, Token
from loki_tui.app import LokiApp
from loki_tui.preferences import Preferences
from loki_tui.screens.audit import AuditScreen
from loki_tui.screens.tokens import TokensScreen

NOW = datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)
SIZE = (80, 24)
CATALOG = ScopeCatalog()


def make_token(name: str = "ci-bot", **given: Any) -> Token:
    """Return a token; what is not given is plain, and effective scopes follow from scopes."""
    scopes = given.pop("scopes", ("read",))
    number = sum(ord(character) * (index + 1) for index, character in enumerate(name))
    token = Token(
        id=f"tok-{number:012x}",
        name=name,
        scopes=scopes,
        effective_scopes=CATALOG.sort(CATALOG.expand(scopes)),
        owner="os:alice",
        created_at=NOW - timedelta(days=30),
        expires_at=NOW + timedelta(days=60),
    )
    return replace(token, **given)


def make_pair(name: str = "ci-deploy", *, old_used: datetime | None = None) -> tuple[Token, Token]:
    """Return the old and the new token of a rotation three hours ago."""
    old = make_token(name, id="tok-00000000000a", status=Status.ROTATING, rotated_to="tok-00000000000b")
    old = replace(old, expires_at=NOW + timedelta(hours=21), last_used=old_used)
    new = make_token(name, id="tok-00000000000b", rotated_from=old.id, created_at=NOW - timedelta(hours=3))
    return old, new


def open_store(home: Path, *, clock: Callable[[], datetime] | None = None) -> Loki:
    """Open the real store of a home directory."""
    return loki_core.open(environ={"HOME": str(home)}, directory=home, clock=clock)


def fill(loki: Loki, count: int = 30) -> None:
    """Make that many tokens, which end one day after another."""
    for number in range(count):
        loki.tokens.generate(f"svc-{number:02}", role="viewer", expires_days=30 + number)


def find_file(home: Path) -> Path:
    """Return where the store of a home directory is."""
    return home / ".loki" / "dashboard" / "tokens.json"


def build_app(loki: Loki, **given: Any) -> LokiApp:
    """Return the console on a store."""
    preferences = given.pop("preferences", Preferences())
    return LokiApp(loki, preferences=preferences, host="jump01", **given)


def get_screen(pilot: Pilot[None]) -> TokensScreen:
    """Return the Tokens screen, whatever dialog is over it."""
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, TokensScreen)
    return screen


def get_audit(pilot: Pilot[None]) -> AuditScreen:
    """Return the Audit screen, whatever dialog is over it; it was opened before."""
    screen = pilot.app.get_screen_stack("audit")[0]
    assert isinstance(screen, AuditScreen)
    return screen


async def open_audit(pilot: Pilot[None]) -> AuditScreen:
    """Go to the Audit screen and wait until the log was read."""
    await wait_for_rows(pilot)
    await pilot.press("2")
    return await wait_for_entries(pilot)


async def wait_for_entries(pilot: Pilot[None]) -> AuditScreen:
    """Wait until the log was read."""
    await wait_until(pilot, lambda: isinstance(pilot.app.screen_stack[0], AuditScreen))
    screen = get_audit(pilot)
    await wait_until(pilot, lambda: screen.is_read and not screen.log_watch.is_asked)
    await pilot.pause(0.2)
    return screen


def read_screen(pilot: Pilot[None]) -> str:
    """Return what is on the whole screen, as plain lines."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def read_notices(pilot: Pilot[None]) -> str:
    """Return what the notices say that are shown now."""
    return "\n".join(notice.message for notice in pilot.app._notifications)


async def wait_until(pilot: Pilot[None], is_true: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Wait until something is true, and fail with the screen when it does not come."""
    async with asyncio.timeout(seconds):
        try:
            while not is_true():
                await pilot.pause(0.02)
        except asyncio.CancelledError:
            print(read_screen(pilot))
            raise


async def wait_for_rows(pilot: Pilot[None]) -> TokensScreen:
    """Wait until the store was read and its details are shown."""
    await wait_until(pilot, lambda: isinstance(pilot.app.screen_stack[0], TokensScreen))
    screen = get_screen(pilot)
    await wait_until(pilot, lambda: screen.reading is not None and not screen.store_watch.is_asked)
    await pilot.pause(0.2)
    return screen

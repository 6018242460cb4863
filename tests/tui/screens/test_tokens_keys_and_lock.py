"""The Tokens screen: the palette, a user's own keys, the idle lock."""

from __future__ import annotations

from loki_core import Loki
from loki_tui.preferences import Preferences
from tests.tui.samples import (
    SIZE,
    build_app,
    fill,
    read_notices,
    read_screen,
    wait_for_rows,
    wait_until,
)


async def test_the_palette_finds_tokens_and_puts_the_cursor_on_the_chosen_one(loki: Loki) -> None:
    fill(loki)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("slash", *"svc-0", "enter", "colon")
        await pilot.press(*"svc-27")
        await wait_until(pilot, lambda: "svc-27" in read_screen(pilot).replace("svc-27", "", 1))
        await pilot.press("enter")
        await wait_until(pilot, lambda: pilot.app.screen is screen)
        assert screen.current_row is not None
        assert screen.current_row.token.name == "svc-27"


async def test_the_palette_runs_an_action_by_its_name(loki: Loki) -> None:
    fill(loki, 2)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("ctrl+p", *"reverse")
        await wait_until(pilot, lambda: "Turn the order round" in read_screen(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: pilot.app.screen is screen)
        await wait_until(pilot, lambda: "reversed" in read_screen(pilot))


async def test_keys_of_the_user_s_own_work_and_are_shown(loki: Loki) -> None:
    fill(loki, 2)
    preferences = Preferences(keys={"token.revoke": "X", "token.why": "delete"})
    async with build_app(loki, preferences=preferences).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        assert "X Revoke" in read_screen(pilot)
        await pilot.press("x")
        await pilot.pause(0.2)
        assert pilot.app.screen is screen
        await pilot.press("X")
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "RevokeDialog")


async def test_keys_that_clash_are_reported_and_ours_stay(loki: Loki) -> None:
    fill(loki, 2)
    preferences = Preferences(keys={"token.revoke": "n"})
    async with build_app(loki, preferences=preferences).run_test(notifications=True, size=SIZE) as pilot:
        await wait_until(pilot, lambda: "n is given to token.new and token.revoke" in read_notices(pilot))
        await wait_for_rows(pilot)
        await pilot.press("x")
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "RevokeDialog")


async def test_an_idle_console_locks_drops_marks_and_dialogs_and_asks_before_it_comes_back(loki: Loki) -> None:
    fill(loki, 3)
    seconds = [0.0]
    app = build_app(loki, monotonic=lambda: seconds[0])
    async with app.run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("space", "n")
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "NewTokenDialog")
        seconds[0] = 15 * 60 - 1
        await app.lock_when_idle()
        assert type(pilot.app.screen).__name__ == "NewTokenDialog"
        seconds[0] = 15 * 60
        await app.lock_when_idle()
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "LockedDialog")
        assert len(app.screen_stack) == 2
        assert screen.table.marks == frozenset()
        await pilot.press("j")
        await pilot.press("q")
        await pilot.pause(0.1)
        assert type(pilot.app.screen).__name__ == "LockedDialog"
        await pilot.press("j", "enter")
        await wait_until(pilot, lambda: pilot.app.screen is screen)
        assert not app.idle.is_locked


async def test_the_lock_drops_a_secret_that_is_being_revealed_and_nothing_was_made(loki: Loki) -> None:
    seconds = [0.0]
    app = build_app(loki, monotonic=lambda: seconds[0])
    async with app.run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        draft = loki.tokens.prepare("ci-bot", role="viewer")
        screen.run_worker(screen._reveal(draft, "is live"))
        await wait_until(pilot, lambda: app.secret_on_screen)
        await pilot.press("s")
        seconds[0] = 15 * 60
        await app.lock_when_idle()
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "LockedDialog")
        assert not app.secret_on_screen
        assert "loki_" not in read_screen(pilot)
        assert loki.tokens.list() == ()

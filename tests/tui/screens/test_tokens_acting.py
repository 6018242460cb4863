"""The Tokens screen: what it changes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

from loki_core import Loki
from tests.tui.samples import (
    SIZE,
    build_app,
    fill,
    read_notices,
    read_screen,
    wait_for_rows,
    wait_until,
)


async def test_x_asks_about_the_marked_tokens_and_the_list_follows(loki: Loki) -> None:
    fill(loki, 4)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("space", "space", "x")
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "RevokeDialog")
        await pilot.press("escape")
        await wait_until(pilot, lambda: pilot.app.screen is screen)
        assert len(screen.table.marks) == 2
        assert len(loki.tokens.list()) == 4


async def test_a_living_token_is_not_deleted_and_the_reason_is_told(loki: Loki) -> None:
    fill(loki, 1)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await wait_for_rows(pilot)
        await pilot.press("d")
        await wait_until(pilot, lambda: "only revoked or expired" in read_notices(pilot))


async def test_ending_a_grace_needs_a_rotation_and_asks_about_the_old_secret_alone(loki: Loki) -> None:
    fill(loki, 1)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("e")
        await wait_until(pilot, lambda: "no old secret" in read_notices(pilot))
        old = loki.tokens.get("svc-00").id
        loki.tokens.rotate("svc-00")
        await wait_until(pilot, lambda: screen.current_row is not None and screen.current_row.old is not None)
        assert screen.current_row is not None
        assert screen.current_row.old is not None
        assert screen.current_row.old.id == old
        await pilot.press("e")
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "RevokeDialog")


async def test_a_double_click_opens_the_history_of_the_token(loki: Loki) -> None:
    fill(loki, 3)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await wait_for_rows(pilot)
        await pilot.click("#rows", offset=(8, 1), times=2)
        await wait_until(pilot, lambda: "History of svc-01" in read_screen(pilot))


async def test_what_fails_becomes_a_notice_with_the_remedy(loki: Loki, tmp_path: Path) -> None:
    fill(loki, 1)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)

        async def fail() -> None:
            loki.tokens.get("svc-99")

        screen.start_dialogs("token.why", fail)
        await wait_until(pilot, lambda: "svc-99" in read_screen(pilot))


async def test_read_only_changes_nothing_and_says_why(loki: Loki) -> None:
    fill(loki, 1)
    async with build_app(loki, read_only=True).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        assert "READ-ONLY" in read_screen(pilot)
        assert "off: n r x d e" in read_screen(pilot)
        for key in "nrxde":
            pilot.app.clear_notifications()
            await pilot.press(key)
            await wait_until(pilot, lambda: "started with --read-only" in read_notices(pilot))
            assert pilot.app.screen is screen


async def test_an_actor_without_all_scopes_is_told_what_is_missing(loki: Loki) -> None:
    fill(loki, 1)
    secret = loki.tokens.generate("auditor", role="auditor").secret
    limited = loki.acting_as(loki.authenticate(secret.reveal()))
    async with build_app(limited).run_test(notifications=True, size=SIZE) as pilot:
        await wait_for_rows(pilot)
        told = read_screen(pilot)
        assert "! Not allowed" in told
        assert "svc-00" not in told
        await pilot.press("n")
        await wait_until(pilot, lambda: "it needs *, and auditor holds read audit" in read_notices(pilot))

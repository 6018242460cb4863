"""The Tokens screen on a real store."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from loki_core import Loki
from loki_tui.preferences import Preferences
from loki_tui.widgets.filter_input import FilterInput
from tests.tui.samples import (
    NOW,
    build_app,
    get_screen,
    open_store,
    read_notices,
    read_screen,
    wait_for_rows,
    wait_until,
)

SIZE = (80, 24)


@pytest.fixture
def loki(tmp_path: Path) -> Loki:
    return open_store(tmp_path, clock=lambda: NOW)


def fill(loki: Loki, count: int = 30) -> None:
    for number in range(count):
        loki.tokens.generate(f"svc-{number:02}", role="viewer", expires_days=30 + number)


def find_file(home: Path) -> Path:
    return home / ".loki" / "dashboard" / "tokens.json"


# Reading


async def test_the_first_frame_is_painted_before_the_store_is_read(loki: Loki) -> None:
    fill(loki, 3)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = get_screen(pilot)
        assert screen.reading is None or "svc-00" in read_screen(pilot)
        await wait_for_rows(pilot)
        assert "svc-00" in read_screen(pilot)
        assert "3 shown" in read_screen(pilot)


async def test_another_process_s_token_appears_and_the_cursor_stays_on_its_token(loki: Loki, tmp_path: Path) -> None:
    fill(loki)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press(*"jjjjj")
        key, line = screen.table.cursor_key, screen.table.cursor - screen.table.scroll_offset.y
        with open_store(tmp_path, clock=lambda: NOW) as other:
            other.tokens.generate("aaa-new", role="operator", expires_days=300)
        await wait_until(pilot, lambda: screen.list.total == 31)
        assert screen.table.cursor_key == key
        assert screen.table.cursor - screen.table.scroll_offset.y == line


async def test_a_store_that_was_broken_says_so_and_comes_back_by_itself(loki: Loki, tmp_path: Path) -> None:
    fill(loki, 3)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("j")
        good = find_file(tmp_path).read_bytes()
        find_file(tmp_path).write_bytes(b"{ this is no store")
        await wait_until(pilot, lambda: screen.reading is not None and screen.reading.error is not None)
        await pilot.pause()
        told = read_screen(pilot)
        assert "! The token store cannot be used" in told
        assert "what to do" in told
        assert "loki enterprise doctor" in told
        assert "svc-00" not in told
        find_file(tmp_path).write_bytes(good)
        await wait_until(pilot, lambda: screen.reading is not None and screen.reading.error is None)
        await pilot.pause()
        assert "svc-01" in read_screen(pilot)
        assert find_file(tmp_path).read_bytes() == good


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_a_store_that_may_not_be_read_says_so(loki: Loki, tmp_path: Path) -> None:
    fill(loki, 1)
    find_file(tmp_path).chmod(0)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await wait_for_rows(pilot)
        assert "! The token store cannot be used" in read_screen(pilot)


async def test_a_symbolic_link_in_place_of_the_store_is_refused_in_a_full_panel(loki: Loki, tmp_path: Path) -> None:
    fill(loki, 1)
    real = find_file(tmp_path).rename(tmp_path / "elsewhere.json")
    find_file(tmp_path).symlink_to(real)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        assert screen.reading is not None
        assert screen.reading.error is not None
        assert "! The token store cannot be used" in read_screen(pilot)


async def test_a_record_that_cannot_be_read_is_listed_and_counted(loki: Loki, tmp_path: Path) -> None:
    fill(loki, 2)
    document = json.loads(find_file(tmp_path).read_text())
    document["tokens"]["tok-0badc0ffee00"] = {"id": "tok-0badc0ffee00", "name": "broken", "hash": 7}
    find_file(tmp_path).write_text(json.dumps(document))
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await wait_for_rows(pilot)
        told = read_screen(pilot)
        assert "1 record unreadable" in told
        assert "Problem  its hash is not a hex SHA-256" in told


# An empty store


@pytest.mark.parametrize("key", ["enter", "n"])
async def test_an_empty_store_offers_the_new_token_dialog(loki: Loki, key: str) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await wait_for_rows(pilot)
        assert "No tokens yet" in read_screen(pilot)
        await pilot.press(key)
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "NewTokenDialog")


async def test_a_store_of_revoked_tokens_offers_to_show_them(loki: Loki) -> None:
    fill(loki, 2)
    loki.tokens.revoke("svc-00", "svc-01")
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        assert "2 revoked tokens" in read_screen(pilot)
        await pilot.press("a")
        await wait_until(pilot, lambda: screen.list.total == 2)
        await pilot.pause()
        assert "revoked" in read_screen(pilot)


# Filter, sort, marks


async def test_the_filter_matches_as_it_is_typed_counts_and_escape_clears_it(loki: Loki) -> None:
    fill(loki)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("slash", *"svc-0")
        await pilot.pause()
        assert "10 of 30 shown" in read_screen(pilot)
        await pilot.press("5")
        await pilot.pause()
        assert "1 of 30 shown" in read_screen(pilot)
        assert screen.table.cursor_key is not None
        await pilot.press("enter", "j")
        assert screen.table.has_focus
        assert "1 of 30 shown" in read_screen(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "30 shown" in read_screen(pilot)


async def test_a_filter_that_nothing_matches_says_how_to_get_out(loki: Loki) -> None:
    fill(loki, 3)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await wait_for_rows(pilot)
        await pilot.press("slash", *"zzz")
        await pilot.pause()
        assert "no token matches: Esc clears the filter" in read_screen(pilot)


async def test_letters_that_are_keys_are_only_letters_in_the_filter(loki: Loki) -> None:
    fill(loki, 3)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("slash", "q", "n", "x", "space", "1", "question_mark")
        assert screen.filter_bar.text == "qnx 1?"
        assert pilot.app.screen is screen


async def test_a_secret_typed_into_the_filter_is_dropped_before_it_is_painted(loki: Loki) -> None:
    secret = loki.tokens.generate("ci-bot", role="viewer").secret
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("slash")
        screen.query_one(FilterInput).insert_text_at_cursor(secret.reveal())
        await pilot.pause()
        assert "loki_" not in read_screen(pilot)
        assert "that was a secret" in read_notices(pilot)


async def test_marks_are_counted_kept_under_a_filter_and_undone_by_escape(loki: Loki) -> None:
    fill(loki)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("space", "space")
        await pilot.pause()
        assert "2 marked" in read_screen(pilot)
        await pilot.press("slash", *"svc-29", "enter")
        await pilot.pause()
        assert "2 marked, 2 not shown" in read_screen(pilot)
        await pilot.press("escape")
        assert screen.table.marks == frozenset()
        assert screen.list.is_filtered
        await pilot.press("escape")
        assert not screen.list.is_filtered


async def test_s_goes_through_the_orders_and_keeps_the_cursor_on_its_token(loki: Loki) -> None:
    fill(loki)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("j", "j")
        key = screen.table.cursor_key
        await pilot.press("s")
        await wait_until(pilot, lambda: "by name" in read_screen(pilot))
        await pilot.press("S")
        await wait_until(pilot, lambda: "by name, reversed" in read_screen(pilot))
        assert screen.list.key_at(0) == screen.list.find_row(screen.list.key_at(0)).token.id  # type: ignore[union-attr]
        assert screen.table.cursor_key == key
        assert screen.list.row_at(0).token.name == "svc-29"


async def test_w_walks_through_what_needs_somebody(loki: Loki, tmp_path: Path) -> None:
    loki.tokens.generate("soon-1", role="viewer", expires_days=300)
    document = json.loads(find_file(tmp_path).read_text())
    for name in ("x1", "x2"):
        document["tokens"][name] = {"name": name}
    find_file(tmp_path).write_text(json.dumps(document))
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)
        await pilot.press("G", "w")
        assert screen.table.cursor_key == "x1"
        await pilot.press("w")
        assert screen.table.cursor_key == "x2"
        await pilot.press("w")
        assert screen.table.cursor_key == "x1"


# Acting


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


async def test_what_fails_becomes_a_notice_with_the_remedy(loki: Loki, tmp_path: Path) -> None:
    fill(loki, 1)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await wait_for_rows(pilot)

        async def fail() -> None:
            loki.tokens.get("svc-99")

        screen._start("token.why", fail)
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


# Untrusted text


@pytest.mark.parametrize("name", ["[@click=app.exit]x[/]", "[bold red]x", "[/]", "a[b", "\\[x", "[link=http://e]x"])
async def test_terminal_markup_in_a_name_is_inert_everywhere(loki: Loki, name: str) -> None:
    loki.tokens.generate(name, role="viewer", note=name)
    async with build_app(loki).run_test(notifications=True, size=(160, 48)) as pilot:
        screen = await wait_for_rows(pilot)
        assert name in read_screen(pilot)
        for y in range(48):
            for x in range(0, 160, 3):
                meta = pilot.app.screen.get_style_at(x, y).meta
                assert "app.exit" not in str(meta.get("@click", ""))
        screen.app.say(f"{name} is live")
        await wait_until(pilot, lambda: f"{name} is live" in read_screen(pilot))
        pilot.app.clear_notifications()
        await pilot.press("colon", *"x")
        await pilot.pause(0.4)
        assert pilot.app.is_running
        await pilot.press("escape")


async def test_escape_sequences_in_a_foreign_record_never_reach_the_terminal(loki: Loki, tmp_path: Path) -> None:
    loki.tokens.generate("ci-bot", role="viewer")
    document = json.loads(find_file(tmp_path).read_text())
    (record,) = document["tokens"].values()
    record.update(name="a\x1b]52;c;ZXZpbA==\x07b", note="\x1b[2J", owner="\u202eevil", role="\x9b31m")
    document["tokens"]["\x1b[31mtok"] = {"name": "\x1b[0m"}
    find_file(tmp_path).write_text(json.dumps(document))
    async with build_app(loki).run_test(notifications=True, size=(160, 48)) as pilot:
        await wait_for_rows(pilot)
        told = read_screen(pilot)
        assert not any(character in told for character in "\x1b\x07\x9b\u202e")
        await pilot.press("j")
        await pilot.pause(0.3)
        assert "\x1b" not in read_screen(pilot)


# The palette, keys, the lock


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

"""Audit: filter, failures, walking, and the ways from an entry to its token and from a token to its entries."""

from __future__ import annotations

from pathlib import Path

from loki_core import AuditEvent, Loki
from loki_tui.preferences import Preferences
from tests.tui.audit_samples import list_uses, make_entry, make_failure, write_log
from tests.tui.samples import (
    NOW,
    SIZE,
    build_app,
    fill,
    get_audit,
    get_screen,
    open_audit,
    read_notices,
    read_screen,
    wait_for_entries,
    wait_for_rows,
    wait_until,
)


async def test_the_filter_matches_as_it_is_typed_counts_and_goes_into_the_command(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, [*list_uses(20), *[make_failure(timestamp=NOW)] * 3])
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        await pilot.press("slash", *"event:auth.fail")
        await wait_until(pilot, lambda: "3 of 23 shown" in read_screen(pilot))
        assert "headless: loki enterprise audit tail --event auth.fail" in read_screen(pilot)
        await pilot.press("enter", "j")
        assert screen.table.has_focus
        assert screen.table.cursor == 1
        write_log(tmp_path, [make_entry(timestamp=NOW), make_failure(timestamp=NOW)])
        await wait_until(pilot, lambda: "4 of 25 shown" in read_screen(pilot))
        await pilot.press("escape")
        await wait_until(pilot, lambda: "25 shown" in read_screen(pilot) and "of 25" not in read_screen(pilot))


async def test_f_shows_failures_alone_beside_the_rest_of_the_filter_and_again_everything(
    loki: Loki, tmp_path: Path
) -> None:
    write_log(tmp_path, [*list_uses(5), make_failure(), make_failure("token_expired", "10.0.0.1")])
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        await pilot.press("f")
        await wait_until(pilot, lambda: "2 of 7 shown" in read_screen(pilot))
        assert "/ outcome:failed" in read_screen(pilot)
        assert screen.table.has_focus
        assert "audit tail --failed" in read_screen(pilot)
        await pilot.press("slash", *" from:10.0.0.1", "enter")
        await wait_until(pilot, lambda: "1 of 7 shown" in read_screen(pilot))
        await pilot.press("f")
        await wait_until(pilot, lambda: screen.filter_bar.text == "from:10.0.0.1")
        await pilot.press("f", "escape")
        await wait_until(pilot, lambda: "7 shown" in read_screen(pilot) and "of 7" not in read_screen(pilot))


async def test_a_filter_that_nothing_matches_says_how_to_get_out(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(5))
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await open_audit(pilot)
        await pilot.press("slash", *"zzz")
        await wait_until(pilot, lambda: "no entry matches: Esc clears the filter" in read_screen(pilot))


async def test_a_secret_typed_into_the_filter_is_dropped_before_it_is_painted(loki: Loki, tmp_path: Path) -> None:
    secret = loki.tokens.generate("ci-bot", role="viewer").secret
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        await pilot.press("slash")
        screen.query_one("FilterInput").insert_text_at_cursor(secret.reveal())  # type: ignore[attr-defined]
        await pilot.pause()
        assert "loki_" not in read_screen(pilot)
        assert "that was a secret" in read_notices(pilot)


async def test_w_walks_through_what_failed(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, [make_failure(), *list_uses(5), make_failure(), *list_uses(2)])
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        for cursor in (2, 8, 2):
            await pilot.press("w")
            assert screen.table.cursor == cursor
        await pilot.press("slash", *"outcome:ok", "enter", "w")
        await wait_until(pilot, lambda: "nothing that is shown here failed" in read_notices(pilot))


async def test_t_leads_from_a_token_to_its_entries_and_escape_back_again(loki: Loki) -> None:
    fill(loki, 12)
    loki.tokens.rotate("svc-03")
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        tokens = await wait_for_rows(pilot)
        tokens.go_to(loki.tokens.get("svc-03").id)
        await pilot.press("t")
        audit = await wait_for_entries(pilot)
        assert audit.filter_bar.text == "token:svc-03"
        await wait_until(pilot, lambda: "2 of 13 shown" in read_screen(pilot))
        assert "Esc Back to Tokens" in read_screen(pilot)
        assert {row.event for row in (audit.list.row_at(0), audit.list.row_at(1))} == {
            AuditEvent.TOKEN_CREATE,
            AuditEvent.TOKEN_ROTATE,
        }
        await pilot.press("escape")
        await wait_until(pilot, lambda: pilot.app.screen is tokens)
        assert tokens.current_row is not None
        assert tokens.current_row.token.name == "svc-03"
        await pilot.press("2")
        await wait_until(pilot, lambda: pilot.app.screen is audit)
        assert not audit.list.is_filtered
        assert "Back to" not in read_screen(pilot)


async def test_a_name_that_other_names_hold_or_that_is_no_word_is_replaced_by_the_id(loki: Loki) -> None:
    for name in ("ci", "ci-bot", "two words"):
        loki.tokens.generate(name, role="viewer")
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        tokens = await wait_for_rows(pilot)
        rows = {row.token.name: row for row in map(tokens.list.row_at, range(3))}
        assert tokens.name_trail(rows["ci-bot"]) == "ci-bot"
        assert tokens.name_trail(rows["ci"]) == rows["ci"].token.id
        assert tokens.name_trail(rows["two words"]) == rows["two words"].token.id


async def test_t_leads_from_an_entry_to_its_token_and_escape_back_with_the_filter_as_it_was(loki: Loki) -> None:
    fill(loki, 30)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        audit = await open_audit(pilot)
        await pilot.press("slash", *"svc-17", "enter", "t")
        await wait_until(pilot, lambda: pilot.app.screen is get_screen(pilot))
        tokens = get_screen(pilot)
        await wait_until(pilot, lambda: tokens.current_row is not None and tokens.current_row.token.name == "svc-17")
        await wait_until(pilot, lambda: "Esc Back to Audit" in read_screen(pilot))
        await pilot.press("escape")
        await wait_until(pilot, lambda: pilot.app.screen is audit)
        assert audit.filter_bar.text == "svc-17"
        assert len(audit.list) == 1


async def test_the_way_to_a_revoked_token_shows_revoked_ones_too(loki: Loki) -> None:
    fill(loki, 5)
    loki.tokens.revoke("svc-02")
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await open_audit(pilot)
        await pilot.press("t")
        await wait_until(pilot, lambda: pilot.app.screen is get_screen(pilot))
        tokens = get_screen(pilot)
        await wait_until(pilot, lambda: tokens.current_row is not None and tokens.current_row.token.name == "svc-02")
        assert "with revoked" in read_screen(pilot)


async def test_the_way_to_a_token_that_is_gone_or_to_none_says_so(loki: Loki, tmp_path: Path) -> None:
    fill(loki, 2)
    write_log(tmp_path, [make_failure(timestamp=NOW), make_entry(timestamp=NOW, resource_id="tok-0123456789ab")])
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        audit = await open_audit(pilot)
        await pilot.press("j", "t")
        await wait_until(pilot, lambda: "this entry is about no token" in read_notices(pilot))
        assert pilot.app.screen is audit
        await pilot.press("k", "t")
        await wait_until(pilot, lambda: "tok-0123456789ab is not in the store any more" in read_notices(pilot))


async def test_number_keys_forget_where_somebody_came_from(loki: Loki) -> None:
    fill(loki, 3)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        tokens = await wait_for_rows(pilot)
        await pilot.press("t")
        await wait_for_entries(pilot)
        await pilot.press("1")
        await wait_until(pilot, lambda: pilot.app.screen is tokens)
        await pilot.press("escape", "2")
        await wait_until(pilot, lambda: pilot.app.screen is get_audit(pilot))
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert pilot.app.screen is get_audit(pilot)
        assert not get_audit(pilot).list.is_filtered


async def test_the_help_and_the_palette_know_the_screen_they_are_on(loki: Loki) -> None:
    fill(loki, 2)
    async with build_app(loki).run_test(notifications=True, size=(100, 60)) as pilot:
        await wait_for_rows(pilot)
        await pilot.press("question_mark")
        await wait_until(pilot, lambda: "Make a new token" in read_screen(pilot))
        assert "Hold new entries back" not in read_screen(pilot)
        await pilot.press("escape", "2")
        await wait_for_entries(pilot)
        await pilot.press("question_mark")
        await wait_until(pilot, lambda: "Hold new entries back" in read_screen(pilot))
        assert "Make a new token" not in read_screen(pilot)
        assert "Go to the tokens" in read_screen(pilot)
        await pilot.press("escape", "colon", *"pause")
        await wait_until(pilot, lambda: "Hold new entries back" in read_screen(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: "paused, 0 new" in read_screen(pilot))
        await pilot.press("colon", *"tokens")
        await wait_until(pilot, lambda: "Go to the tokens" in read_screen(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: pilot.app.screen is get_screen(pilot))


async def test_keys_of_the_user_s_own_work_here_too_and_are_shown(loki: Loki) -> None:
    fill(loki, 2)
    preferences = Preferences(keys={"audit.pause": "P", "place.audit": "f2"})
    async with build_app(loki, preferences=preferences).run_test(notifications=True, size=SIZE) as pilot:
        await wait_for_rows(pilot)
        assert " f2 Audit" in read_screen(pilot)
        await pilot.press("f2")
        await wait_for_entries(pilot)
        assert "P Pause" in read_screen(pilot)
        await pilot.press("p", "P")
        await wait_until(pilot, lambda: "paused, 0 new" in read_screen(pilot))
        assert "P Resume" in read_screen(pilot)


async def test_an_idle_console_locks_on_the_audit_screen_and_drops_the_marks_of_the_other(loki: Loki) -> None:
    fill(loki, 3)
    seconds = [0.0]
    app = build_app(loki, monotonic=lambda: seconds[0])
    async with app.run_test(notifications=True, size=SIZE) as pilot:
        tokens = await wait_for_rows(pilot)
        await pilot.press("space")
        assert tokens.table.marks
        audit = await open_audit(pilot)
        await pilot.press("enter")
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "EntryDialog")
        seconds[0] = 15 * 60
        await app.lock_when_idle()
        await wait_until(pilot, lambda: type(pilot.app.screen).__name__ == "LockedDialog")
        assert "auth.token.create" not in read_screen(pilot)
        assert tokens.table.marks == frozenset()
        await pilot.press("2", "1", "t")
        assert type(pilot.app.screen).__name__ == "LockedDialog"
        await pilot.press("enter")
        await wait_until(pilot, lambda: pilot.app.screen is audit)


async def test_read_only_leaves_everything_here_as_it_is(loki: Loki) -> None:
    fill(loki, 1)
    async with build_app(loki, read_only=True).run_test(notifications=True, size=SIZE) as pilot:
        await open_audit(pilot)
        told = read_screen(pilot)
        assert "READ-ONLY" in told
        assert "off:" not in told

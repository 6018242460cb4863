"""The Audit screen: what it shows of a real log, as it grows, and of one that is empty, gone or cannot be read."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

import loki_core
from loki_core import AuditEvent, Loki
from loki_tui.screens import audit as module
from tests.tui.audit_samples import find_directory, list_uses, make_entry, make_failure, write_log
from tests.tui.samples import (
    NOW,
    SIZE,
    build_app,
    get_audit,
    open_audit,
    open_store,
    read_notices,
    read_screen,
    wait_for_rows,
    wait_until,
)


async def test_the_number_keys_and_the_tabs_lead_to_it_and_back(loki: Loki) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        tokens = await wait_for_rows(pilot)
        await pilot.press("2")
        await wait_until(pilot, lambda: pilot.app.screen is not tokens)
        await pilot.press("1")
        await wait_until(pilot, lambda: pilot.app.screen is tokens)
        await pilot.click("#header", offset=(14, 1))
        await wait_until(pilot, lambda: pilot.app.screen is get_audit(pilot))
        await pilot.click("#header", offset=(3, 1))
        await wait_until(pilot, lambda: pilot.app.screen is tokens)


async def test_the_newest_entry_is_on_top_with_its_details_failures_and_the_week(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, [*list_uses(30), *[make_failure(timestamp=NOW)] * 3, make_entry(timestamp=NOW)])
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        await wait_until(pilot, lambda: screen.week.is_counted)
        await wait_until(pilot, lambda: screen.strip.row is not None and screen.strip.row.seq == 34)
        told = read_screen(pilot)
        assert "34 shown" in told
        assert "! 3 failed sign-ins in 1 h | 3 from 203.0.113.9 | 3 token_unknown" in told
        assert "Mon █31" in told
        assert "█3" in told
        assert "#34" in told
        assert "headless: loki enterprise audit tail" in told
        assert screen.current_row is not None
        assert screen.current_row.seq == 34


async def test_another_process_s_entry_comes_on_top_and_the_cursor_stays_on_its_entry_and_its_line(
    loki: Loki, tmp_path: Path
) -> None:
    write_log(tmp_path, list_uses(60))
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        await pilot.press(*"j" * 20)
        key, line = screen.table.cursor_key, screen.table.cursor - screen.table.scroll_offset.y
        assert screen.current_row is not None
        seq = screen.current_row.seq
        write_log(tmp_path, [make_failure(timestamp=NOW), make_entry(timestamp=NOW)])
        await wait_until(pilot, lambda: screen.list.total == 62)
        await pilot.pause()
        assert screen.table.cursor_key == key
        assert screen.current_row.seq == seq
        assert screen.table.cursor - screen.table.scroll_offset.y == line
        assert f"live, {screen.table.scroll_offset.y} above" in read_screen(pilot)
        assert "1 failed sign-in in 1 h" in read_screen(pilot)


async def test_who_stays_on_top_sees_what_comes_and_keeps_the_entry_as_long_as_it_is_in_sight(
    loki: Loki, tmp_path: Path
) -> None:
    write_log(tmp_path, list_uses(60))
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        assert screen.current_row is not None
        write_log(tmp_path, [make_entry(timestamp=NOW)] * 3)
        await wait_until(pilot, lambda: screen.list.total == 63)
        assert (screen.current_row.seq, screen.table.cursor) == (60, 3)
        write_log(tmp_path, [make_entry(timestamp=NOW)] * 100)
        await wait_until(pilot, lambda: screen.list.total == 163)
        assert screen.table.scroll_offset.y == 0
        assert screen.table.cursor == screen.table.scrollable_content_region.height - 1
        await pilot.pause()
        assert "live, not verified" in read_screen(pilot)


async def test_p_holds_new_entries_back_counts_them_and_lets_them_come(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(10))
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        await pilot.press("p")
        await wait_until(pilot, lambda: "paused, 0 new  p Resume" in read_screen(pilot))
        write_log(tmp_path, [make_entry(timestamp=NOW), make_failure(timestamp=NOW)])
        await wait_until(pilot, lambda: "paused, 2 new" in read_screen(pilot))
        assert "10 shown" in read_screen(pilot)
        write_log(tmp_path, [make_entry(timestamp=NOW)])
        await wait_until(pilot, lambda: "paused, 3 new" in read_screen(pilot))
        await pilot.press("p")
        await wait_until(pilot, lambda: "13 shown" in read_screen(pilot))
        assert "live" in read_screen(pilot)
        assert screen.current_row is not None
        assert screen.current_row.seq == 10


async def test_older_entries_are_read_as_somebody_comes_near_them(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(13_000))
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        await wait_until(pilot, lambda: screen.list.total == 4_500)
        assert "4,500 newest shown | more below" in read_screen(pilot)
        await pilot.press("G")
        await wait_until(pilot, lambda: screen.list.total == 9_000)
        assert screen.current_row is not None
        assert screen.current_row.seq == 13_000 - 4_499
        await pilot.press("G")
        await wait_until(pilot, lambda: screen.list.total == 13_000)
        await pilot.press("G")
        await wait_until(pilot, lambda: "13,000 shown | newest first" in read_screen(pilot))
        assert screen.current_row.seq == 1


async def test_a_filter_that_finds_little_looks_further_back_by_itself(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, [make_entry("very.old", timestamp=NOW - timedelta(days=2)), *list_uses(9_500)])
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        await wait_until(pilot, lambda: screen.list.total == 4_500)
        await pilot.press("slash", *"very.old")
        await wait_until(pilot, lambda: "1 of 9,501 shown" in read_screen(pilot))
        assert screen.current_row is not None
        assert screen.current_row.event == "very.old"


async def test_an_empty_log_says_so_and_goes_on_by_itself(loki: Loki, tmp_path: Path) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        assert "Nothing has been logged yet" in read_screen(pilot)
        with open_store(tmp_path, clock=lambda: NOW) as other:
            other.tokens.generate("ci-bot")
        await wait_until(pilot, lambda: screen.list.total > 0)
        await pilot.pause()
        assert "auth.token.create" in read_screen(pilot)
        await pilot.press("j")
        assert screen.table.has_focus


async def test_a_log_that_is_removed_is_gone_from_the_screen_and_comes_back_with_it(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(40))
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        await pilot.press(*"jjjjj")
        assert screen.current_row is not None
        seq = screen.current_row.seq
        moved = find_directory(tmp_path).rename(tmp_path / "away")
        await wait_until(pilot, lambda: "Nothing has been logged yet" in read_screen(pilot))
        moved.rename(find_directory(tmp_path))
        await wait_until(pilot, lambda: screen.list.total == 40)
        assert screen.current_row.seq == seq
        await wait_until(pilot, lambda: "Nothing has been" not in read_screen(pilot))


async def test_a_log_that_cannot_be_read_says_why_and_comes_back_by_itself(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(4))
    directory = find_directory(tmp_path)
    moved = directory.rename(tmp_path / "elsewhere")
    directory.symlink_to(moved)
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        told = read_screen(pilot)
        assert "! The audit log cannot be read" in told
        assert "what to do" in told
        assert "loki enterprise doctor" in told
        directory.unlink()
        moved.rename(directory)
        await wait_until(pilot, lambda: screen.list.total == 4)
        await pilot.pause()
        assert "cannot be read" not in read_screen(pilot)


@pytest.mark.parametrize("count", [0, 4])
async def test_a_log_that_was_switched_off_is_told_in_words_on_both_screens(tmp_path: Path, count: int) -> None:
    write_log(tmp_path, list_uses(count))
    environ = {"HOME": str(tmp_path), "LOKI_AUDIT_DISABLED": "true"}
    with loki_core.open(environ=environ, directory=tmp_path, clock=lambda: NOW) as loki:
        async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
            await wait_for_rows(pilot)
            await wait_until(pilot, lambda: "AUDIT OFF" in read_screen(pilot))
            screen = await open_audit(pilot)
            await wait_until(pilot, lambda: "! THE LOG IS OFF: nothing is written down" in read_screen(pilot))
            told = read_screen(pilot)
            assert "AUDIT OFF" in told
            assert screen.list.total == count
            assert ("enterprise.audit.enabled: true" in told) is (count == 0)


async def test_who_does_not_hold_audit_is_told_so_and_asks_the_log_once(loki: Loki, tmp_path: Path) -> None:
    secret = loki.tokens.generate("deployer", role="operator").secret
    limited = loki.acting_as(loki.authenticate(secret.reveal()))
    async with build_app(limited).run_test(notifications=True, size=SIZE) as pilot:
        await open_audit(pilot)
        told = read_screen(pilot)
        assert "! Not allowed" in told
        assert "does not hold audit" in told
        assert "auth.token.create" not in told
        await pilot.pause(1.5)
        loki.flush()
    refused = [line.entry for line in loki.audit.entries() if line.entry.event == AuditEvent.PERMISSION_DENIED]
    assert [entry.details["needed"] for entry in refused].count("audit") == 1


async def test_the_first_key_is_told_once_with_the_keys_that_show_it(loki: Loki) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await wait_for_rows(pilot)
        await wait_until(pilot, lambda: "audit unsealed" in read_screen(pilot))
        loki.tokens.generate("ci-bot")
        await wait_until(pilot, lambda: "first key was made just now" in read_notices(pilot))
        assert "(2, then h)" in read_notices(pilot)
        await wait_until(pilot, lambda: "audit sealed #" in read_screen(pilot))
        pilot.app.clear_notifications()
        loki.tokens.generate("ci-bot-2")
        await pilot.pause(2.5)
        assert "first key" not in read_notices(pilot)


async def test_failures_grow_old_and_a_new_day_begins_while_somebody_looks(tmp_path: Path) -> None:
    moment = [NOW]
    write_log(tmp_path, [make_failure(timestamp=NOW)])
    with open_store(tmp_path, clock=lambda: moment[0]) as loki:
        async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
            screen = await open_audit(pilot)
            assert "1 failed sign-in" in read_screen(pilot)
            assert "14:02:11" in read_screen(pilot)
            moment[0] = NOW + timedelta(days=1)
            screen._ticks = module.DAY_EVERY - 1
            screen.tick()
            await wait_until(pilot, lambda: "no failed sign-ins" in read_screen(pilot))
            await wait_until(pilot, lambda: "Tue  0" in read_screen(pilot))
            assert "23 Nov 14:02" in read_screen(pilot)


async def test_the_log_directory_taken_away_for_good_is_no_error(loki: Loki, tmp_path: Path) -> None:
    write_log(tmp_path, list_uses(4))
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_audit(pilot)
        shutil.rmtree(find_directory(tmp_path).parent)
        await wait_until(pilot, lambda: screen.list.total == 0)
        await pilot.press("v", "enter", "t", "w", "f", "p", "j")
        await pilot.pause(0.3)
        assert pilot.app.is_running

"""The Tokens screen: filter, order and marks."""

from __future__ import annotations

import json
from pathlib import Path

from loki_core import Loki
from loki_tui.widgets.filter_input import FilterInput
from tests.tui.samples import (
    SIZE,
    build_app,
    fill,
    find_file,
    read_notices,
    read_screen,
    wait_for_rows,
    wait_until,
)


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

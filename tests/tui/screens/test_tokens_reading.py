"""The Tokens screen: what it shows of a real store, and of one that is empty or cannot be used."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from loki_core import Loki
from tests.tui.samples import (
    NOW,
    SIZE,
    build_app,
    fill,
    find_file,
    get_screen,
    open_store,
    read_screen,
    wait_for_rows,
    wait_until,
)


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

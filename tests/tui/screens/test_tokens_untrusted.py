"""The Tokens screen: text that others wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loki_core import Loki
from tests.tui.samples import (
    build_app,
    find_file,
    read_screen,
    wait_for_rows,
    wait_until,
)


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

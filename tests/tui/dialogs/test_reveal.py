"""The reveal: a new secret on the screen, masked, shown, alone on its line, copied."""

from __future__ import annotations

import pytest
from textual.binding import Binding

from loki_core import Draft, Loki
from loki_tui.dialogs.bare_line import BareLine
from loki_tui.dialogs.reveal import RevealDialog
from loki_tui.dialogs.secret_line import SecretLine
from tests.tui.dialogs.stage import HOSTILE, STRAY, Clock, on_stage, until_ready


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (160, 48)])
async def test_the_secret_is_masked_until_it_is_asked_for(
    loki: Loki, draft: Draft, raw: str, size: tuple[int, int]
) -> None:
    async with on_stage(RevealDialog(loki, draft), size=size) as stage:
        await until_ready(stage)
        assert "NOT LIVE until you confirm" in stage.text
        assert "ci-bot | viewer (read) | until 2027-02-21 (90 d)" in stage.flat
        assert raw not in stage.text
        assert "loki_" + "*" * 49 in stage.text
        await stage.press("s")
        await stage.until(lambda: raw in stage.text)
        await stage.press("s")
        await stage.until(lambda: raw not in stage.text)
        assert stage.dialog.query_one("#body").max_scroll_y == 0


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_the_bare_line_is_the_secret_alone_with_the_mouse_left_to_the_terminal(
    loki: Loki, draft: Draft, raw: str, size: tuple[int, int]
) -> None:
    async with on_stage(RevealDialog(loki, draft), size=size) as stage:
        await until_ready(stage)
        await stage.press("b")
        await stage.until(lambda: raw in stage.text)
        assert [line.rstrip() for line in stage.lines if "loki_" in line] == [raw]
        assert stage.app.mouse_suspended
        assert "Proof" not in stage.text
        await stage.press("s")  # any key goes back, and does nothing else
        await stage.until(lambda: "Proof" in stage.text)
        assert raw not in stage.text
        assert not stage.app.mouse_suspended


@pytest.mark.parametrize("key", ["escape", "enter", "k", "q", "ctrl+c", "tab", "space"])
async def test_no_key_in_the_bare_line_does_anything_but_go_back(loki: Loki, draft: Draft, key: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await until_ready(stage)
        await stage.press("b")
        await stage.until(lambda: stage.dialog.query_one(BareLine).is_shown)
        await stage.press(key)
        await stage.until(lambda: not stage.dialog.query_one(BareLine).is_shown)
        assert not stage.is_left
        assert "k: skip, I have it" in stage.flat


async def test_a_recorded_screen_warns_before_anything_is_shown(
    loki: Loki, draft: Draft, raw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASCIINEMA_REC", "1")
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.until_shown("! asciinema records this terminal: use f, not s or b")
        for key in ("s", "b"):
            await stage.press(key)
            if key == "s":
                await stage.until_shown("press s again to show the secret all the same")
                assert raw not in stage.text
        await stage.until(lambda: raw in stage.text)


async def test_a_rotation_says_that_the_old_secret_works_on_and_until_when(loki: Loki, clock: Clock) -> None:
    old = loki.tokens.generate("ci-bot")
    draft = loki.tokens.prepare_rotation("ci-bot", grace_hours=24)
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.until_shown("The old secret then works for 24 h more, until 2026-11-24 20:01Z if now.")
        clock.move(hours=2)
        await stage.press("k", "enter")
        await stage.until(lambda: stage.results)
    ends = loki.tokens.get(old.token.id).expires_at
    assert f"{ends:%Y-%m-%d %H:%M}" == "2026-11-24 22:01", "the grace begins when it is confirmed"


async def test_a_rotation_without_grace_says_that_the_old_secret_stops(loki: Loki) -> None:
    loki.tokens.generate("ci-bot")
    draft = loki.tokens.prepare_rotation("ci-bot", grace_hours=0)
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.until_shown("The old secret stops working at that moment.")


@pytest.mark.parametrize("name", [HOSTILE, STRAY])
async def test_markup_in_a_name_is_inert(loki: Loki, name: str) -> None:
    async with on_stage(RevealDialog(loki, loki.tokens.prepare(name))) as stage:
        await stage.until_shown(name)
        for y, line in enumerate(stage.lines):
            if name in line:
                await stage.pilot.click(offset=(line.index(name) + len(name) // 2, y))
        assert not stage.app.quit_was_run


async def test_copying_says_what_was_done_and_never_that_it_arrived(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("c")
        await stage.until_shown("sent to your terminal; it cannot tell us whether it arrived")
        assert "copied" not in stage.text


async def test_a_copy_that_probably_does_not_arrive_is_called_doubtful_beforehand(
    loki: Loki, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "tmux-256color")
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.7 1 10.0.0.1 22")
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.until_shown("c Copy (doubtful)")
        assert len([line for line in stage.lines if "Show" in line and "File, 0600" in line]) == 1


def test_the_keys_are_as_drawn() -> None:
    keys = {binding.key for binding in RevealDialog.BINDINGS if isinstance(binding, Binding)}
    assert {"s", "c", "b", "f", "t", "k", "enter"} <= keys


def test_a_line_without_a_secret_shows_its_mask() -> None:
    line = SecretLine(lambda: None)
    line.set_reactive(SecretLine.shown, True)
    assert str(line.render()) == "loki_" + "*" * 49

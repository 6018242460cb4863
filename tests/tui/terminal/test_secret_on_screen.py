"""While a secret is on the screen, what would show, copy or abandon it is off."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.fixtures import StartPty
from tests.tui.terminal.tiny_app import TinyApp, build_secret

TINY_APP = [sys.executable, str(Path(__file__).with_name("tiny_app.py"))]


async def test_screenshots_and_their_command_are_off(isolated_home: Path, tmp_path: Path) -> None:
    """Threat: secret in screenshots."""
    app = TinyApp()
    async with app.run_test() as pilot:
        assert "Screenshot" in [command.title for command in app.get_system_commands(app.screen)]
        await pilot.press("s")
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Screenshot" not in titles
        assert "Quit" not in titles
        assert app.deliver_screenshot(path=str(tmp_path)) is None
        assert app.save_screenshot(path=str(tmp_path)) == ""
        await pilot.press("h")
        assert app.save_screenshot(path=str(tmp_path), filename="shot.svg")
    assert [path.name for path in tmp_path.glob("*.svg")] == ["shot.svg"]


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c", "ctrl+p", "q"])
async def test_leaving_the_palette_and_ctrl_c_are_off(isolated_home: Path, key: str) -> None:
    app = TinyApp()
    async with app.run_test() as pilot:
        await pilot.press("s", key)
        await pilot.pause()
        assert app.is_running
        assert len(app.screen_stack) == 1
        assert not app._notifications
        await app.action_quit()
        assert app.is_running


async def test_the_toolkits_own_copying_takes_nothing(isolated_home: Path) -> None:
    app = TinyApp()
    async with app.run_test() as pilot:
        await pilot.press("s")
        app.copy_to_clipboard(build_secret())
        assert app.clipboard == ""
        await pilot.press("c")
        assert app.clipboard == ""


def test_the_mouse_goes_off_and_on_within_one_alternate_screen(start_pty: StartPty) -> None:
    terminal = start_pty(TINY_APP)
    terminal.wait_for("ready")
    assert {1000, 1003, 1006} <= terminal.screen.modes
    terminal.send("m")
    terminal.wait_for("mouse off")
    terminal.wait_for_mode(1000, on=False)
    assert not {1000, 1002, 1003, 1006, 1015, 1016} & terminal.screen.modes
    assert 1049 in terminal.screen.modes
    terminal.send("M")
    terminal.wait_for("mouse on")
    terminal.wait_for_mode(1000)
    terminal.send("q")
    assert terminal.wait() == 5
    assert terminal.screen.entries == 1


def test_without_a_mouse_none_is_asked_for_even_after_the_bare_line(start_pty: StartPty) -> None:
    terminal = start_pty([*TINY_APP, "--no-mouse"])
    terminal.wait_for("ready")
    terminal.send("m")
    terminal.wait_for("mouse off")
    terminal.send("M")
    terminal.wait_for("mouse on")
    terminal.send("q")
    assert terminal.wait() == 5
    for mode in (b"1000", b"1002", b"1003"):
        assert b"\x1b[?" + mode + b"h" not in terminal.raw


def test_a_resize_clears_nothing_and_stays_in_the_alternate_screen(start_pty: StartPty) -> None:
    terminal = start_pty(TINY_APP)
    terminal.wait_for("ready")
    terminal.resize(100, 30)
    terminal.wait_for("ready")
    assert (terminal.screen.entries, terminal.screen.clears) == (1, 0)

"""The bare line: a secret that the terminal itself can select, with nothing around it and nothing left behind."""

from __future__ import annotations

import re

from tests.tui.journeys.conftest import StartConsole, StartInTmux
from tests.tui.journeys.console import DEADLINE, Console, ask_for_token, make_live, prove, show_secret, wait_until_gone
from tests.tui.journeys.installation import SECRET

MOUSE = {1000, 1002, 1003, 1006, 1015, 1016}
ALONE = re.compile(f"^{SECRET.pattern}$", re.MULTILINE)
MOUSE_OFF = (b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?1006l")
MOUSE_ON = (b"\x1b[?1000h", b"\x1b[?1003h", b"\x1b[?1006h")


def test_the_bare_line_is_whole_at_80_and_60_columns_and_the_mouse_is_the_terminal_s(
    start_console: StartConsole,
) -> None:
    console = start_console()
    terminal = console.terminal
    console.wait_for("No tokens yet")
    ask_for_token(console, "ci-bot")
    secret = show_secret(console)
    assert terminal.screen.modes & MOUSE
    for columns in (80, 60):
        if columns != terminal.screen.columns:
            terminal.resize(columns, 24)
            console.wait_for("Save this secret")
        before = len(terminal.raw)
        console.press("b")
        wait_until_gone(console, "Save this secret")
        terminal.wait_until(
            lambda: _find_lines(secret[5:15], console) == [secret] and not terminal.screen.modes & MOUSE,
            "the secret alone on its line, and once, without the mouse",
            deadline=DEADLINE,
        )
        assert all(code in terminal.raw[before:] for code in MOUSE_OFF)

        before = len(terminal.raw)
        console.press("x")  # any key goes back, and does nothing else
        console.wait_for("Save this secret")
        terminal.wait_until(lambda: bool(terminal.screen.modes & MOUSE), "the mouse again", deadline=DEADLINE)
        assert all(code in terminal.raw[before:] for code in MOUSE_ON)
    assert ALONE.search(console.look()) is None
    assert 1049 in terminal.screen.modes
    assert (terminal.screen.entries, terminal.screen.clears) == (1, 0)


def _find_lines(part: str, console: Console) -> list[str]:
    return [line for line in console.look().split("\n") if part in line]


def test_a_bare_line_leaves_nothing_in_the_scrollback_of_tmux(start_in_tmux: StartInTmux) -> None:
    """Threat: secret in scrollback."""
    console = start_in_tmux()
    console.wait_for("No tokens yet")
    ask_for_token(console, "ci-bot")
    secret = show_secret(console)
    console.press("b")
    console.wait_for(ALONE)
    assert "loki-tui" not in console.look()
    console.press("Enter")  # goes back, and confirms nothing
    console.wait_for("NOT LIVE until you confirm")
    prove(console, secret)
    make_live(console, "ci-bot")
    wait_until_gone(console, SECRET)
    assert console.leave() == 0
    assert secret not in console.tmux.capture_history()

"""Options, sizes, the idle lock, and terminals of other kinds."""

from __future__ import annotations

import re

import pytest

from tests.tui.journeys.conftest import StartConsole
from tests.tui.journeys.console import DEADLINE, PtyConsole, ask_for_token, at_cursor, show_secret, wait_until_gone
from tests.tui.journeys.installation import SECRET, Installation

COLOUR = re.compile(rb"\x1b\[[0-9;]*?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;[25];[0-9;]+)m")
TRUE_COLOUR = re.compile(rb"\x1b\[[0-9;]*[34]8;2;")
PALETTE = re.compile(rb"\x1b\[[0-9;]*[34]8;5;")


def _resize(console: PtyConsole, columns: int, lines: int, *, until: str) -> str:
    """Give the terminal another size, and return the screen once all of it is painted, with that text on it."""
    terminal = console.terminal

    def is_painted() -> bool:
        rows = terminal.screen.text.split("\n")
        first, last = rows[0], rows[lines - 1]
        return (
            columns - 2 <= len(first) <= columns
            and (" holds *" in first or first.endswith("╮"))
            and ("q Quit" in last or last.endswith("╯"))
            and "─╯" in terminal.screen.text
            and until in terminal.screen.text
        )

    terminal.resize(columns, lines)
    terminal.wait_until(is_painted, f"a screen of {columns} by {lines}", deadline=DEADLINE)
    return terminal.text


def test_the_demonstration_is_alive_and_touches_nothing_of_the_user_s(
    start_console: StartConsole, installation: Installation
) -> None:
    console = start_console("--demo")
    seen = console.wait_for(re.compile("DEMO.*made-up tokens"))
    console.wait_for(re.compile("^>", re.MULTILINE))
    console.press("j", "j")
    console.press("y")
    console.wait_for("─ Why: ")
    console.press("Escape")
    wait_until_gone(console, "─ Why: ")
    ask_for_token(console, "try-it")
    show_secret(console)
    console.press("k", "Enter")
    console.wait_for("try-it is live")
    assert console.leave() == 0
    assert "/.loki" not in seen
    assert not (installation.home / ".loki").exists()


def test_read_only_shows_everything_and_changes_nothing(
    start_console: StartConsole, installation: Installation
) -> None:
    installation.fill("ci-bot", "ci-deploy")
    before = installation.read_files()
    console = start_console("--read-only")
    console.wait_for(re.compile("READ-ONLY"))
    console.wait_for(at_cursor("ci-bot"))
    console.press(*"nrxde")
    console.wait_for("not allowed here")
    console.press("Enter")  # a question that was open would take it, and there would be no history
    console.wait_for("History of ci-bot")
    console.press("Escape")
    wait_until_gone(console, "History of")
    assert console.leave() == 0
    assert installation.read_files() == before


def test_dialogs_live_through_any_size_without_clearing_the_screen(
    start_console: StartConsole, installation: Installation
) -> None:
    installation.fill(*(f"svc-{number:02}" for number in range(40)))
    console = start_console()
    terminal = console.terminal
    console.wait_for(at_cursor("svc-00"))
    dialogs = {
        "n": ("New token", "Esc Cancel"),
        "x": ("Revoke svc-00?", "Esc Keep it"),
        "Enter": ("History of svc-00", "Esc Close"),
        "?": ("Keys", "Esc Close"),
    }
    for key, (title, last_line) in dialogs.items():
        console.press(key)
        console.wait_for(title)
        for columns, lines in ((60, 20), (160, 48)):
            assert title in _resize(console, columns, lines, until=last_line)
        console.press("Escape")
        wait_until_gone(console, re.compile(f"─ {re.escape(title)}"))
    ask_for_token(console, "ci-new")
    secret = show_secret(console)
    for columns, lines in ((60, 20), (160, 48), (60, 20)):
        assert re.search(rf"│ +{secret} +", _resize(console, columns, lines, until="Esc Discard"))
    console.press("Escape")
    wait_until_gone(console, "Save this secret")
    console.wait_for(at_cursor("svc-00"))
    assert console.leave() == 0
    assert terminal.raw.count(b"\x1b[?1049h") == 1
    assert terminal.raw.count(b"\x1b[?1049l") == 1
    assert b"\x1b[2J" not in terminal.raw


def test_a_terminal_without_colours_gets_none(start_console: StartConsole, installation: Installation) -> None:
    installation.fill("ci-bot")
    console = start_console(env={"NO_COLOR": "1", "COLORTERM": "truecolor"})
    console.wait_for(at_cursor("ci-bot"))
    console.press("x")
    console.wait_for("Revoke ci-bot?")
    console.press("Escape")
    wait_until_gone(console, "Revoke ci-bot?")
    assert console.leave() == 0
    assert COLOUR.findall(console.terminal.raw) == []


@pytest.mark.parametrize("term", ["screen", "xterm-16color", "linux"])
def test_a_terminal_with_few_colours_gets_no_more_than_it_has(
    start_console: StartConsole, installation: Installation, term: str
) -> None:
    installation.fill("ci-bot")
    console = start_console(env={"TERM": term})
    console.wait_for(at_cursor("ci-bot"))
    console.press("n")
    console.wait_for("New token")
    console.press("Escape")
    wait_until_gone(console, "─ New token")
    assert console.leave() == 0
    assert TRUE_COLOUR.search(console.terminal.raw) is None
    assert PALETTE.search(console.terminal.raw) is None


@pytest.mark.nightly
def test_a_console_left_alone_locks_and_drops_the_reveal(
    start_console: StartConsole, installation: Installation
) -> None:
    """It takes a minute, the shortest time that can be set."""
    preferences = installation.home / ".config" / "loki-tui" / "config.yaml"
    preferences.parent.mkdir(parents=True)
    preferences.write_text("idle_lock_minutes: 1\n")
    installation.fill("ci-bot")
    console = start_console()
    console.wait_for(at_cursor("ci-bot"))
    console.press("Space")
    console.wait_for("1 marked")
    ask_for_token(console, "ci-new")
    show_secret(console)
    console.terminal.wait_for("Locked", deadline=DEADLINE + 120)
    wait_until_gone(console, SECRET)
    assert "Save this secret" not in console.look()
    console.press("x")
    console.wait_for("Are you back?")
    console.press("Enter")
    wait_until_gone(console, "Are you back?")
    console.wait_for(at_cursor("ci-bot"))
    assert "1 marked" not in console.look()
    assert installation.list_names() == ["ci-bot"]
    assert console.leave() == 0

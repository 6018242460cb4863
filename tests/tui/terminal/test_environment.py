"""Which terminals are taken, and with which colours."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from loki_tui.terminal.environment import (
    UnusableTerminalError,
    check_terminal,
    choose_theme,
    count_colors,
    drop_developer_switches,
)
from tests.support.fixtures import StartPty

TINY_APP = [sys.executable, str(Path(__file__).with_name("tiny_app.py"))]
_SGR = re.compile(rb"\x1b\[([0-9;:]*)m")


def check(environ: dict[str, str], *, platform: str = "linux", stdin: bool = True, stdout: bool = True) -> str | None:
    try:
        check_terminal(environ, platform=platform, stdin_is_terminal=stdin, stdout_is_terminal=stdout)
    except UnusableTerminalError as error:
        return str(error)
    return None


@pytest.mark.parametrize("term", ["xterm-256color", "linux", "screen", "tmux-256color", "foot", "vt220"])
def test_a_terminal_is_taken(term: str) -> None:
    assert check({"TERM": term}) is None
    assert check({"TERM": term}, platform="darwin") is None


def test_what_cannot_show_the_console_is_told_in_one_line_with_the_way_without() -> None:
    for said, words in [
        (check({"TERM": "dumb"}), "TERM=dumb"),
        (check({"TERM": "unknown"}), "TERM=unknown"),
        (check({}), "TERM is not set"),
        (check({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "rainbow"}), "TEXTUAL_COLOR_SYSTEM"),
        (check({"TERM": "xterm"}, stdin=False), "standard input is not a terminal"),
        (check({"TERM": "xterm"}, stdout=False), "standard output is not a terminal"),
        (check({"TERM": "xterm"}, platform="win32"), "Linux and macOS only"),
    ]:
        assert said is not None
        assert words in said
        assert "loki enterprise token list" in said
        assert "\n" not in said


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({"TERM": "xterm"}, 16),
        ({"TERM": "screen"}, 16),
        ({"TERM": "linux"}, 16),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "xterm-kitty"}, 256),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 1 << 24),
        ({"TERM": "xterm", "COLORTERM": "24bit", "NO_COLOR": ""}, 0),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, 16),
    ],
)
def test_colours_are_counted(environ: dict[str, str], count: int) -> None:
    assert count_colors(environ) == count


@pytest.mark.parametrize(
    ("environ", "asked", "preferred", "theme"),
    [
        ({"TERM": "xterm-256color"}, None, None, None),
        ({"TERM": "xterm-256color"}, None, "nord", "nord"),
        ({"TERM": "xterm-256color"}, "gruvbox", "nord", "gruvbox"),
        ({"TERM": "xterm"}, None, "nord", "ansi-dark"),
        ({"TERM": "xterm"}, None, "ansi-light", "ansi-light"),
        ({"TERM": "xterm"}, "nord", None, "nord"),
        ({"TERM": "xterm", "COLORFGBG": "0;15"}, None, None, "ansi-light"),
        ({"TERM": "xterm", "COLORFGBG": "15;default;0"}, None, None, "ansi-dark"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, None, "nord", "ansi-dark"),
    ],
)
def test_few_colours_mean_the_terminals_own_palette(
    environ: dict[str, str], asked: str | None, preferred: str | None, theme: str | None
) -> None:
    assert choose_theme(environ, asked=asked, preferred=preferred) == theme


def test_developer_switches_that_write_screens_and_keys_elsewhere_are_dropped() -> None:
    """Threat: secrets in screenshots and logs."""
    environ = {"TEXTUAL": "devtools", "TEXTUAL_LOG": "/tmp/log", "TEXTUAL_SCREENSHOT": "1", "TEXTUAL_FPS": "30"}
    drop_developer_switches(environ)
    assert environ == {"TEXTUAL_FPS": "30"}


def find_colors(raw: bytes) -> set[bytes]:
    """The parameters of SGR sequences that set a colour: 30-38, 40-48, 90-107 (39 and 49 are the default)."""
    colors = set()
    for parameters in _SGR.findall(raw):
        if re.search(rb"(^|;)(3[0-8]|4[0-8]|9[0-7]|10[0-7])(;|$)", parameters):
            colors.add(parameters)
    return colors


@pytest.mark.parametrize("term", ["xterm", "xterm-256color"])
@pytest.mark.parametrize("colorterm", [None, "truecolor"])
def test_no_color_means_no_colour_and_no_greys(start_pty: StartPty, term: str, colorterm: str | None) -> None:
    terminal = start_pty(TINY_APP, env={"NO_COLOR": "1", "TERM": term, "COLORTERM": colorterm})
    terminal.wait_for("ready")
    terminal.wait_for("a coloured button")
    terminal.send("q")
    assert terminal.wait() == 5
    assert find_colors(terminal.raw) == set()


def test_a_16_colour_terminal_gets_only_its_own_colours(start_pty: StartPty) -> None:
    terminal = start_pty(TINY_APP, env={"TERM": "xterm"})
    terminal.wait_for("a coloured button")
    terminal.send("q")
    assert terminal.wait() == 5
    colors = find_colors(terminal.raw)
    assert colors
    assert not [color for color in colors if re.search(rb"(^|;)[34]8;", color)]

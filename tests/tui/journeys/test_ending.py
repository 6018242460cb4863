"""However the real console ends, the terminal is as it was, the status is true, and the secret is gone."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.support.fixtures import StartPty, StartTmux
from tests.support.pty_process import PtyProcess
from tests.tui.journeys.conftest import StartConsole
from tests.tui.journeys.console import DEADLINE, PtyConsole, TmuxConsole, ask_for_token, at_cursor, show_secret
from tests.tui.journeys.installation import Installation

FAILING_CONSOLE = [sys.executable, str(Path(__file__).with_name("failing_console.py"))]
SHELL_MODES = {7, 25}
"""Lines wrap and the cursor shows; no alternate screen, mouse, paste, focus or size reports."""


def _assert_restored(terminal: PtyProcess) -> None:
    assert terminal.screen.modes == SHELL_MODES
    assert terminal.attributes == terminal.attributes_before
    assert terminal.screen.entries == 1
    assert terminal.raw.count(b"\x1b[?1049h") == 1


def _list_reports(installation: Installation) -> dict[str, bytes]:
    return {path: content for path, content in installation.read_files().items() if "crash-" in path}


@pytest.mark.parametrize(
    ("number", "status"), [(None, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["q", "SIGTERM", "SIGHUP"]
)
def test_the_table_ends_with_the_terminal_as_it_was(
    start_console: StartConsole, installation: Installation, number: signal.Signals | None, status: int
) -> None:
    installation.fill("ci-bot")
    console = start_console()
    console.wait_for(at_cursor("ci-bot"))
    assert {1049, 1000, 1003, 2004} <= console.terminal.screen.modes
    if number is None:
        console.press("q")
    else:
        console.terminal.signal(number)
    assert console.terminal.wait(deadline=DEADLINE) == status
    _assert_restored(console.terminal)
    assert console.look().strip() == ""
    assert console.terminal.screen.clears == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_in_the_reveal_erases_the_secret_and_makes_no_token(
    start_console: StartConsole, installation: Installation, number: signal.Signals, status: int
) -> None:
    """Threat: secret in scrollback."""
    console = start_console()
    console.wait_for("No tokens yet")
    ask_for_token(console, "ci-bot")
    secret = show_secret(console)
    console.terminal.signal(number)
    assert console.terminal.wait(deadline=DEADLINE) == status
    _assert_restored(console.terminal)
    raw = console.terminal.raw
    assert raw.index(b"\x1b[2J") < raw.index(b"\x1b[?1049l")
    assert secret.encode() not in raw[raw.index(b"\x1b[2J") :]
    assert console.look().strip() == ""
    assert installation.list_names() == []
    assert _list_reports(installation) == {}


def test_a_crash_at_the_table_is_a_report_and_a_status_that_is_not_0(
    start_pty: StartPty, installation: Installation
) -> None:
    installation.fill("ci-bot")
    console = PtyConsole(start_pty(FAILING_CONSOLE))
    console.wait_for(at_cursor("ci-bot"))
    console.press("w")
    assert console.terminal.wait(deadline=DEADLINE) == 1
    _assert_restored(console.terminal)
    told = console.look().replace("\n", "")
    assert told.startswith("loki-tui stopped on an unexpected error (KeyError).")
    ((path, report),) = _list_reports(installation).items()
    assert path in told
    assert b"KeyError" in report
    assert Path(path).stat().st_mode & 0o777 == 0o600


def test_a_crash_in_the_reveal_shows_the_secret_nowhere(start_tmux: StartTmux, installation: Installation) -> None:
    """Threat: secret in tracebacks and scrollback."""
    console = TmuxConsole(start_tmux(FAILING_CONSOLE))
    console.wait_for("No tokens yet")
    ask_for_token(console, "ci-bot")
    secret = show_secret(console)
    console.press("q")
    assert console.tmux.wait_for_exit(deadline=DEADLINE) == 1
    assert "loki-tui stopped on an unexpected error (RuntimeError)" in console.tmux.capture_history()
    assert console.tmux.display("#{alternate_on}") == "0"
    left = installation.read_files()
    (report,) = _list_reports(installation).values()
    assert b"RuntimeError: cannot keep" in report
    places = {"scrollback": console.tmux.capture_history().encode(), **left}
    assert [place for place, text in places.items() if secret[5:-6].encode() in text] == []
    assert installation.list_names() == []

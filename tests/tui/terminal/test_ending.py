"""However the console ends, the terminal is as it was and the exit status tells the truth."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fixtures import StartPty, StartTmux
from tests.support.pty_process import PtyProcess
from tests.support.sshd import Sshd
from tests.tui.terminal.tiny_app import build_secret

TINY_APP = [sys.executable, str(Path(__file__).with_name("tiny_app.py"))]
SHELL_MODES = {7, 25}
"""Lines wrap and the cursor shows; no alternate screen, mouse, paste, focus or size reports."""


def assert_restored(terminal: PtyProcess) -> None:
    assert terminal.screen.modes == SHELL_MODES
    assert terminal.attributes == terminal.attributes_before
    assert terminal.screen.entries == 1
    assert b"\x1b[>" in terminal.raw
    assert b"\x1b[<u" in terminal.raw


def test_quitting_restores_the_terminal_and_keeps_the_status(start_pty: StartPty) -> None:
    terminal = start_pty(TINY_APP)
    terminal.wait_for("ready")
    assert {1049, 1000, 1003, 2004} <= terminal.screen.modes
    terminal.send("q")
    assert terminal.wait() == 5
    assert_restored(terminal)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGQUIT, 131)],
)
def test_a_signal_restores_the_terminal(start_pty: StartPty, number: signal.Signals, status: int) -> None:
    terminal = start_pty(TINY_APP)
    terminal.wait_for("ready")
    terminal.signal(number)
    assert terminal.wait() == status
    assert_restored(terminal)
    assert terminal.text.strip() == ""
    assert terminal.screen.clears == 0


@pytest.mark.parametrize("hanging", [False, True])
def test_a_signal_erases_a_secret_before_the_alternate_screen_is_left(start_pty: StartPty, hanging: bool) -> None:
    """Threat: secret in scrollback."""
    terminal = start_pty(TINY_APP)
    terminal.wait_for("ready")
    terminal.send("s")
    terminal.wait_for(build_secret())
    if hanging:
        terminal.send("b")
        terminal.wait_for("blocked")
    terminal.signal(signal.SIGTERM)
    assert terminal.wait() == 143
    assert_restored(terminal)
    assert terminal.screen.clears == 1
    assert terminal.raw.index(b"\x1b[2J") < terminal.raw.index(b"\x1b[?1049l")


def test_a_second_signal_ends_a_hanging_console_at_once(start_pty: StartPty) -> None:
    terminal = start_pty([*TINY_APP, "--patient"])
    terminal.wait_for("ready")
    terminal.send("b")
    terminal.wait_for("blocked")
    terminal.signal(signal.SIGINT)
    terminal.signal(signal.SIGTERM)
    assert terminal.wait() in {130, 143}
    assert_restored(terminal)


def test_a_terminal_that_is_gone_ends_the_console(start_pty: StartPty) -> None:
    terminal = start_pty(TINY_APP)
    terminal.wait_for("ready")
    terminal.hang_up()
    assert terminal.wait() == 129


def test_a_terminal_that_is_gone_ends_the_console_where_hangups_are_ignored(
    start_pty: StartPty, tmp_path: Path
) -> None:
    """As under nohup: Textual alone would read end-of-file in a loop for ever."""
    status = tmp_path / "status"
    script = f'trap "" HUP; "$@"; echo $? > {status}'
    terminal = start_pty(["sh", "-c", script, "sh", *TINY_APP])
    terminal.wait_for("ready")
    terminal.hang_up()
    terminal.wait()
    assert status.read_text() == "129\n"


@pytest.mark.parametrize("side", ["server", "client"])
def test_a_dropped_ssh_connection_ends_the_console(
    start_sshd: Callable[[], Sshd], child_environ: dict[str, str], tmp_path: Path, side: str
) -> None:
    sshd = start_sshd()
    status = tmp_path / "status"
    script = f'trap "" HUP; "$@"; echo $? > {status}.new; mv {status}.new {status}'
    session = sshd.connect(["sh", "-c", script, "sh", *TINY_APP], env=child_environ)
    session.wait_for("ready")
    if side == "server":
        sshd.cut()
    else:
        session.signal(signal.SIGKILL)
    session.wait()
    waiting = PtyProcess(["sh", "-c", f"until test -e {status}; do sleep 0.05; done; cat {status}"], env=child_environ)
    assert waiting.wait() == 0
    assert waiting.text.strip() == "129"


@pytest.mark.parametrize("key", ["e", "w", "t", "a", "o"], ids=["handler", "worker", "thread", "task", "compose"])
def test_a_crash_restores_the_terminal_and_tells_no_secret(start_pty: StartPty, tmp_path: Path, key: str) -> None:
    terminal = start_pty(TINY_APP)
    terminal.wait_for("ready")
    terminal.send(key)
    assert terminal.wait() == 1
    assert_restored(terminal)
    said = terminal.text.replace("\n", "")
    assert "loki-tui stopped on an unexpected error (RuntimeError)" in said
    (report,) = (tmp_path / "home").glob("**/crash-*.txt")
    assert str(report) in said
    text = report.read_text()
    assert "in fail" in text
    assert "RuntimeError: cannot store loki_*** anywhere" in text
    assert build_secret()[5:] not in text
    assert build_secret()[5:].encode() not in terminal.raw
    assert report.stat().st_mode & 0o7777 == 0o600
    assert report.parent.stat().st_mode & 0o7777 == 0o700


def test_a_crash_without_a_place_for_the_report_says_so(start_pty: StartPty, tmp_path: Path) -> None:
    (tmp_path / "home" / ".local").write_text("a file in the way")
    terminal = start_pty(TINY_APP)
    terminal.wait_for("ready")
    terminal.send("e")
    assert terminal.wait() == 1
    assert "No report could be written: Not a directory." in terminal.text.replace("\n", "")


def test_the_screen_goes_to_the_terminal_when_stderr_is_a_file(start_pty: StartPty, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    terminal = start_pty(["sh", "-c", f'exec "$@" 2>{errors}', "sh", *TINY_APP])
    terminal.wait_for("ready")
    terminal.send("e")
    assert terminal.wait() == 1
    assert terminal.screen.modes == SHELL_MODES
    assert errors.read_text().startswith("loki-tui stopped on an unexpected error")


def test_characters_that_the_encoding_does_not_have_stop_nothing(start_pty: StartPty) -> None:
    terminal = start_pty(TINY_APP, env={"PYTHONIOENCODING": "ascii:strict"})
    terminal.wait_for("ready")
    terminal.send("q")
    assert terminal.wait() == 5


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(start_pty: StartPty) -> None:
    shell = start_pty(["bash", "--norc", "--noprofile", "-i"], env={"PS1": "shell> "})
    shell.wait_for("shell>")
    shell.send(" ".join(TINY_APP) + "\n")
    shell.wait_for("ready")
    shell.send("s")
    shell.wait_for(build_secret())
    shell.send("\x1a")
    shell.wait_for("Stopped")
    assert 1049 not in shell.screen.modes
    assert 1000 not in shell.screen.modes
    assert build_secret() not in shell.text
    shell.send("fg\n")
    shell.wait_for_mode(1049)
    shell.wait_for(build_secret())
    shell.send("hq")
    # What is typed while Textual still ends is dropped, so a person, too, types after the prompt.
    shell.wait_until(lambda: shell.screen.text.rstrip().endswith("\nshell>"), "a prompt")
    shell.send("echo status $?\n")
    shell.wait_for("status 5")


def test_in_tmux_the_main_screen_is_back_after_a_signal_and_holds_no_secret(start_tmux: StartTmux) -> None:
    tmux = start_tmux(TINY_APP)
    tmux.wait_for("ready")
    assert tmux.display("#{alternate_on} #{mouse_any_flag}") == "1 1"
    tmux.send_keys("s")
    tmux.wait_for(build_secret())
    tmux.run("run-shell", f"kill -TERM {tmux.pane_pid}")
    assert tmux.wait_for_exit() == 143
    assert tmux.display("#{alternate_on} #{mouse_any_flag} #{wrap_flag}") == "0 0 1"
    assert build_secret() not in tmux.capture_history()

"""Recordings that can be known of are told before a secret is shown."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from loki_tui.terminal.recording import judge_recordings, list_ancestors
from tests.support.fixtures import StartPty, StartTmux
from tests.support.programs import require_program

TINY_APP = [sys.executable, str(Path(__file__).with_name("tiny_app.py"))]


@pytest.mark.parametrize(
    ("environ", "ancestors", "pane", "told"),
    [
        ({}, ("bash", "sshd"), None, ()),
        ({}, (), "0 1\n", ()),
        ({}, (), "1 1\n", ("tmux pipe-pane records this pane",)),
        ({}, (), "0 3\n", ("3 terminals show this tmux session",)),
        ({}, (), "", ("tmux does not say whether it records this pane",)),
        ({"SCRIPT": "typescript"}, (), None, ("script records this terminal",)),
        ({"ASCIINEMA_REC": "1"}, ("asciinema",), None, ("asciinema records this terminal",)),
        ({}, ("sh", "script", "bash"), None, ("script records this terminal",)),
        (
            {"TLOG_REC_SESSION_ID": "4"},
            ("ttyrec",),
            None,
            ("tlog records this terminal", "ttyrec records this terminal"),
        ),
    ],
)
def test_each_sign_of_a_recording_is_told_once(
    environ: dict[str, str], ancestors: tuple[str, ...], pane: str | None, told: tuple[str, ...]
) -> None:
    assert judge_recordings(environ, ancestors, pane) == told


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_the_ancestors_of_this_process_are_known_by_name() -> None:
    assert list_ancestors()


def test_a_pane_that_tmux_pipes_to_a_file_is_told(start_tmux: StartTmux, tmp_path: Path) -> None:
    """Threat: secret in pane logs."""
    tmux = start_tmux(TINY_APP)
    tmux.wait_for("ready")
    tmux.send_keys("r")
    tmux.wait_for("nothing records")
    tmux.run("pipe-pane", "-t", "main", f"cat > {tmp_path / 'pane.log'}")
    tmux.send_keys("r")
    tmux.wait_for("tmux pipe-pane records this pane")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_console_under_script_is_told(start_pty: StartPty, tmp_path: Path) -> None:
    script = require_program("script", "bsdutils")
    terminal = start_pty([script, "-q", "-c", shlex.join(TINY_APP), str(tmp_path / "typescript")])
    terminal.wait_for("ready")
    terminal.send("r")
    terminal.wait_for("script records this terminal")

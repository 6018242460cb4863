"""Copying: on the right way, with nothing left behind, and never said to have arrived."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest

from loki_tui.terminal.clipboard import (
    MAX_BYTES,
    MAX_SCREEN_BYTES,
    SENT,
    Clipboard,
    CopyRoute,
    build_osc52,
    plan_copy,
)
from tests.support.fixtures import StartPty, StartTmux
from tests.tui.terminal.tiny_app import build_secret

TINY_APP = [sys.executable, str(Path(__file__).with_name("tiny_app.py"))]
ENCODED = base64.b64encode(build_secret().encode())
OSC52 = b"\x1b]52;c;" + ENCODED + b"\x07"


@pytest.mark.parametrize(
    ("environ", "route", "doubtful"),
    [
        ({"TERM": "xterm-256color"}, CopyRoute.TERMINAL, False),
        ({"TERM": "xterm-256color", "SSH_CONNECTION": "10.0.0.7 1 10.0.0.8 22"}, CopyRoute.TERMINAL, False),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, CopyRoute.TMUX, False),
        ({"TERM": "screen", "TMUX": "/tmp/t,1,0", "STY": "1.pts"}, CopyRoute.TMUX, False),
        ({"TERM": "screen.xterm-256color", "STY": "1234.pts-0.host"}, CopyRoute.SCREEN, False),
        ({"TERM": "tmux-256color", "SSH_CONNECTION": "x"}, CopyRoute.TERMINAL, True),
        ({"TERM": "screen-256color"}, CopyRoute.TERMINAL, True),
        ({"TERM": "linux"}, CopyRoute.NONE, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, CopyRoute.NONE, True),
    ],
)
def test_the_way_depends_on_what_is_between_us_and_the_person(
    environ: dict[str, str], route: CopyRoute, doubtful: bool
) -> None:
    plan = plan_copy(environ, 54)
    assert (plan.route, bool(plan.doubt)) == (route, doubtful)


@pytest.mark.parametrize(("environ", "limit"), [({}, MAX_BYTES), ({"STY": "1.pts"}, MAX_SCREEN_BYTES)])
def test_what_is_too_long_for_a_clipboard_is_not_sent(environ: dict[str, str], limit: int) -> None:
    written: list[str] = []
    clipboard = Clipboard(written.append, environ=environ)
    assert clipboard.copy("x" * limit).sent
    sent = len(written)
    result = clipboard.copy("x" * (limit + 1))
    assert (result.sent, result.message.split(":")[0]) == (False, "not sent")
    assert len(written) == sent


def test_nothing_ever_says_copied() -> None:
    for environ in ({}, {"STY": "1"}, {"TERM": "tmux"}, {"TERM": "linux"}, {"TMUX": "/nowhere,1,0", "PATH": ""}):
        message = Clipboard(lambda _: None, environ=environ).copy("x").message
        assert "copied" not in message.lower()
        assert "\n" not in message


def test_outside_tmux_the_terminal_gets_one_bare_osc_52(start_pty: StartPty) -> None:
    terminal = start_pty(TINY_APP)
    terminal.wait_for("ready")
    terminal.send("c")
    terminal.wait_for(SENT)
    assert terminal.raw.count(OSC52) == 1
    assert terminal.raw.count(ENCODED) == 1


def test_inside_screen_the_sequence_is_wrapped(start_pty: StartPty) -> None:
    terminal = start_pty(TINY_APP, env={"STY": "4711.pts-0.jump01", "TERM": "screen"})
    terminal.wait_for("ready")
    terminal.send("c")
    terminal.wait_for(SENT)
    assert terminal.raw.count(b"\x1bP" + OSC52 + b"\x1b\\") == 1
    assert terminal.raw.count(ENCODED) == 1


def test_in_ssh_from_inside_tmux_it_says_that_it_will_probably_not_arrive(start_pty: StartPty) -> None:
    terminal = start_pty(TINY_APP, env={"TERM": "tmux-256color", "SSH_CONNECTION": "10.0.0.7 1 10.0.0.8 22"})
    terminal.wait_for("ready")
    terminal.send("c")
    terminal.wait_for("sent, but it will probably not arrive")


def test_inside_tmux_the_outer_terminal_gets_it_and_no_buffer_keeps_it(start_tmux: StartTmux) -> None:
    """Threat: secret in tmux buffers."""
    tmux = start_tmux(TINY_APP)
    tmux.wait_for("ready")
    tmux.run("set-buffer", "-b", "mine", "what was there before")
    tmux.run("set-buffer", "an automatic one")
    before = tmux.list_buffers()
    outer = tmux.attach()
    outer.wait_for("ready")
    tmux.send_keys("c")
    tmux.wait_for(SENT)
    outer.wait_for_bytes(build_osc52(build_secret()).encode().replace(b"52;c;", b"52;;"))
    assert tmux.list_buffers() == before
    assert len(before) == 2
    assert build_secret() not in tmux.capture_history()


def test_inside_a_tmux_that_is_gone_it_says_that_nothing_was_sent(tmp_path: Path) -> None:
    written: list[str] = []
    environ = {"TMUX": f"{tmp_path}/none,1,0", "PATH": "/usr/bin:/bin"}
    result = Clipboard(written.append, environ=environ).copy(build_secret())
    assert (result.sent, result.route, written) == (False, CopyRoute.TMUX, [])
    assert build_secret() not in result.message


def test_tmux_gets_the_secret_on_stdin_and_none_of_our_variables(tmp_path: Path) -> None:
    """Threat: secret in the process list and in a child's environment."""
    log = tmp_path / "log"
    tmux = tmp_path / "tmux"
    tmux.write_text(f'#!/bin/sh\n{{ echo "args $*"; env; echo "stdin $(cat)"; }} > {log}\n')
    tmux.chmod(0o700)
    environ = {"TMUX": "/tmp/t,1,0", "PATH": f"{tmp_path}:/usr/bin:/bin", "LOKI_TOKEN": build_secret()}
    assert Clipboard(lambda _: None, environ=environ).copy(build_secret()).message == SENT
    seen = log.read_text()
    assert f"stdin {build_secret()}" in seen
    assert seen.count(build_secret()) == 1
    assert "LOKI_TOKEN" not in seen
    assert "; delete-buffer -b loki-" in seen


def test_a_buffer_that_tmux_kept_after_a_failure_is_deleted_by_its_name(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tmux = tmp_path / "tmux"
    tmux.write_text(f'#!/bin/sh\necho "$*" >> {log}\ncase "$1" in load-buffer) exit 1;; esac\n')
    tmux.chmod(0o700)
    clipboard = Clipboard(lambda _: None, environ={"TMUX": "/tmp/t,1,0", "PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert not clipboard.copy(build_secret()).sent
    load, delete = log.read_text().splitlines()
    name = load.split()[2]
    assert delete == f"delete-buffer -b {name}"
    clipboard.forget()
    assert log.read_text().splitlines() == [load, delete]

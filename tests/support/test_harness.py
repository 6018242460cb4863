"""The harness itself: what it says of a program is so."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fixtures import StartPty, StartTmux
from tests.support.fresh_process import run_python
from tests.support.programs import require_module, require_program
from tests.support.screen import Screen
from tests.support.sshd import Sshd
from tests.support.strace import Strace


def test_a_missing_program_skips_and_fails_when_all_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOKI_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="install no-such-package"):
        require_program("no-such-program", "no-such-package")
    monkeypatch.setenv("LOKI_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="install no-such-package"):
        require_program("no-such-program", "no-such-package")


def test_a_missing_module_does_too(monkeypatch: pytest.MonkeyPatch) -> None:
    require_module("pytest")
    monkeypatch.delenv("LOKI_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="pip install no_such_module"):
        require_module("no_such_module")
    monkeypatch.setenv("LOKI_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="pip install no_such_module"):
        require_module("no_such_module")


def test_the_screen_follows_addressing_erasing_and_the_alternate_screen_in_any_cut() -> None:
    before = b"$ run\r\n\x1b[?1049h\x1b[2J\x1b[2;3Hab\x1b[31m"
    after = b"\x1b[0mc\x1b]52;c;AAAA\x07\x1b[1;1Hxyz\x1b[2D\x1b[K"
    stream = before + "\u4e2d".encode() + after
    screen = Screen(10, 3)
    for byte in stream:
        screen.feed(bytes([byte]))
    assert screen.text == "x\n  ab\u4e2dc\n"
    assert (screen.entries, screen.clears, 1049 in screen.modes) == (1, 1, True)
    screen.feed(b"\x1b[?1049l")
    assert screen.text == "$ run\n\n"


def test_a_program_on_a_pty_is_read_fed_and_its_status_seen(start_pty: StartPty) -> None:
    program = start_pty(["sh", "-c", 'echo "size $(stty size)"; read line; echo "got $line"; exit 7'], columns=60)
    program.wait_for("size 24 60")
    program.send("hello\n")
    program.wait_for("got hello")
    assert program.wait() == 7
    assert program.attributes == program.attributes_before


def test_a_dropped_terminal_hangs_up_the_program(start_pty: StartPty, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    program = start_pty(["sh", "-c", f"trap 'echo hup > {mark}; exit 0' HUP; echo ready; while :; do sleep 0.05; done"])
    program.wait_for("ready")
    program.hang_up()
    program.wait()
    assert mark.read_text() == "hup\n"


def test_a_program_in_tmux_is_read_fed_and_its_status_seen(start_tmux: StartTmux) -> None:
    tmux = start_tmux(["sh", "-c", 'echo ready; read line; echo "got $line"; exit 9'])
    tmux.wait_for("ready")
    tmux.paste("two words")
    tmux.send_keys("Enter")
    tmux.wait_for("got two words")
    assert tmux.wait_for_exit() == 9
    assert tmux.list_buffers() == {}


def test_a_session_through_ssh_runs_in_a_terminal_and_can_be_cut(
    start_sshd: Callable[[], Sshd], child_environ: dict[str, str], tmp_path: Path
) -> None:
    sshd = start_sshd()
    mark = tmp_path / "mark"
    script = f"trap 'echo hup > {mark}; exit 0' HUP; echo \"home $HOME $TERM\"; while :; do sleep 0.05; done"
    session = sshd.connect(["sh", "-c", script], env=child_environ, columns=200)
    session.wait_for(f"home {child_environ['HOME']} xterm-256color")
    sshd.cut()
    assert session.wait() == 255
    wait = "import pathlib,sys,time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.02)"
    assert run_python(wait, str(mark), env=child_environ).returncode == 0


def test_a_killed_ssh_client_ends_the_session(start_sshd: Callable[[], Sshd], child_environ: dict[str, str]) -> None:
    sshd = start_sshd()
    session = sshd.connect(["sh", "-c", "echo ready; exec cat"], env=child_environ)
    session.wait_for("ready")
    session.signal(signal.SIGKILL)
    assert session.wait() == -signal.SIGKILL


def test_every_call_of_a_write_can_be_made_to_fail(
    strace: Strace, child_environ: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    code = (
        "import os,sys\nos.chdir('/')\nd = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY)\n"
        "f = os.open('new', os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=d)\nos.write(f, b'x')\nos.fsync(f)\n"
        "os.rename('new', 'done', src_dir_fd=d, dst_dir_fd=d)\nos.fsync(d)\n"
    )
    argv = [sys.executable, "-S", "-c", code, str(data)]
    calls = strace.list_writes(argv, data, env=child_environ)
    assert [call.name.removesuffix("at") for call in calls] == [
        "open",
        "open",
        "write",
        "fsync",
        "rename",
        "fsync",
    ]
    for call in calls:
        (data / "done").unlink(missing_ok=True)
        done = strace.run(argv, env=child_environ, fault=call, error="EIO")
        assert done.status == 1, call
        assert "Input/output error" in done.stderr
        assert [str(data) in line for line in done.injected] == [True], call

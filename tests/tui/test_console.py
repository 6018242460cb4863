"""The console as a process on a terminal of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.bench.console import write_store
from tests.support.fixtures import StartPty
from tests.tui.samples import open_store

CONSOLE = [sys.executable, "-m", "loki_tui"]


def test_a_cursor_move_writes_less_than_one_and_a_half_kilobytes(start_pty: StartPty, tmp_path: Path) -> None:
    write_store(tmp_path / "home", 500)
    terminal = start_pty(CONSOLE, env={"HOME": str(tmp_path / "home"), "COLORTERM": "truecolor"})
    terminal.wait_for("500 shown")
    terminal.wait_for("Allows")
    time.sleep(0.5)
    sizes = []
    for _ in range(7):
        before = len(terminal.raw)
        terminal.send("j")
        time.sleep(0.5)  # the details follow
        sizes.append(len(terminal.raw) - before)
    assert all(0 < size <= 1_500 for size in sizes), sizes


def test_an_idle_console_writes_nothing(start_pty: StartPty, tmp_path: Path) -> None:
    write_store(tmp_path / "home", 20)
    terminal = start_pty(CONSOLE, env={"HOME": str(tmp_path / "home")})
    terminal.wait_for("Allows")
    time.sleep(1)
    before = len(terminal.raw)
    time.sleep(3)
    assert len(terminal.raw) == before


def test_another_process_s_revocation_is_seen_and_the_cursor_stays(start_pty: StartPty, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    with open_store(home) as loki:
        for number in range(15):
            loki.tokens.generate(f"svc-{number:02}", role="viewer", expires_days=30 + number)
        terminal = start_pty(CONSOLE, env={"HOME": str(home)})
        terminal.wait_for("15 shown")
        terminal.send("jjj")
        terminal.wait_for(">  svc-03")
        loki.tokens.revoke("svc-00")
        terminal.wait_for("14 shown")
        terminal.wait_for(">  svc-03")


def test_the_demonstration_opens_and_leaves_nothing_behind(start_pty: StartPty, tmp_path: Path) -> None:
    terminal = start_pty([*CONSOLE, "--demo"], env={"TMPDIR": str(tmp_path)})
    terminal.wait_for("DEMO")
    terminal.wait_for("ci-deploy")
    assert list(tmp_path.glob("loki-demo-*"))
    terminal.send("q")
    assert terminal.wait() == 0
    assert not list(tmp_path.glob("loki-demo-*"))


def test_keys_that_arrive_at_once_go_where_each_was_meant(start_pty: StartPty, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    with open_store(home) as loki:
        for number in range(15):
            loki.tokens.generate(f"svc-{number:02}", role="viewer", expires_days=30 + number)
    terminal = start_pty(CONSOLE, env={"HOME": str(home)})
    terminal.wait_for("15 shown")
    terminal.send("/svc-1\rjy")
    terminal.wait_for("Why: svc-11")
    terminal.send("\x1b")
    terminal.wait_for(">  svc-11")
    terminal.send("2/svc-07\rt")
    terminal.wait_for("Esc Back to Audit")
    terminal.wait_for(">  svc-07")

"""`loki-tui` before the console is loaded: options, checks, and errors in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.fixtures import StartPty
from tests.support.fresh_process import run_process, run_python

LOKI_TUI = [sys.executable, "-m", "loki_tui"]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_neither_textual_nor_rich(child_environ: dict[str, str], option: str) -> None:
    code = """
        import atexit, sys
        heavy = ("textual", "rich", "yaml", "httpx", "asyncio")
        atexit.register(lambda: print([name for name in heavy if name in sys.modules], file=sys.stderr))
        from loki_tui.main import run
        run()
    """
    done = run_python(code, option, env=child_environ)
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert "loki-tui" in done.stdout


def test_help_names_every_option(child_environ: dict[str, str]) -> None:
    done = run_process([*LOKI_TUI, "--help"], env=child_environ)
    for option in ("--version", "--demo", "--read-only", "--no-mouse", "--theme"):
        assert option in done.stdout


@pytest.mark.parametrize("argument", ["--colour", "extra", "--them"])
def test_a_wrong_option_is_one_line_and_status_2(child_environ: dict[str, str], argument: str) -> None:
    done = run_process([*LOKI_TUI, argument], env=child_environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "loki-tui --help" in done.stderr


def test_without_a_terminal_it_names_the_command_that_needs_none(child_environ: dict[str, str]) -> None:
    done = run_process(LOKI_TUI, env=child_environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "loki enterprise token list" in done.stderr


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"TERM": "dumb"}, "TERM=dumb"),
        ({"TERM": None}, "TERM is not set"),
        ({"TEXTUAL_COLOR_SYSTEM": "rainbow"}, "TEXTUAL_COLOR_SYSTEM"),
    ],
)
def test_a_terminal_that_cannot_show_it_is_told_so_before_anything_is_drawn(
    start_pty: StartPty, env: dict[str, str | None], said: str
) -> None:
    terminal = start_pty(LOKI_TUI, env=env, columns=300)
    assert terminal.wait() == 2
    assert terminal.text.startswith("loki-tui: ")
    assert said in terminal.text
    assert len(terminal.text.strip().splitlines()) == 1
    assert b"\x1b" not in terminal.raw


def test_a_wrong_preference_is_one_line_with_file_and_line_and_status_2(start_pty: StartPty, tmp_path: Path) -> None:
    config = tmp_path / "home" / ".config" / "loki-tui" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("mouse: true\ntheem: nord\n")
    terminal = start_pty(LOKI_TUI, columns=300)
    assert terminal.wait() == 2
    assert f"loki-tui: {config}:2: unknown key 'theem': did you mean theme?" in terminal.text
    assert b"\x1b[?1049h" not in terminal.raw


def test_a_wrong_setting_of_the_core_is_one_line_and_status_2(start_pty: StartPty, tmp_path: Path) -> None:
    config = tmp_path / "home" / ".loki" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("enterprise:\n  tokens:\n    default_expiration_days: soon\n")
    terminal = start_pty(LOKI_TUI, columns=300)
    assert terminal.wait() == 2
    assert "config.yaml:3" in terminal.text
    assert len(terminal.text.strip().splitlines()) == 1
    assert b"\x1b[?1049h" not in terminal.raw


def test_an_unknown_theme_is_told_with_the_nearest(start_pty: StartPty) -> None:
    terminal = start_pty([*LOKI_TUI, "--theme", "nrod"], columns=300)
    assert terminal.wait() == 2
    assert "no theme is called 'nrod': did you mean nord?" in terminal.text
    assert b"\x1b[?1049h" not in terminal.raw


@pytest.mark.skipif(sys.platform != "linux", reason="Linux says it in /proc")
def test_the_running_console_is_hardened(start_pty: StartPty) -> None:
    """Threat: secrets in core dumps."""
    terminal = start_pty(LOKI_TUI)
    terminal.wait_for_mode(1049)
    limits = Path(f"/proc/{terminal.pid}/limits").read_text()
    (core,) = [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")]
    assert core == ["0", "0"]

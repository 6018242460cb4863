"""How a command starts: what it loads, and its help."""

from __future__ import annotations

import subprocess
import sys

import pytest

from loki_core.cli.commands import _GROUPS, _TABLE
from tests.core.cli.program import DEADLINE, Program
from tests.support.fixtures import StartPty

HEAVY = (
    "textual",
    "rich",
    "httpcore",
    "httpx",
    "jwt",
    "asyncio",
    "cryptography",
    "yaml",
    "platformdirs",
    "difflib",
    "ssl",
    "shutil",
)


def _list_modules(loki: Program, *words: str) -> set[str]:
    """Return the modules that a command loads, in a fresh process whose output is a pipe."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: sys.stderr.write(' '.join(sys.modules)))\n"
        "sys.argv = ['loki', *sys.argv[1:]]\n"
        "from loki_core.cli.main import run\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=loki.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    return set(done.stderr.split())


def test_token_list_in_a_pipe_loads_nothing_heavy(loki: Program) -> None:
    loki.do("token generate ci-bot")
    loaded = _list_modules(loki, "enterprise", "token", "list")
    assert "loki_core.token_manager" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert not any(name.startswith("loki_tui") for name in loaded)


def test_help_and_a_mistake_load_no_store(loki: Program) -> None:
    for words in (["enterprise", "--help"], ["enterprise", "token", "generate", "--help"], ["--version"]):
        loaded = _list_modules(loki, *words)
        assert loaded.isdisjoint({*HEAVY, "loki_core.services", "loki_core.tokens.file_store"}), words


@pytest.mark.parametrize("words", list(_TABLE))
def test_every_command_has_help_and_json(loki: Program, words: str) -> None:
    answer = loki.run(*words.split(), "--help")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith(f"usage: loki {words} ")
    assert "--json" in answer.out


@pytest.mark.parametrize("words", list(_GROUPS))
def test_every_group_has_help_that_fits_the_screen(loki: Program, words: str) -> None:
    out = loki.run(*words.split(), "--help").out
    assert out.startswith(f"usage: loki {words}".rstrip() + " COMMAND")
    assert max(map(len, out.splitlines())) <= 80
    assert loki.run(*words.split(), "-h").out == out


def test_help_of_a_command_fits_80_columns_in_a_terminal(loki: Program, start_pty: StartPty) -> None:
    terminal = start_pty([*loki.argv, "enterprise", "token", "generate", "--help"])
    assert terminal.wait() == 0
    assert "--secret-file PATH" in terminal.text


def test_a_name_that_begins_with_a_dash_is_given_after_two(loki: Program) -> None:
    assert "\nName: -x\n" in loki.do("token generate -- -x").out
    assert "--json" in loki.do("token generate -- --json").out

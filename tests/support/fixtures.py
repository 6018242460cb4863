"""The fixtures of the harness; `tests/conftest.py` registers them.

`isolated_home` an empty home for this process · `child_environ` the environment of programs a test starts
`start_pty`, `start_tmux`, `start_sshd` real terminals, ended after the test · `strace` fault injection
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.environment import build_environ
from tests.support.pty_process import PtyProcess
from tests.support.sshd import Sshd
from tests.support.strace import Strace
from tests.support.tmux import Tmux


class StartPty(Protocol):
    """Starts a program on a pseudo-terminal; `env` adds to the isolated environment, a None value removes."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str | None] | None = None,
        columns: int = 80,
        lines: int = 24,
    ) -> PtyProcess: ...


class StartTmux(Protocol):
    """Starts a program in a private tmux; `env` adds to the isolated environment, a None value removes."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str | None] | None = None,
        columns: int = 80,
        lines: int = 24,
    ) -> Tmux: ...


def _merge(environ: Mapping[str, str], extra: Mapping[str, str | None] | None) -> dict[str, str]:
    merged: dict[str, str | None] = {**environ, **(extra or {})}
    return {name: value for name, value in merged.items() if value is not None}


@pytest.fixture(scope="session", autouse=True)
def _isolated_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees or touches the home, the settings, the terminal or the place of whoever runs the tests."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        # What nohup or a shell's background ignores, every program that a test starts would ignore too.
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        _isolate(patch, home)
        patch.chdir(home)  # a file that a console under test is told to write, by whatever name, lands there
        yield


def _isolate(patch: pytest.MonkeyPatch, home: Path) -> None:
    dropped = (
        "LOKI_",
        "XDG_",
        "TEXTUAL",
        "SSH_",
        "TMUX",
        "STY",
        "NO_COLOR",
        "COLORTERM",
        "COLORFGBG",
        "SUDO_",
    )
    for name in list(os.environ):
        if name.startswith(dropped) and name != "LOKI_REQUIRE_ALL":
            patch.delenv(name)
    for name, value in {"HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"}.items():
        patch.setenv(name, value)


@pytest.fixture
def isolated_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory of this test's own; no variable of ours, XDG's or a terminal's is set."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    _isolate(monkeypatch, home)
    return home


@pytest.fixture
def child_environ(tmp_path: Path) -> dict[str, str]:
    """The environment for programs that the test starts; its HOME is `tmp_path / "home"`."""
    return build_environ(tmp_path / "home")


@pytest.fixture
def start_pty(child_environ: dict[str, str]) -> Iterator[StartPty]:
    """Start programs on pseudo-terminals; they are ended after the test."""
    with ExitStack() as stack:

        def start(
            argv: Sequence[str],
            *,
            env: Mapping[str, str | None] | None = None,
            columns: int = 80,
            lines: int = 24,
        ) -> PtyProcess:
            process = PtyProcess(argv, env=_merge(child_environ, env), columns=columns, lines=lines)
            return stack.enter_context(closing(process))

        yield start


@pytest.fixture
def start_tmux(child_environ: dict[str, str]) -> Iterator[StartTmux]:
    """Start programs in private tmux servers; they are ended after the test."""
    with ExitStack() as stack:

        def start(
            argv: Sequence[str],
            *,
            env: Mapping[str, str | None] | None = None,
            columns: int = 80,
            lines: int = 24,
        ) -> Tmux:
            tmux = Tmux(argv, env=_merge(child_environ, env), columns=columns, lines=lines)
            return stack.enter_context(closing(tmux))

        yield start


@pytest.fixture
def start_sshd(tmp_path: Path) -> Iterator[Callable[[], Sshd]]:
    """Start a private ssh server; it and its sessions are ended after the test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Sshd(tmp_path / "sshd")))


@pytest.fixture
def strace(tmp_path: Path) -> Strace:
    """Run commands with faults at their system calls."""
    return Strace(tmp_path / "strace")

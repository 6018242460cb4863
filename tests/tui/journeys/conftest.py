"""What the journeys start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.fixtures import StartPty, StartTmux
from tests.tui.journeys.console import PtyConsole, TmuxConsole
from tests.tui.journeys.installation import CONSOLE, Installation

StartConsole = Callable[..., PtyConsole]
StartInTmux = Callable[..., TmuxConsole]


@pytest.fixture
def installation(tmp_path: Path, child_environ: dict[str, str]) -> Installation:
    """An empty home."""
    return Installation(tmp_path / "home", child_environ)


@pytest.fixture
def start_console(start_pty: StartPty) -> StartConsole:
    """Start `loki-tui OPTIONS` on a pseudo-terminal."""

    def start(
        *options: str, env: Mapping[str, str | None] | None = None, columns: int = 80, lines: int = 24
    ) -> PtyConsole:
        return PtyConsole(start_pty([*CONSOLE, *options], env=env, columns=columns, lines=lines))

    return start


@pytest.fixture
def start_in_tmux(start_tmux: StartTmux) -> StartInTmux:
    """Start `loki-tui OPTIONS` in a private tmux."""

    def start(
        *options: str, env: Mapping[str, str | None] | None = None, columns: int = 80, lines: int = 24
    ) -> TmuxConsole:
        return TmuxConsole(start_tmux([*CONSOLE, *options], env=env, columns=columns, lines=lines))

    return start

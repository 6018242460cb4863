"""Keys, pastes, clicks and sizes at random: whatever somebody does, the console lives, and no secret gets out."""

from __future__ import annotations

import os
import random
import re
import time

import pytest

from tests.tui.journeys.conftest import StartConsole
from tests.tui.journeys.console import DEADLINE, PtyConsole
from tests.tui.journeys.installation import Installation

KEYS = (
    *"nrxdeyawsSTjkgG?:/ kbcfst12345,.#[@2pvh",
    *("\r", "\t", "\x1b", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[Z", "\x7f", "\x15", "\x10", "\x06", "\x02"),
    *("\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F", "\x1b[3~", "\x1b[200~[/x]\n\x1b[201~", "ci-", "yes", "6"),
)
SIZES = ((80, 24), (60, 20), (160, 48), (20, 5), (1, 1), (300, 10))


def _act(console: PtyConsole, chance: random.Random) -> None:
    terminal = console.terminal
    match chance.randrange(40):
        case 0:
            terminal.resize(*chance.choice(SIZES))
        case 1:
            console.click(chance.randrange(1, 81), chance.randrange(1, 25))
        case 2:
            terminal.send(f"\x1b[<{chance.choice([64, 65])};{chance.randrange(1, 81)};{chance.randrange(1, 25)}M")
        case _:
            terminal.send(chance.choice(KEYS))


@pytest.mark.parametrize(
    ("seed", "seconds"), [(1, 6.0), *(pytest.param(seed, 60.0, marks=pytest.mark.nightly) for seed in range(2, 10))]
)
def test_whatever_is_typed_the_console_lives_or_is_left_in_peace(
    start_console: StartConsole, installation: Installation, seed: int, seconds: float
) -> None:
    chance = random.Random(seed)
    installation.fill(*(f"svc-{number:02}" for number in range(30)), days=5)
    installation.run_loki("token", "rotate", "svc-03")
    installation.run_loki("token", "revoke", "svc-04")
    console = _start(start_console)
    limit = time.monotonic() + seconds
    with installation.open() as others:
        while time.monotonic() < limit:
            _act(console, chance)
            time.sleep(chance.choice([0, 0, 0.005, 0.02, 0.15]))
            if chance.randrange(30) == 0:
                others.tokens.generate(f"other-{os.urandom(4).hex()}", role="viewer")
            if not console.terminal.running:  # by a click on Quit, or through the palette
                _assert_left_in_peace(console, installation)
                console = _start(start_console)
    console.terminal.resize(80, 24)
    for _ in range(6):
        console.press("Escape")
        time.sleep(0.3)  # Esc and a key that follows at once would be another key
    console.wait_for("q Quit")
    console.press("q")
    _assert_left_in_peace(console, installation)


def _start(start_console: StartConsole) -> PtyConsole:
    console = start_console()
    console.wait_for(re.compile(r"^>", re.MULTILINE))
    return console


def _assert_left_in_peace(console: PtyConsole, installation: Installation) -> None:
    status = console.terminal.wait(deadline=DEADLINE)
    reports = [content.decode() for path, content in installation.read_files().items() if "crash-" in path]
    assert (status, reports) == (0, []), console.look()
    assert console.terminal.screen.entries == 1
    assert console.terminal.screen.modes == {7, 25}

"""A store that cannot be used: a screen that says so and what to do, and goes on by itself once it is mended."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.environment import build_environ
from tests.support.fixtures import StartPty
from tests.tui.journeys.conftest import StartConsole
from tests.tui.journeys.console import PtyConsole, at_cursor, wait_until_gone
from tests.tui.journeys.installation import Installation

SOMEBODY = 54_321
SOMEBODY_ELSE = 54_322

Breakage = Callable[[Path], None]


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _make_a_list(file: Path) -> None:
    file.write_text(json.dumps([]))


def _make_a_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _make_a_link(file: Path) -> None:
    file.rename(file.with_name("elsewhere.json"))
    file.symlink_to("elsewhere.json")


def _open_to_all(file: Path) -> None:
    file.chmod(0o666)


def _restore(file: Path, content: bytes) -> None:
    if file.is_dir() and not file.is_symlink():
        file.rmdir()
    aside = file.with_name("mended")
    aside.write_bytes(content)
    aside.chmod(0o600)
    aside.rename(file)


def test_a_store_that_breaks_says_what_to_do_and_comes_back_when_it_is_mended(
    start_console: StartConsole, installation: Installation
) -> None:
    installation.fill("ci-bot", "ci-deploy", "ci-third")
    good = installation.file.read_bytes()
    console = start_console()
    console.wait_for(at_cursor("ci-bot"))
    console.press("j")
    console.wait_for(at_cursor("ci-deploy"))
    for break_it in (_truncate, _empty, _make_a_list, _make_a_directory, _make_a_link, _open_to_all):
        break_it(installation.file)
        broken = installation.file.read_bytes() if installation.file.is_file() else None
        console.wait_for(re.compile(r"! The token store cannot be used.*what to do.*loki enterprise doctor", re.DOTALL))
        wait_until_gone(console, "ci-bot")
        console.press("n")  # asks, and says why it cannot be made
        console.wait_for("New token")
        console.write("ci-new\r")
        wait_until_gone(console, "give it a name")
        console.press("Escape")
        wait_until_gone(console, "─ New token")
        if broken is not None:
            assert installation.file.read_bytes() == broken, break_it
        _restore(installation.file, good)
        console.wait_for(at_cursor("ci-deploy"))
        console.press("k")
        console.wait_for(at_cursor("ci-bot"))
        console.press("j")
        console.wait_for(at_cursor("ci-deploy"))
    assert console.leave() == 0
    assert console.terminal.screen.entries == 1


def test_a_store_that_is_broken_from_the_start_is_a_screen_and_no_crash(
    start_console: StartConsole, installation: Installation
) -> None:
    installation.fill("ci-bot")
    good = installation.file.read_bytes()
    installation.file.write_text("null")
    console = start_console(columns=60, lines=20)
    console.wait_for("! The token store cannot be used")
    console.wait_for("what to do")
    console.press("Space", "j", "w", "s", "S", "a", "g", "G", "r", "d", "e", "y")
    console.press("?")
    console.wait_for("─ Keys")
    console.press("Escape")
    wait_until_gone(console, "─ Keys")
    _restore(installation.file, good)
    console.wait_for(at_cursor("ci-bot"))
    assert console.leave() == 0


@pytest.fixture
def commons() -> Iterator[Installation]:
    """An installation of an ordinary user's, made by root, where every user can get to."""
    if os.geteuid() != 0:
        pytest.skip("only root can make files of several users")
    place = Path(tempfile.mkdtemp(prefix="loki-commons-"))
    place.chmod(0o755)
    installation = Installation(place / "home", build_environ(place / "home", {"USER": "somebody"}))
    installation.fill("ci-bot")
    _give(place / "home", SOMEBODY)
    try:
        yield installation
    finally:
        shutil.rmtree(place)


def _give(path: Path, user: int) -> None:
    for each in (path, *path.rglob("*")):
        os.chown(each, user, user, follow_symlinks=False)


def test_a_store_that_cannot_be_read_or_is_somebody_else_s_says_whose_it_is(
    start_pty: StartPty, commons: Installation
) -> None:
    launcher = str(Path(__file__).with_name("console_as_user.py"))
    console = PtyConsole(start_pty([sys.executable, launcher, str(SOMEBODY)], env=commons.environ))
    console.wait_for(at_cursor("ci-bot"))
    commons.file.chmod(0)
    console.wait_for("! The token store cannot be used")
    console.wait_for("what to do")
    commons.file.chmod(0o600)
    console.wait_for(at_cursor("ci-bot"))

    os.chown(commons.file, SOMEBODY_ELSE, SOMEBODY_ELSE)
    console.wait_for("! The token store cannot be used")
    console.wait_for("what to do")
    os.chown(commons.file, SOMEBODY, SOMEBODY)
    console.wait_for(at_cursor("ci-bot"))
    assert console.leave() == 0

"""The command that a dialog shows does what the dialog does: run as a program on the same store."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.widgets import Input

from loki_core import Draft, Loki, Token
from loki_core.tokens.secret import is_well_formed
from loki_tui.dialogs.choice import Choice
from loki_tui.dialogs.delete import DeleteDialog
from loki_tui.dialogs.new_token import NewTokenDialog
from loki_tui.dialogs.revoke import RevokeDialog
from loki_tui.dialogs.rotate import RotateDialog
from loki_tui.dialogs.why import WhyDialog
from tests.support.environment import build_environ
from tests.tui.dialogs.stage import Stage, on_stage, open_loki

AWKWARD = 'it\'s $(id) "quoted" \\ [/foo]'


def _run(stage: Stage, home: Path) -> str:
    """Run the command as it stands on the screen, by a shell, as `loki`."""
    shown = stage.line_of("command")
    assert shown.startswith("loki enterprise token ")
    program = f"{shlex.quote(sys.executable)} -m loki_core"
    done = subprocess.run(
        ["sh", "-c", program + shown.removeprefix("loki")],
        env=build_environ(home),
        cwd=home / "work",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _compare(token: Token) -> Token:
    """Leave out what no two tokens share, and what a moment between them changes."""
    ends = None if token.expires_at is None else token.expires_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return replace(token, id="", created_at=None, expires_at=ends, rotated_from=None)


@pytest.fixture
def now_loki(isolated_home: Path) -> Iterator[Loki]:
    """A Loki with the system's clock, as the program has."""
    with open_loki(isolated_home, clock=lambda: datetime.now(UTC)) as loki:
        yield loki


@pytest.mark.parametrize("name", ["ci-bot", AWKWARD, "-x", "--role=admin", "名前"])
async def test_generate_makes_the_same_token(now_loki: Loki, isolated_home: Path, name: str) -> None:
    async with on_stage(NewTokenDialog(now_loki)) as stage:
        stage.dialog.query_one("#name", Input).value = name
        stage.dialog.query_one("#note", Input).value = name
        await stage.until_shown("ok: name")
        answer = _run(stage, isolated_home)
        made = now_loki.tokens.get(name)
        now_loki.tokens.revoke(made.id)
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    draft: Draft = stage.results[0]
    assert _compare(draft.token) == _compare(made)
    assert any(is_well_formed(word) for word in answer.split())


async def test_generate_with_scopes_a_date_and_a_file_does_the_same(now_loki: Loki, isolated_home: Path) -> None:
    async with on_stage(NewTokenDialog(now_loki)) as stage:
        stage.dialog.query_one("#grant", Choice).pick(4)
        stage.dialog.query_one("#expires", Choice).pick(3)
        stage.dialog.query_one("#deliver", Choice).pick(1)
        await stage.type("ci-bot")
        await stage.until_shown("ok: name")
        answer = _run(stage, isolated_home)
        made = now_loki.tokens.get("ci-bot")
        now_loki.tokens.revoke(made.id)
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert _compare(stage.results[0].token) == _compare(made)
    secret = (isolated_home / "ci-bot.token").read_text().strip()
    assert is_well_formed(secret)
    assert secret not in answer


async def test_generate_to_a_sink_does_the_same(isolated_home: Path, tmp_path: Path) -> None:
    sinks = {"my sink": ["sh", "-c", f"cat > {tmp_path / 'out'}"]}
    with open_loki(isolated_home, config=f"session:\n  sinks: {json.dumps(sinks)}\n") as loki:
        async with on_stage(NewTokenDialog(loki)) as stage:
            stage.dialog.query_one("#deliver", Choice).pick(2)
            await stage.type("ci-bot")
            await stage.until_shown("ok: name")
            answer = _run(stage, isolated_home)
    secret = (tmp_path / "out").read_text()
    assert is_well_formed(secret)
    assert secret not in answer


async def test_rotate_does_the_same(now_loki: Loki, isolated_home: Path) -> None:
    old = now_loki.tokens.generate(AWKWARD, role="operator").token
    async with on_stage(RotateDialog(now_loki, old)) as stage:
        await stage.press("right", "tab", "right")
        await stage.until_shown("ok: until")
        draft = now_loki.tokens.prepare_rotation(old.id, grace_hours=72, expires_days=30)
        _run(stage, isolated_home)
    made = now_loki.tokens.get(AWKWARD)
    assert made.rotated_from == old.id
    assert _compare(made) == _compare(draft.token)
    ends = now_loki.tokens.get(old.id).expires_at
    assert draft.replaces is not None
    assert draft.replaces.expires_at is not None
    assert ends is not None
    assert ends.date() == draft.replaces.expires_at.date()


async def test_revoke_does_the_same_for_several_and_for_a_rotating_pair(now_loki: Loki, isolated_home: Path) -> None:
    for name in ("one", AWKWARD, "-dash"):
        now_loki.tokens.generate(name)
    now_loki.tokens.rotate("one")
    async with on_stage(RevokeDialog(now_loki, now_loki.tokens.list())) as stage:
        await stage.pilot.pause()
        _run(stage, isolated_home)
    assert now_loki.tokens.list() == ()


async def test_delete_does_the_same(now_loki: Loki, isolated_home: Path) -> None:
    dead = now_loki.tokens.generate("ci-bot").token
    now_loki.tokens.revoke("ci-bot")
    alive = now_loki.tokens.generate("ci-bot").token
    async with on_stage(DeleteDialog(now_loki, now_loki.tokens.get(dead.id))) as stage:
        await stage.pilot.pause()
        _run(stage, isolated_home)
    assert [token.id for token in now_loki.tokens.list(include_revoked=True)] == [alive.id]


async def test_why_shows_the_command_that_shows_the_token(now_loki: Loki, isolated_home: Path) -> None:
    token = now_loki.tokens.generate(AWKWARD).token
    async with on_stage(WhyDialog(now_loki, token)) as stage:
        assert token.id in _run(stage, isolated_home)

"""The rotate dialog."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from textual.widgets import Input

from loki_core import IssuedToken, Loki
from loki_tui.dialogs.choice import Choice
from loki_tui.dialogs.rotate import RotateDialog
from tests.tui.dialogs.stage import HOSTILE, Stage, on_stage, open_loki


@pytest.fixture
def issued(loki: Loki) -> IssuedToken:
    return loki.tokens.generate("ci-deploy", role="operator", expires_days=30)


def _command(stage: Stage) -> list[str]:
    return shlex.split(stage.line_of("command").replace("\\\n", " "))


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_the_dialog_says_who_uses_it_and_until_when_each_secret_works(
    loki: Loki, issued: IssuedToken, size: tuple[int, int]
) -> None:
    loki.authenticate(issued.secret.reveal(), address="10.2.0.14", agent="curl/8.1")
    loki.close()
    async with on_stage(RotateDialog(loki, loki.tokens.get("ci-deploy")), size=size) as stage:
        await stage.until_shown("just now from 10.2.0.14, curl/8.1")
        await stage.until_shown("ok: until 2026-12-23 20:01Z; the old one until 2026-11-24 20:01Z")
        assert _command(stage) == ["loki", "enterprise", "token", "rotate", "ci-deploy", "--grace", "24"]
        assert stage.dialog.query_one("#body").max_scroll_y == 0


async def test_enter_returns_a_draft_and_changes_nothing(loki: Loki, issued: IssuedToken) -> None:
    async with on_stage(RotateDialog(loki, issued.token)) as stage:
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    (draft,) = stage.results
    assert draft.replaces is not None
    assert draft.replaces.id == issued.token.id
    assert [token.id for token in loki.tokens.list(include_revoked=True)] == [issued.token.id]
    assert loki.tokens.get("ci-deploy").expires_at == issued.token.expires_at


async def test_escape_cancels(loki: Loki, issued: IssuedToken) -> None:
    async with on_stage(RotateDialog(loki, issued.token)) as stage:
        await stage.press("escape")
        assert stage.results == [None]


async def test_grace_and_expiry_are_chosen(loki: Loki, issued: IssuedToken) -> None:
    async with on_stage(RotateDialog(loki, issued.token)) as stage:
        await stage.press("right", "tab", "right", "right")
        await stage.until_shown("ok: until 2027-02-21 20:01Z; the old one until 2026-11-26 20:01Z")
        assert _command(stage)[4:] == ["ci-deploy", "--grace", "72", "--expires", "90"]
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert stage.results[0].order.grace_hours == 72


async def test_other_hours_are_typed_and_checked(loki: Loki, issued: IssuedToken) -> None:
    async with on_stage(RotateDialog(loki, issued.token)) as stage:
        stage.dialog.query_one("#grace", Choice).pick(4)
        for wrong in ("721", "x", ""):
            stage.dialog.query_one("#hours", Input).value = wrong
            await stage.until(lambda: "grace is not a" in stage.line_of("check"))
            await stage.press("enter")
        assert not stage.results
        stage.dialog.query_one("#hours", Input).value = "6"
        await stage.until_shown("the old one until 2026-11-24 02:01Z")


async def test_a_rotation_that_is_running_already_is_told_at_once(loki: Loki, issued: IssuedToken) -> None:
    loki.tokens.rotate("ci-deploy")
    async with on_stage(RotateDialog(loki, loki.tokens.get("ci-deploy"))) as stage:
        await stage.until_shown("has just replaced another secret")
        await stage.press("enter")
        await stage.until_shown("wait for its grace to end")
        assert not stage.results


async def test_what_the_policy_forbids_says_why(isolated_home: Path) -> None:
    config = "enterprise:\n  tokens:\n    max_expiration_days: 30\n    default_expiration_days: 30\n"
    with open_loki(isolated_home, config=config) as loki:
        token = loki.tokens.generate("ci-deploy").token
        async with on_stage(RotateDialog(loki, token)) as stage:
            assert "(-) 90 d: at most 30 d" in stage.flat
            assert "(-) never: policy forbids" in stage.flat


async def test_markup_in_a_name_or_a_note_is_inert(loki: Loki) -> None:
    token = loki.tokens.generate(HOSTILE, note=HOSTILE).token
    async with on_stage(RotateDialog(loki, token)) as stage:
        await stage.until_shown("ok: until")
        assert stage.flat.count(HOSTILE) == 3
        for y, line in enumerate(stage.lines):
            if HOSTILE in line:
                await stage.pilot.click(offset=(line.index(HOSTILE) + 5, y))
        assert not stage.app.quit_was_run

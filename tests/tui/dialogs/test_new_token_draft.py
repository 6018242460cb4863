"""The new-token dialog: the draft that it returns and the command that it shows."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from textual.widgets import Input

from loki_core import Loki
from loki_tui.dialogs.choice import Choice
from loki_tui.dialogs.delivery import AddressedDraft, ToFile, ToSink
from loki_tui.dialogs.new_token import NewTokenDialog
from tests.tui.dialogs.stage import HOSTILE, STRAY, Clock, Stage, on_stage, open_loki

STRICT = """\
enterprise:
  tokens:
    default_expiration_days: 45
    max_expiration_days: 60
    max_active_per_user: 1
"""


def _command(stage: Stage) -> list[str]:
    return shlex.split(stage.line_of("command").replace("\\\n", " "))


async def test_a_date_means_the_end_of_that_day(loki: Loki, clock: Clock) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        stage.dialog.query_one("#expires", Choice).pick(3)
        stage.dialog.query_one("#date", Input).value = "2027-03-31"
        await stage.type("ci-bot")
        await stage.until_shown("until 2027-03-31 23:59Z")
        assert _command(stage)[-2:] == ["--expires", "2027-03-31"]
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert f"{stage.results[0].token.expires_at:%Y-%m-%dT%H:%M}" == "2027-03-31T23:59"


async def test_never_is_never(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        stage.dialog.query_one("#expires", Choice).pick(4)
        await stage.type("ci-bot")
        await stage.until_shown("never expires")
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert stage.results[0].token.expires_at is None


async def test_the_command_does_the_same_whatever_the_name_and_the_note(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        stage.dialog.query_one("#name", Input).value = "it's $(touch /tmp/x); `id`"
        stage.dialog.query_one("#note", Input).value = 'prod "deploy" job\\'
        await stage.until_shown("ok: name")
        assert _command(stage) == [
            *("loki", "enterprise", "token", "generate", "it's $(touch /tmp/x); `id`"),
            *("--role", "viewer", "--expires", "90", "--note", 'prod "deploy" job\\'),
        ]


async def test_a_name_like_an_option_stands_behind_two_dashes(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        stage.dialog.query_one("#name", Input).value = "--role=admin"
        await stage.until_shown("ok: name")
        assert _command(stage)[-2:] == ["--", "--role=admin"]


async def test_a_file_is_where_the_draft_says_its_secret_is_to_go(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        stage.dialog.query_one("#deliver", Choice).pick(1)
        await stage.type("ci bot/1")
        await stage.until_shown("~/ci-bot-1.token")
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    (draft,) = stage.results
    assert isinstance(draft, AddressedDraft)
    assert draft.delivery == ToFile(path="~/ci-bot-1.token")


async def test_a_sink_is_where_the_draft_says_its_secret_is_to_go(isolated_home: Path) -> None:
    config = f"session:\n  sinks: {json.dumps({'gh-actions': ['gh', 'secret', 'set', 'LOKI']})}\n"
    with open_loki(isolated_home, config=config) as loki:
        async with on_stage(NewTokenDialog(loki)) as stage:
            stage.dialog.query_one("#deliver", Choice).pick(2)
            await stage.type("ci-bot")
            await stage.until_shown("Enter Send it to gh-actions")
            await stage.press("enter")
            await stage.until(lambda: stage.results)
        assert stage.results[0].delivery == ToSink(name="gh-actions", argv=("gh", "secret", "set", "LOKI"))


async def test_without_a_sink_the_form_says_that_none_is_configured(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        assert "(-) to sink: none configured" in stage.flat


@pytest.mark.parametrize("name", [HOSTILE, STRAY, "[red]x", "a[b]c"])
async def test_markup_in_a_name_or_a_note_is_inert(loki: Loki, name: str) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        stage.dialog.query_one("#name", Input).value = name
        stage.dialog.query_one("#note", Input).value = name
        await stage.until_shown("ok: name")
        assert name in stage.flat
        for y, line in enumerate(stage.lines):
            if name in line:
                await stage.pilot.click(offset=(line.index(name) + len(name) // 2, y))
        assert not stage.app.quit_was_run


async def test_a_secret_pasted_as_the_name_is_refused(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.paste("loki_" + "a" * 49)
        await stage.until_shown("holds what looks like a secret")
        assert stage.line_of("name-state") == "not allowed"
        assert "loki_aaa" not in stage.line_of("command")
        assert "loki-aaa" not in stage.dialog.query_one("#path", Input).value


async def test_leaving_while_the_library_prepares_leaves_no_draft_behind(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.type("ci-bot")
        await stage.press("enter", "escape")
        await stage.until(lambda: stage.results)
        await stage.app.workers.wait_for_complete()
    assert len(stage.results) == 1
    assert loki.tokens.list(include_revoked=True) == ()

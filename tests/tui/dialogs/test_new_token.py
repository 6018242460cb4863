"""The new-token dialog."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from textual.widgets import Input

from loki_core import Draft, Loki
from loki_tui.dialogs.choice import Choice, Picks
from loki_tui.dialogs.dialog import Line
from loki_tui.dialogs.new_token import NewTokenDialog
from tests.tui.dialogs.stage import Stage, on_stage, open_loki

STRICT = """\
enterprise:
  tokens:
    default_expiration_days: 45
    max_expiration_days: 60
    max_active_per_user: 1
"""


def _command(stage: Stage) -> list[str]:
    return shlex.split(stage.line_of("command").replace("\\\n", " "))


async def test_the_form_at_80_by_24_shows_everything_without_scrolling(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.type("ci-bot")
        await stage.until_shown("ok: name, policy, store, audit log")
        for label in (
            "Name", "Grant", "Allows", "Refuses", "Expires", "Owner", "Note", "Deliver", "Check", "Command"
        ):  # fmt: skip
            assert label in stage.text
        assert stage.dialog.query_one("#body").max_scroll_y == 0
        assert "Esc Cancel" in stage.text
        assert "Enter Show the secret" in stage.text
        folded = [line for line in stage.lines if "auditor" in line]
        assert len(folded) == 1, "the roles stand on one line"


async def test_all_rows_at_once_still_fit_80_by_24(isolated_home: Path) -> None:
    with open_loki(isolated_home, config=STRICT) as loki:
        async with on_stage(NewTokenDialog(loki)) as stage:
            stage.dialog.query_one("#grant", Choice).pick(4)
            stage.dialog.query_one("#expires", Choice).pick(4)
            stage.dialog.query_one("#deliver", Choice).pick(1)
            await stage.type("ci-bot")
            await stage.until_shown("ok: name")
            for label in ("Scopes", "Until", "File"):
                assert label in stage.text
            assert stage.dialog.query_one("#body").max_scroll_y == 0


async def test_at_60_by_20_the_keys_stay_in_sight_and_fields_scroll_into_view(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki), size=(60, 20)) as stage:
        stage.dialog.query_one("#grant", Choice).pick(4)
        stage.dialog.query_one("#expires", Choice).pick(3)
        stage.dialog.query_one("#deliver", Choice).pick(1)
        await stage.pilot.pause()
        for _ in range(7):
            await stage.press("tab")
        assert stage.app.focused is stage.dialog.query_one("#path")
        await stage.until_shown("~/new.token")
        assert "Esc Cancel" in stage.text
        assert "Enter Write the file" in stage.text


async def test_a_free_name_a_taken_one_and_a_bad_one_are_told_apart_as_they_are_typed(loki: Loki) -> None:
    loki.tokens.generate("taken")
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.type("take")
        await stage.until(lambda: stage.line_of("name-state") == "free")
        await stage.type("n")
        await stage.until(lambda: stage.line_of("name-state") == "taken")
        await stage.until_shown("the name is taken by")
        stage.dialog.query_one("#name", Input).value = "tok-0123456789ab"
        await stage.until(lambda: stage.line_of("name-state") == "not allowed")
        await stage.until_shown("looks like a token's id")


async def test_a_name_is_told_free_or_taken_even_when_another_field_is_wrong(loki: Loki) -> None:
    loki.tokens.generate("taken")
    async with on_stage(NewTokenDialog(loki)) as stage:
        stage.dialog.query_one("#expires", Choice).pick(3)
        stage.dialog.query_one("#date", Input).value = "soon"
        await stage.type("taken")
        await stage.until(lambda: stage.line_of("name-state") == "taken")
        await stage.until_shown("not a number of days, a date or never")
        await stage.type("2")
        await stage.until(lambda: stage.line_of("name-state") == "free")


async def test_checking_stores_nothing(loki: Loki, isolated_home: Path) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.type("ci-bot")
        await stage.until_shown("ok: name")
        await stage.press("escape")
        assert stage.results == [None]
    assert list((isolated_home / ".loki").rglob("*.json*")) == []


async def test_allows_and_refuses_follow_the_grant(isolated_home: Path) -> None:
    config = """\
enterprise:
  rbac:
    custom_scopes:
      deploy: {implies: [write], description: Deploy}
    custom_roles:
      releaser: {scopes: [deploy], description: Releases}
"""
    with open_loki(isolated_home, config=config) as loki:
        async with on_stage(NewTokenDialog(loki)) as stage:
            assert stage.line_of("allows") == "read: view dashboard, logs, metrics"
            assert "token management" in stage.line_of("refuses")
            grant = stage.dialog.query_one("#grant", Choice)
            roles = [option.value for option in grant.options]
            assert roles[0] == "viewer"
            grant.pick(roles.index("releaser"))
            await stage.until(lambda: stage.line_of("allows") == "deploy > write > read")
            grant.pick(roles.index("admin"))
            await stage.until(lambda: stage.line_of("allows") == "everything, token management too")
            assert stage.line_of("refuses") == "nothing"


async def test_chosen_scopes_are_asked_for_as_scopes(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.type("ci-bot")
        await stage.press("tab", *["right"] * 4, "tab")
        assert stage.app.focused is stage.dialog.query_one("#scopes", Picks)
        await stage.press(*["right"] * 4, "space")
        await stage.until(lambda: stage.line_of("allows") == "read, audit")
        assert _command(stage)[4:] == ["ci-bot", "--scopes", "read,audit", "--expires", "90"]
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert stage.results[0].token.scopes == ("read", "audit")


async def test_no_scope_at_all_is_refused_with_the_remedy(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.type("ci-bot")
        await stage.press("tab", *["right"] * 4, "tab", *["right"] * 3, "space", "enter")
        await stage.until_shown("the list of scopes is empty")
        assert not stage.results


async def test_what_the_policy_forbids_says_why_and_cannot_be_chosen(isolated_home: Path) -> None:
    with open_loki(isolated_home, config=STRICT) as loki:
        async with on_stage(NewTokenDialog(loki)) as stage:
            assert "(-) never: policy forbids" in stage.flat
            assert "(-) 90 d: at most 60 d" in stage.flat
            assert "(*) 45 d" in stage.text
            expires = stage.dialog.query_one("#expires", Choice)
            expires.focus()
            await stage.press(*["right"] * 9)
            assert expires.value == "date"


async def test_the_owner_is_shown_with_what_the_limit_leaves(isolated_home: Path) -> None:
    with open_loki(isolated_home, config=STRICT) as loki:
        loki.tokens.generate("first")
        async with on_stage(NewTokenDialog(loki)) as stage:
            await stage.until_shown("1 of 1 active")
            await stage.type("second")
            await stage.until_shown("has 1 active tokens of 1 allowed")
            assert stage.line_of("name-state") == "free"


async def test_a_rotating_pair_counts_once(loki: Loki) -> None:
    loki.tokens.generate("first")
    loki.tokens.rotate("first")
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.until_shown("1 active")


@pytest.mark.parametrize("tabs", range(5))
async def test_enter_submits_from_any_field(loki: Loki, tabs: int) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.type("ci-bot")
        await stage.press(*["tab"] * tabs, "enter")
        await stage.until(lambda: stage.results)
    (draft,) = stage.results
    assert isinstance(draft, Draft)
    assert draft.token.name == "ci-bot"
    assert draft.token.role == "viewer"
    assert loki.tokens.list(include_revoked=True) == ()


@pytest.mark.parametrize("tabs", range(5))
async def test_escape_cancels_from_any_field(loki: Loki, tabs: int) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.type("ci-bot")
        await stage.press(*["tab"] * tabs, "escape")
        assert stage.results == [None]


async def test_up_and_down_go_from_field_to_field(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.press("down")
        assert stage.app.focused is stage.dialog.query_one("#grant")
        await stage.press("down", "down", "up")
        assert stage.app.focused is stage.dialog.query_one("#expires")


async def test_submitting_without_a_name_asks_for_one(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.press("tab", "enter")
        await stage.until_shown("give it a name first")
        assert stage.app.focused is stage.dialog.query_one("#name")


async def test_a_refusal_at_the_end_is_shown_and_goes_to_its_field(loki: Loki) -> None:
    loki.tokens.generate("taken")
    async with on_stage(NewTokenDialog(loki)) as stage:
        await stage.type("taken")
        await stage.press("tab", "tab", "enter")
        await stage.until_shown("the name is taken by")
        await stage.until(lambda: stage.app.focused is stage.dialog.query_one("#name"))
        assert not stage.results


async def test_the_field_with_the_focus_is_told_by_more_than_colour(loki: Loki) -> None:
    async with on_stage(NewTokenDialog(loki)) as stage:
        labels = {str(label.content): label for label in stage.dialog.query(".label").results(Line)}
        assert labels["Name"].styles.text_style.bold
        await stage.press("tab")
        await stage.until(lambda: labels["Grant"].styles.text_style.bold)
        assert not labels["Name"].styles.text_style.bold

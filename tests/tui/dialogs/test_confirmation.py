"""The questions before tokens are revoked or deleted."""

from __future__ import annotations

import shlex

import pytest

from loki_core import IssuedToken, Loki, Token
from loki_tui.dialogs.confirmation import Confirmation
from loki_tui.dialogs.delete import DeleteDialog
from loki_tui.dialogs.headless import find_targets
from loki_tui.dialogs.revoke import RevokeDialog
from tests.tui.dialogs.stage import HOSTILE, STRAY, Clock, Stage, on_stage


def _make(
    loki: Loki, name: str = "ci-deploy", *, role: str = "operator", note: str = "prod job, ask Bo"
) -> IssuedToken:
    return loki.tokens.generate(name, role=role, note=note)


def _use(loki: Loki, issued: IssuedToken, *addresses: str) -> Token:
    for address in addresses:
        loki.authenticate(issued.secret.reveal(), address=address, agent="curl/8.1")
    loki.close()  # writes what is noted in the background
    return loki.tokens.get(issued.token.id)


def _command(stage: Stage) -> list[str]:
    return shlex.split(stage.line_of("command").replace("\\\n", " "))


async def _looked(stage: Stage) -> None:
    await stage.until(lambda: "looking" not in stage.line_of("uses"))


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_revoking_names_who_used_it_from_where_its_owner_and_its_note(
    loki: Loki, clock: Clock, size: tuple[int, int]
) -> None:
    issued = _make(loki)
    token = _use(loki, issued, "10.2.0.14", "10.2.0.15")
    clock.move(minutes=9)
    async with on_stage(RevokeDialog(loki, token), size=size) as stage:
        await stage.until_shown("9 m ago from 10.2.0.14, curl/8.1")
        assert "9 m ago from 10.2.0.15" in stage.flat
        assert "Revoke ci-deploy?" in stage.flat
        assert 'note "prod job, ask Bo"' in stage.flat
        assert token.owner is not None
        assert token.owner in stage.flat
        assert "operator (control, read, write)" in stage.flat
        assert _command(stage) == ["loki", "enterprise", "token", "revoke", "ci-deploy"]
        assert stage.dialog.query_one("#body").max_scroll_y == 0


async def test_uses_before_the_last_30_days_are_told_as_such(loki: Loki, clock: Clock) -> None:
    issued = loki.tokens.generate("ci-old", expires_days=None)
    _use(loki, issued, "10.2.0.14")
    clock.move(days=81)
    async with on_stage(RevokeDialog(loki, loki.tokens.get("ci-old"))) as stage:
        await stage.until_shown("last 81 d ago, not in the last 30 days")


async def test_enter_means_no(loki: Loki) -> None:
    token = _make(loki).token
    async with on_stage(RevokeDialog(loki, token)) as stage:
        await _looked(stage)
        assert "Enter Keep it" in stage.text
        await stage.press("enter")
        assert stage.results == [False]


@pytest.mark.parametrize("key", ["escape", "n"])
async def test_leaving_means_no(loki: Loki, key: str) -> None:
    async with on_stage(RevokeDialog(loki, _make(loki).token)) as stage:
        await _looked(stage)
        await stage.press(key)
        assert stage.results == [False]


@pytest.mark.parametrize("keys", [("y",), ("right", "enter"), ("l", "enter")])
async def test_yes_is_said_on_purpose(loki: Loki, keys: tuple[str, ...]) -> None:
    token = _make(loki).token
    async with on_stage(RevokeDialog(loki, token)) as stage:
        await _looked(stage)
        await stage.press(*keys)
        assert stage.results == [True]
    assert not loki.tokens.get(token.id).revoked, "the caller does it"


async def test_what_enter_does_is_said_before(loki: Loki) -> None:
    async with on_stage(RevokeDialog(loki, _make(loki).token)) as stage:
        await stage.press("right")
        await stage.until_shown("Enter Revoke")
        await stage.press("left")
        await stage.until_shown("Enter Keep it")


async def test_a_token_that_may_do_everything_is_revoked_by_typing_its_name(loki: Loki) -> None:
    token = _make(loki, "ci-admin", role="admin").token
    async with on_stage(RevokeDialog(loki, token)) as stage:
        await _looked(stage)
        await stage.press("enter")
        await stage.until_shown("that is not ci-admin; Esc keeps it")
        await stage.type("ci-admi")
        await stage.press("enter")
        assert not stage.results
        await stage.type("n")
        await stage.until(lambda: "once typed" not in stage.text)
        await stage.press("enter")
        assert stage.results == [True]


async def test_y_is_a_letter_where_the_name_is_typed(loki: Loki) -> None:
    token = _make(loki, "y", role="admin").token
    async with on_stage(RevokeDialog(loki, token)) as stage:
        await _looked(stage)
        await stage.press("y")
        assert not stage.results
        await stage.press("enter")
        assert stage.results == [True]


async def test_many_are_revoked_by_typing_how_many(loki: Loki) -> None:
    tokens = [_make(loki, f"ci-{number}").token for number in range(12)]
    async with on_stage(RevokeDialog(loki, tokens)) as stage:
        await stage.until_shown("none of them in the last 30 days")
        assert "Revoke 12 tokens?" in stage.text
        assert _command(stage)[4:] == [f"ci-{number}" for number in range(12)]
        await stage.type("12")
        await stage.press("enter")
        assert stage.results == [True]


async def test_of_many_those_used_lately_are_named_newest_first(loki: Loki, clock: Clock) -> None:
    quiet, first, last = (_make(loki, name) for name in ("quiet", "first", "last"))
    _use(loki, first, "10.2.0.14", "10.2.0.15")
    clock.move(minutes=30)
    _use(loki, last, "10.2.0.16")
    tokens = [loki.tokens.get(issued.token.id) for issued in (quiet, first, last)]
    async with on_stage(RevokeDialog(loki, tokens)) as stage:
        await stage.until_shown("2 of 3 in the last 30 days:")
        uses = stage.line_of("uses").split("\n")
        assert uses[1].startswith("last, ")
        assert uses[1].endswith("just now from 10.2.0.16")
        assert uses[2].startswith("first, ")
        assert uses[2].endswith("and 1 more")


async def test_a_rotating_pair_is_one_question_and_one_name(loki: Loki) -> None:
    old = _make(loki)
    new = loki.tokens.rotate("ci-deploy")
    pair = (loki.tokens.get(new.token.id), loki.tokens.get(old.token.id))
    async with on_stage(RevokeDialog(loki, pair)) as stage:
        await stage.until_shown("Revoke ci-deploy?")
        assert "its old secret goes too" in stage.flat
        assert _command(stage)[4:] == ["ci-deploy"]
    assert {each.token.id for each in loki.tokens.revoke(*find_targets(pair))} == {old.token.id, new.token.id}


async def test_the_old_secret_of_a_rotation_is_revoked_by_its_id_alone(loki: Loki) -> None:
    old = _make(loki)
    loki.tokens.rotate("ci-deploy")
    token = loki.tokens.get(old.token.id)
    async with on_stage(RevokeDialog(loki, token)) as stage:
        assert _command(stage)[4:] == [old.token.id]
    assert [each.token.id for each in loki.tokens.revoke(*find_targets([token]))] == [old.token.id]


async def test_deleting_takes_the_name_typed_and_says_that_it_cannot_be_undone(loki: Loki) -> None:
    issued = _make(loki)
    loki.tokens.revoke(issued.token.id)
    _make(loki)  # a live token of the same name: the command must not mean this one
    token = loki.tokens.get(issued.token.id)
    async with on_stage(DeleteDialog(loki, token)) as stage:
        await _looked(stage)
        assert "This cannot be undone." in stage.flat
        assert _command(stage)[3:] == ["delete", issued.token.id, "--yes"]
        await stage.press("enter", "y", "enter")
        assert not stage.results
        await stage.press("ctrl+u")
        await stage.type("ci-deploy")
        await stage.press("enter")
        assert stage.results == [True]


@pytest.mark.parametrize("name", [HOSTILE, STRAY])
@pytest.mark.parametrize("kind", [RevokeDialog, DeleteDialog])
async def test_markup_in_a_name_or_a_note_is_inert(loki: Loki, name: str, kind: type[Confirmation]) -> None:
    token = _make(loki, name, role="admin", note=name).token
    async with on_stage(kind(loki, token)) as stage:
        await _looked(stage)
        for y, line in enumerate(stage.lines):
            if name in line:
                await stage.pilot.click(offset=(line.index(name) + len(name) // 2, y))
        await stage.pilot.pause()
        assert not stage.app.quit_was_run
        assert stage.flat.count(name) >= 3, "title, note and what to type"


async def test_escape_sequences_in_a_foreign_record_never_reach_the_screen(loki: Loki) -> None:
    token = Token(
        id="tok-0123456789ab", name="a\x1b[31mb\u202e", note="n\x1b]52;c;eA==\x07", owner="o\x1b", scopes=("*",)
    )
    async with on_stage(RevokeDialog(loki, token)) as stage:
        await _looked(stage)
        assert "\x1b" not in stage.text
        assert "\x07" not in stage.text
        assert "\u202e" not in stage.text
        assert _command(stage)[4:] == ["tok-0123456789ab"]
        await stage.type("tok-0123456789ab")
        await stage.press("enter")
        assert stage.results == [True]

"""The dialogs that only show: history, why, keys; and the lock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loki_core import Loki, Status, Token
from loki_tui.actions import ACTIONS
from loki_tui.dialogs.history import HistoryDialog
from loki_tui.dialogs.keys import KeysDialog
from loki_tui.dialogs.locked import LockedDialog
from loki_tui.dialogs.why import WhyDialog
from tests.tui.dialogs.stage import HOSTILE, STRAY, Clock, on_stage


async def test_the_history_is_newest_first_with_who_and_from_where(loki: Loki, clock: Clock) -> None:
    issued = loki.tokens.generate("ci-bot")
    clock.move(hours=1)
    loki.authenticate(issued.secret.reveal(), address="10.2.0.14", agent="curl/8.1")
    loki.close()
    clock.move(hours=1)
    loki.tokens.revoke("ci-bot")
    async with on_stage(HistoryDialog(loki, loki.tokens.get(issued.token.id))) as stage:
        await stage.until_shown("create")
        await stage.until_shown("1 h ago from 10.2.0.14, curl/8.1")
        entries = stage.line_of("entries").split("\n")
        assert [entry.split()[2] for entry in entries] == ["revoke", "use", "create"]
        assert entries[0].startswith("2026-11-23 22:01Z")
        assert loki.actor.subject in entries[0]
        assert "from 10.2.0.14" in entries[1]
        await stage.press("escape")
        assert stage.results == [None]


async def test_a_long_history_scrolls(loki: Loki, clock: Clock) -> None:
    issued = loki.tokens.generate("ci-bot", expires_days=365)
    for _ in range(60):
        clock.move(hours=1)
        loki.authenticate(issued.secret.reveal(), address="10.2.0.14")
    loki.close()
    async with on_stage(HistoryDialog(loki, issued.token)) as stage:
        body = stage.dialog.query_one("#body")
        await stage.until(lambda: body.max_scroll_y > 0)
        await stage.press("G")
        await stage.until_shown("create")
        assert "Esc Close" in stage.text
        await stage.press("g")
        await stage.until(lambda: body.scroll_y == 0)


async def test_without_an_entry_the_history_says_so(loki: Loki) -> None:
    async with on_stage(HistoryDialog(loki, Token(id="tok-0123456789ab", name="peer's"))) as stage:
        await stage.until_shown("The audit log has no entry about it.")
        await stage.until_shown("no use was noted")


@pytest.mark.parametrize("name", [HOSTILE, STRAY])
async def test_markup_in_a_name_is_inert_in_history_and_why(loki: Loki, name: str) -> None:
    token = loki.tokens.generate(name).token
    for dialog in (HistoryDialog(loki, token), WhyDialog(loki, token)):
        async with on_stage(dialog) as stage:
            await stage.until_shown(name)
            for y, line in enumerate(stage.lines):
                if name in line:
                    await stage.pilot.click(offset=(line.index(name) + len(name) // 2, y))
            assert not stage.app.quit_was_run


async def test_why_explains_every_scope_with_its_chain_or_what_is_missing(loki: Loki) -> None:
    token = loki.tokens.generate("ci-bot", scopes=["control"]).token
    async with on_stage(WhyDialog(loki, token)) as stage:
        await stage.until_shown("active: not revoked, and it ends in 90 d")
        rows = {line.split()[1]: " ".join(line.split()[:-1]) for line in stage.lines if "granted" in line}
        del rows
        assert "granted control held" in stage.flat
        assert "granted read control > write > read" in stage.flat
        assert "refused audit it would need audit or *" in stage.flat
        assert "refused * (token management) it would need *" in stage.flat


async def test_why_says_by_whom_and_when_a_token_was_revoked(loki: Loki, clock: Clock) -> None:
    issued = loki.tokens.generate("ci-bot")
    clock.move(days=1)
    loki.tokens.revoke("ci-bot")
    clock.move(hours=3)
    async with on_stage(WhyDialog(loki, loki.tokens.get(issued.token.id))) as stage:
        await stage.until_shown(f"by {loki.actor.subject}")
        assert "revoked 3 h ago, 2026-11-24 20:01Z: refused as token_revoked" in stage.flat
        assert "It is refused as it is." in stage.flat


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.EXPIRED, "refused as token_expired"),
        (Status.LOCKED, "refused as token_locked"),
        (Status.ROTATING, "rotating: tok-999999999999 replaced it"),
        (Status.EXPIRING, "rotate it before"),
        (Status.UNREADABLE, "unreadable, so it never verifies: it has no name"),
    ],
)
async def test_why_explains_every_status(loki: Loki, status: Status, words: str) -> None:
    token = loki.tokens.generate("ci-bot").token
    token = replace(token, status=status, rotated_to="tok-999999999999", problem="it has no name")
    async with on_stage(WhyDialog(loki, token)) as stage:
        await stage.until_shown(words)


async def test_why_names_scopes_that_do_not_exist_here(loki: Loki) -> None:
    token = Token(id="tok-0123456789ab", name="peer's", scopes=("read", "deploy[/foo]"))
    async with on_stage(WhyDialog(loki, token)) as stage:
        await stage.until_shown("unknown deploy[/foo] no such scope here: it means nothing")


async def test_the_keys_are_those_of_the_registry_with_what_is_not_allowed(loki: Loki) -> None:
    actions = [replace(action, refusal="started with --read-only" if action.changes else "") for action in ACTIONS]
    async with on_stage(KeysDialog(actions), size=(100, 80)) as stage:
        for action in ACTIONS:
            assert action.help in stage.flat
        assert "(started with --read-only)" in stage.flat
        assert stage.flat.index("Tokens") < stage.flat.index("Everywhere")
        await stage.press("question_mark")
        assert stage.is_left


async def test_the_keys_scroll_at_80_by_24(loki: Loki) -> None:
    async with on_stage(KeysDialog(ACTIONS)) as stage:
        await stage.press("G")
        await stage.until_shown("In dialogs")
        assert "Esc Close" in stage.text


async def test_a_locked_console_shows_nothing_and_comes_back_after_a_key_and_a_confirmation() -> None:
    async with on_stage(LockedDialog()) as stage:
        assert "below" not in stage.text
        await stage.press("x")
        await stage.until_shown("Are you back?")
        assert not stage.results
        await stage.press("enter")
        assert stage.results == [True]


@pytest.mark.parametrize("keys", [("escape",), ("escape", "escape"), ("x", "x"), ("enter", "escape"), ("q", "q")])
async def test_no_other_keys_unlock(keys: tuple[str, ...]) -> None:
    async with on_stage(LockedDialog()) as stage:
        await stage.press(*keys)
        assert not stage.results
        assert not stage.is_left

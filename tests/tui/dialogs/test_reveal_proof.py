"""The reveal: a token becomes live only when its secret is proved, or said, to be saved."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from loki_core import Draft, IssuedToken, Loki
from loki_tui.dialogs.proof import ProofField
from loki_tui.dialogs.reveal import RevealDialog
from tests.tui.dialogs.stage import list_names, on_stage, until_ready


async def test_the_whole_secret_pasted_makes_it_live_and_is_never_echoed(loki: Loki, draft: Draft, raw: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.paste(f"  {raw}\n")
        await stage.until_shown("it matches: Enter makes it live")
        assert raw not in stage.text
        assert raw[-6:] not in stage.text
        assert stage.app.focused is stage.dialog.query_one(ProofField)
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    (issued,) = stage.results
    assert isinstance(issued, IssuedToken)
    assert loki.authenticate(raw).name == "ci-bot"


async def test_the_last_six_typed_are_proof_enough(loki: Loki, draft: Draft, raw: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("tab")
        await stage.type(raw[-6:])
        await stage.until_shown("it matches")
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert list_names(loki) == ["ci-bot"]


@pytest.mark.parametrize("given", ["aaaaaa", "loki_" + "a" * 49, "", " "])
async def test_a_wrong_proof_makes_nothing_live(loki: Loki, draft: Draft, given: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.paste(given)
        await stage.press("enter")
        await stage.until_shown("prove first that you saved it")
        assert not stage.results
    assert list_names(loki) == []


async def test_stray_keys_do_not_spoil_a_pasted_secret_and_it_is_masked_once_it_matches(
    loki: Loki, draft: Draft, raw: str
) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await until_ready(stage)
        await stage.press("s")
        await stage.until(lambda: raw in stage.text)
        await stage.paste(raw)
        await stage.until_shown("it matches")
        await stage.until(lambda: raw not in stage.text)
        await stage.press("q", "x", "enter")
        await stage.until(lambda: stage.results)
    assert list_names(loki) == ["ci-bot"]


async def test_a_proof_that_is_changed_again_counts_no_more(loki: Loki, draft: Draft, raw: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.paste(raw)
        await stage.until_shown("it matches")
        await stage.press("backspace", "enter")
        await stage.until_shown("prove first that you saved it")
    assert list_names(loki) == []


async def test_enter_alone_makes_nothing_live(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("enter", "enter")
        await stage.until_shown("prove first that you saved it")
        assert not stage.results
    assert list_names(loki) == []


async def test_k_takes_your_word_and_a_second_k_gives_it_back(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("k")
        await stage.until_shown("not proved, by your word")
        await stage.press("k", "enter")
        await stage.until_shown("prove first that you saved it")
        assert not stage.results
        await stage.press("shift+tab", "k", "enter")
        await stage.until(lambda: stage.results)
    assert list_names(loki) == ["ci-bot"]


async def test_letters_are_keys_until_tab_moves_to_proof(loki: Loki, draft: Draft, raw: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await until_ready(stage)
        await stage.press("tab", "s", "k", "b", "f")
        assert stage.dialog.query_one(ProofField).length == 4
        assert raw not in stage.text
        await stage.press("tab", "s")
        await stage.until(lambda: raw in stage.text)


@pytest.mark.parametrize("place", ["secret", "proof", "path", "bare"])
async def test_a_paste_goes_to_proof_from_everywhere_and_is_never_echoed(
    loki: Loki, draft: Draft, raw: str, place: str
) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await until_ready(stage)
        if place == "proof":
            await stage.press("tab")
        elif place == "path":
            await stage.press("f")
            await stage.until(lambda: stage.app.focused is stage.dialog.query_one("#path"))
        elif place == "bare":
            await stage.press("b")
        await stage.paste(raw)
        await stage.until_shown("it matches")
        assert raw not in stage.text
        assert raw not in stage.dialog.query_one("#path", Input).value

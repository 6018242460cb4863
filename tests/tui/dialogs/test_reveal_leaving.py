"""The reveal: what is off while a secret exists, and that nothing is left of one that was dropped."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from loki_core import Draft, Loki, Secret
from loki_tui.dialogs.bare_line import BareLine
from loki_tui.dialogs.reveal import RevealDialog
from tests.tui.dialogs.stage import list_names, on_stage, until_ready


async def test_a_discarded_reveal_leaves_no_token_and_nothing_on_disk(
    loki: Loki, draft: Draft, isolated_home: Path
) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("s", "escape")
        assert stage.results == [None]
    assert list_names(loki) == []
    assert list((isolated_home / ".loki").rglob("*.json*")) == []


async def test_a_dropped_dialog_leaves_no_token_and_no_secret(loki: Loki, draft: Draft) -> None:
    dialog = RevealDialog(loki, draft)
    async with on_stage(dialog) as stage:
        await until_ready(stage)
        await stage.press("b")
        dialog.dismiss(None)  # as the idle lock does
        await stage.until(lambda: stage.results)
        await stage.until(lambda: not stage.app.secret_on_screen)
        assert not stage.app.mouse_suspended
        assert dialog._find_secret() is None
    assert list_names(loki) == []


async def test_a_console_that_ends_leaves_no_token(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("k")
        stage.app.exit()
    assert list_names(loki) == []


async def test_q_ctrl_c_ctrl_q_and_ctrl_p_are_off_while_a_secret_exists(loki: Loki, draft: Draft) -> None:
    dialog = RevealDialog(loki, draft)
    async with on_stage(dialog) as stage:
        await stage.press("q", "ctrl+q", "ctrl+c", "ctrl+p")
        await stage.press("tab", "ctrl+c", "ctrl+q", "ctrl+p", "ctrl+z")
        await stage.until_shown("q and ctrl+c are off")
        assert stage.app.screen is dialog
        assert not stage.app.quit_was_run
        assert stage.app.clipboard == ""


async def test_the_screenshot_command_is_off_while_a_secret_exists(
    loki: Loki, draft: Draft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dialog = RevealDialog(loki, draft)
    async with on_stage(dialog) as stage:
        titles = [command.title for command in stage.app.get_system_commands(dialog)]
        assert "Screenshot" not in titles
        await stage.app.run_action("screenshot")
        assert stage.app.save_screenshot("shot.svg", str(tmp_path)) == ""
        assert list(tmp_path.glob("*.svg")) == []
        await stage.press("escape")
        await stage.until(lambda: not stage.app.secret_on_screen)
        assert "Screenshot" in [command.title for command in stage.app.get_system_commands(stage.app.screen)]


async def test_nothing_on_the_dialog_can_be_selected_with_the_mouse_and_copied(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        assert not stage.dialog.allow_select
        stage.dialog.action_copy_text() if stage.dialog.get_selected_text() else None
        assert stage.app.clipboard == ""


async def test_once_masked_again_no_attribute_or_repr_of_any_widget_holds_the_secret(
    loki: Loki, draft: Draft, raw: str
) -> None:
    dialog = RevealDialog(loki, draft)
    async with on_stage(dialog) as stage:
        await until_ready(stage)
        await stage.press("s")
        await stage.until(lambda: raw in stage.text)
        await stage.press("s", "b")
        await stage.until(lambda: stage.dialog.query_one(BareLine).is_shown)
        await stage.paste(raw)
        await stage.until_shown("it matches")
        for widget in [dialog, *dialog.query("*")]:
            texts = [repr(widget), str(widget.classes), str(widget.id), str(widget.name), repr(vars(widget))]
            assert not any(raw in text for text in texts), widget
            assert raw not in str(getattr(widget, "content", "")), widget
        assert raw not in str(stage.app.tree)
        await stage.press("escape")
        await stage.until(lambda: stage.results)
        await stage.pilot.pause()
        gc.collect()
        proof = [each for each in gc.get_objects() if isinstance(each, Secret) and each.reveal() == raw]
        assert proof == [draft.secret], "only the draft that the test holds is left"


async def test_a_commit_that_is_refused_keeps_the_dialog_with_the_remedy_and_the_draft(
    loki: Loki, draft: Draft, raw: str
) -> None:
    rival = loki.tokens.generate("ci-bot")
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("k", "enter")
        await stage.until_shown("the name is taken by")
        await stage.until_shown(f"rotate {rival.token.id}")
        assert not stage.results
        loki.tokens.revoke(rival.token.id)
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert loki.authenticate(raw).name == "ci-bot"

"""The reveal: a secret that goes to a file or a sink before its token is live."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from textual.widgets import Input

from loki_core import Draft, Loki
from loki_tui.dialogs.delivery import ToFile, ToSink, address
from loki_tui.dialogs.reveal import RevealDialog
from tests.tui.dialogs.stage import list_names, on_stage, open_loki


def _sink_config(out: Path, *, status: int = 0) -> str:
    argv = ["sh", "-c", f"cat > {out}; exit {status}"]
    return f"session:\n  sinks: {json.dumps({'gh-actions': argv})}\n"


async def test_a_file_is_written_before_the_token_is_live_and_counts_as_saved(
    loki: Loki, draft: Draft, raw: str, isolated_home: Path
) -> None:
    target = isolated_home / "ci-bot.token"
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("f")
        await stage.until_shown("Enter Write the file")
        assert "~/ci-bot.token" in stage.text
        await stage.press("enter")
        await stage.until_shown("written to")
        assert target.read_text() == raw + "\n"
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert list_names(loki) == []
        await stage.until_shown("Esc Discard (and remove the file)")
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert list_names(loki) == ["ci-bot"]
    assert target.read_text() == raw + "\n"


async def test_discarding_after_the_file_was_written_removes_it(loki: Loki, draft: Draft, isolated_home: Path) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("f", "enter")
        await stage.until_shown("written to")
        assert (isolated_home / "ci-bot.token").exists()
        await stage.press("escape")
        await stage.until(lambda: stage.results == [None])
        await stage.until(lambda: not (isolated_home / "ci-bot.token").exists())
    assert list_names(loki) == []


async def test_a_commit_that_fails_after_the_file_was_written_removes_it_and_says_so(
    loki: Loki, draft: Draft, isolated_home: Path
) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("f", "enter")
        await stage.until_shown("written to")
        loki.tokens.generate("ci-bot")
        await stage.press("enter")
        await stage.until_shown("was removed")
        await stage.until_shown("the name is taken by")
        assert not (isolated_home / "ci-bot.token").exists()
        await stage.press("enter")
        await stage.until_shown("prove first that you saved it")


async def test_an_existing_file_is_refused_and_the_row_stays_open(
    loki: Loki, draft: Draft, isolated_home: Path
) -> None:
    (isolated_home / "ci-bot.token").write_text("mine")
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("f", "enter")
        await stage.until_shown("exists already: name a new file")
        assert "Enter Write the file" in stage.text
        await stage.press("escape")
        await stage.until_shown("Enter Make it live")
        assert not stage.is_left
    assert (isolated_home / "ci-bot.token").read_text() == "mine"


async def test_a_second_file_replaces_the_first(loki: Loki, draft: Draft, raw: str, isolated_home: Path) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("f", "enter")
        await stage.until_shown("written to")
        await stage.press("f")
        stage.dialog.query_one("#path", Input).value = "~/other.token"
        await stage.press("enter")
        await stage.until(lambda: (isolated_home / "other.token").exists())
        await stage.until(lambda: not (isolated_home / "ci-bot.token").exists())


async def test_a_sink_gets_the_secret_before_the_token_is_live(isolated_home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with open_loki(isolated_home, config=_sink_config(out)) as loki:
        draft = loki.tokens.prepare("ci-bot")
        async with on_stage(RevealDialog(loki, draft)) as stage:
            await stage.press("t")
            await stage.until_shown("sent to the sink gh-actions")
            assert out.read_text() == draft.secret.reveal()
            assert list_names(loki) == []
            await stage.press("enter")
            await stage.until(lambda: stage.results)
        assert list_names(loki) == ["ci-bot"]


async def test_a_sink_that_fails_is_told_and_does_not_count(isolated_home: Path, tmp_path: Path) -> None:
    with open_loki(isolated_home, config=_sink_config(tmp_path / "out", status=3)) as loki:
        async with on_stage(RevealDialog(loki, loki.tokens.prepare("ci-bot"))) as stage:
            await stage.press("t")
            await stage.until_shown("failed with exit status 3")
            await stage.press("enter")
            await stage.until_shown("prove first that you saved it")
        assert list_names(loki) == []


async def test_of_several_sinks_one_is_chosen(isolated_home: Path, tmp_path: Path) -> None:
    sinks = {name: ["sh", "-c", f"cat > {tmp_path / name}"] for name in ("one", "two")}
    with open_loki(isolated_home, config=f"session:\n  sinks: {json.dumps(sinks)}\n") as loki:
        async with on_stage(RevealDialog(loki, loki.tokens.prepare("ci-bot"))) as stage:
            await stage.press("t")
            await stage.until_shown("Enter Send it")
            await stage.press("right", "enter")
            await stage.until_shown("sent to the sink two")
            assert (tmp_path / "two").exists()
            assert not (tmp_path / "one").exists()


async def test_without_a_sink_t_does_nothing(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        assert "To sink" not in stage.text
        await stage.press("t")
        assert "Enter Make it live" in stage.text


async def test_a_draft_addressed_to_a_file_is_written_at_once_and_made_live_by_enter(
    loki: Loki, draft: Draft, raw: str, tmp_path: Path
) -> None:
    addressed = address(draft, ToFile(path=str(tmp_path / "x.token")))
    async with on_stage(RevealDialog(loki, addressed)) as stage:
        await stage.until_shown("not needed, it was delivered: Enter makes it live")
        assert raw not in stage.text
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert (tmp_path / "x.token").read_text() == raw + "\n"
    assert loki.authenticate(raw).name == "ci-bot"


async def test_a_draft_addressed_in_vain_can_still_go_elsewhere(loki: Loki, draft: Draft, tmp_path: Path) -> None:
    addressed = address(draft, ToFile(path=str(tmp_path / "no" / "x.token")))
    async with on_stage(RevealDialog(loki, addressed)) as stage:
        await stage.until_shown("does not exist: make it first")
        await stage.press("f")
        await stage.until(lambda: stage.dialog.query_one("#path", Input).value.endswith("no/x.token"))
        await stage.press("escape", "k", "enter")
        await stage.until(lambda: stage.results)
    assert list_names(loki) == ["ci-bot"]


async def test_a_dialog_left_while_a_sink_runs_makes_nothing_live(isolated_home: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    sinks = {"slow": ["sh", "-c", f"cat > {fifo}"]}
    with open_loki(isolated_home, config=f"session:\n  sinks: {json.dumps(sinks)}\n") as loki:
        draft = address(loki.tokens.prepare("ci-bot"), ToSink(name="slow", argv=tuple(sinks["slow"])))
        async with on_stage(RevealDialog(loki, draft)) as stage:
            await stage.until_shown("sending it to the sink")
            await stage.press("enter", "escape")
            await stage.until(lambda: stage.results == [None])
            assert fifo.read_text() == draft.secret.reveal()
            await stage.app.workers.wait_for_complete()
        assert list_names(loki) == []

"""The reveal: a secret shown once, and a token that is stored only when it is saved."""

from __future__ import annotations

import gc
import json
import os
import stat
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.widgets import Input

from loki_core import Draft, IssuedToken, Loki, Secret
from loki_tui.dialogs.bare_line import BareLine
from loki_tui.dialogs.delivery import ToFile, ToSink, address
from loki_tui.dialogs.proof import ProofField
from loki_tui.dialogs.reveal import RevealDialog
from loki_tui.dialogs.secret_line import SecretLine
from tests.tui.dialogs.stage import HOSTILE, STRAY, Clock, Stage, on_stage, open_loki


@pytest.fixture
def draft(loki: Loki) -> Draft:
    return loki.tokens.prepare("ci-bot", role="viewer")


@pytest.fixture
def raw(draft: Draft) -> str:
    return draft.secret.reveal()


def _sink_config(out: Path, *, status: int = 0) -> str:
    argv = ["sh", "-c", f"cat > {out}; exit {status}"]
    return f"session:\n  sinks: {json.dumps({'gh-actions': argv})}\n"


async def _ready(stage: Stage) -> None:
    """Wait until it is known whether somebody records."""
    warning = stage.dialog.query_one("#recording")
    await stage.until(lambda: warning._recordings is not None)  # type: ignore[attr-defined]


def _names(loki: Loki) -> list[str]:
    return [token.name for token in loki.tokens.list(include_revoked=True)]


# Showing


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (160, 48)])
async def test_the_secret_is_masked_until_it_is_asked_for(
    loki: Loki, draft: Draft, raw: str, size: tuple[int, int]
) -> None:
    async with on_stage(RevealDialog(loki, draft), size=size) as stage:
        await _ready(stage)
        assert "NOT LIVE until you confirm" in stage.text
        assert "ci-bot | viewer (read) | until 2027-02-21 (90 d)" in stage.flat
        assert raw not in stage.text
        assert "loki_" + "*" * 49 in stage.text
        await stage.press("s")
        await stage.until(lambda: raw in stage.text)
        await stage.press("s")
        await stage.until(lambda: raw not in stage.text)
        assert stage.dialog.query_one("#body").max_scroll_y == 0


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_the_bare_line_is_the_secret_alone_with_the_mouse_left_to_the_terminal(
    loki: Loki, draft: Draft, raw: str, size: tuple[int, int]
) -> None:
    async with on_stage(RevealDialog(loki, draft), size=size) as stage:
        await _ready(stage)
        await stage.press("b")
        await stage.until(lambda: raw in stage.text)
        assert [line.rstrip() for line in stage.lines if "loki_" in line] == [raw]
        assert stage.app.mouse_suspended
        assert "Proof" not in stage.text
        await stage.press("s")  # any key goes back, and does nothing else
        await stage.until(lambda: "Proof" in stage.text)
        assert raw not in stage.text
        assert not stage.app.mouse_suspended


@pytest.mark.parametrize("key", ["escape", "enter", "k", "q", "ctrl+c", "tab", "space"])
async def test_no_key_in_the_bare_line_does_anything_but_go_back(loki: Loki, draft: Draft, key: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await _ready(stage)
        await stage.press("b")
        await stage.until(lambda: stage.dialog.query_one(BareLine).is_shown)
        await stage.press(key)
        await stage.until(lambda: not stage.dialog.query_one(BareLine).is_shown)
        assert not stage.is_left
        assert "k: skip, I have it" in stage.flat


async def test_a_recorded_screen_warns_before_anything_is_shown(
    loki: Loki, draft: Draft, raw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASCIINEMA_REC", "1")
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.until_shown("! asciinema records this terminal: use f, not s or b")
        for key in ("s", "b"):
            await stage.press(key)
            if key == "s":
                await stage.until_shown("press s again to show the secret all the same")
                assert raw not in stage.text
        await stage.until(lambda: raw in stage.text)


async def test_a_rotation_says_that_the_old_secret_works_on_and_until_when(loki: Loki, clock: Clock) -> None:
    old = loki.tokens.generate("ci-bot")
    draft = loki.tokens.prepare_rotation("ci-bot", grace_hours=24)
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.until_shown("The old secret then works for 24 h more, until 2026-11-24 20:01Z if now.")
        clock.move(hours=2)
        await stage.press("k", "enter")
        await stage.until(lambda: stage.results)
    ends = loki.tokens.get(old.token.id).expires_at
    assert f"{ends:%Y-%m-%d %H:%M}" == "2026-11-24 22:01", "the grace begins when it is confirmed"


async def test_a_rotation_without_grace_says_that_the_old_secret_stops(loki: Loki) -> None:
    loki.tokens.generate("ci-bot")
    draft = loki.tokens.prepare_rotation("ci-bot", grace_hours=0)
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.until_shown("The old secret stops working at that moment.")


@pytest.mark.parametrize("name", [HOSTILE, STRAY])
async def test_markup_in_a_name_is_inert(loki: Loki, name: str) -> None:
    async with on_stage(RevealDialog(loki, loki.tokens.prepare(name))) as stage:
        await stage.until_shown(name)
        for y, line in enumerate(stage.lines):
            if name in line:
                await stage.pilot.click(offset=(line.index(name) + len(name) // 2, y))
        assert not stage.app.quit_was_run


# Proving


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
    assert _names(loki) == ["ci-bot"]


@pytest.mark.parametrize("given", ["aaaaaa", "loki_" + "a" * 49, "", " "])
async def test_a_wrong_proof_makes_nothing_live(loki: Loki, draft: Draft, given: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.paste(given)
        await stage.press("enter")
        await stage.until_shown("prove first that you saved it")
        assert not stage.results
    assert _names(loki) == []


async def test_a_proof_that_is_changed_again_counts_no_more(loki: Loki, draft: Draft, raw: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.paste(raw)
        await stage.until_shown("it matches")
        await stage.press("backspace", "enter")
        await stage.until_shown("prove first that you saved it")
    assert _names(loki) == []


async def test_enter_alone_makes_nothing_live(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("enter", "enter")
        await stage.until_shown("prove first that you saved it")
        assert not stage.results
    assert _names(loki) == []


async def test_k_takes_your_word_and_a_second_k_gives_it_back(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("k")
        await stage.until_shown("not proved, by your word")
        await stage.press("k", "enter")
        await stage.until_shown("prove first that you saved it")
        assert not stage.results
        await stage.press("shift+tab", "k", "enter")
        await stage.until(lambda: stage.results)
    assert _names(loki) == ["ci-bot"]


async def test_letters_are_keys_until_tab_moves_to_proof(loki: Loki, draft: Draft, raw: str) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await _ready(stage)
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
        await _ready(stage)
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


# Leaving


async def test_a_discarded_reveal_leaves_no_token_and_nothing_on_disk(
    loki: Loki, draft: Draft, isolated_home: Path
) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("s", "escape")
        assert stage.results == [None]
    assert _names(loki) == []
    assert list((isolated_home / ".loki").rglob("*.json*")) == []


async def test_a_dropped_dialog_leaves_no_token_and_no_secret(loki: Loki, draft: Draft) -> None:
    dialog = RevealDialog(loki, draft)
    async with on_stage(dialog) as stage:
        await _ready(stage)
        await stage.press("b")
        dialog.dismiss(None)  # as the idle lock does
        await stage.until(lambda: stage.results)
        await stage.until(lambda: not stage.app.secret_on_screen)
        assert not stage.app.mouse_suspended
        assert dialog._find_secret() is None
    assert _names(loki) == []


async def test_a_console_that_ends_leaves_no_token(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("k")
        stage.app.exit()
    assert _names(loki) == []


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
        await _ready(stage)
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


# Copying


async def test_copying_says_what_was_done_and_never_that_it_arrived(loki: Loki, draft: Draft) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("c")
        await stage.until_shown("sent to your terminal; it cannot tell us whether it arrived")
        assert "copied" not in stage.text


async def test_a_copy_that_probably_does_not_arrive_is_called_doubtful_beforehand(
    loki: Loki, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "tmux-256color")
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.7 1 10.0.0.1 22")
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.until_shown("c Copy (doubtful)")
        assert len([line for line in stage.lines if "Show" in line and "File, 0600" in line]) == 1


# Delivering


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
        assert _names(loki) == []
        await stage.until_shown("Esc Discard (and remove the file)")
        await stage.press("enter")
        await stage.until(lambda: stage.results)
    assert _names(loki) == ["ci-bot"]
    assert target.read_text() == raw + "\n"


async def test_discarding_after_the_file_was_written_removes_it(loki: Loki, draft: Draft, isolated_home: Path) -> None:
    async with on_stage(RevealDialog(loki, draft)) as stage:
        await stage.press("f", "enter")
        await stage.until_shown("written to")
        assert (isolated_home / "ci-bot.token").exists()
        await stage.press("escape")
        await stage.until(lambda: stage.results == [None])
        await stage.until(lambda: not (isolated_home / "ci-bot.token").exists())
    assert _names(loki) == []


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
            assert _names(loki) == []
            await stage.press("enter")
            await stage.until(lambda: stage.results)
        assert _names(loki) == ["ci-bot"]


async def test_a_sink_that_fails_is_told_and_does_not_count(isolated_home: Path, tmp_path: Path) -> None:
    with open_loki(isolated_home, config=_sink_config(tmp_path / "out", status=3)) as loki:
        async with on_stage(RevealDialog(loki, loki.tokens.prepare("ci-bot"))) as stage:
            await stage.press("t")
            await stage.until_shown("failed with exit status 3")
            await stage.press("enter")
            await stage.until_shown("prove first that you saved it")
        assert _names(loki) == []


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
    assert _names(loki) == ["ci-bot"]


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
        assert _names(loki) == []


def test_the_keys_are_as_drawn() -> None:
    keys = {binding.key for binding in RevealDialog.BINDINGS if isinstance(binding, Binding)}
    assert {"s", "c", "b", "f", "t", "k", "enter"} <= keys


def test_a_line_without_a_secret_shows_its_mask() -> None:
    line = SecretLine(lambda: None)
    line.set_reactive(SecretLine.shown, True)
    assert str(line.render()) == "loki_" + "*" * 49

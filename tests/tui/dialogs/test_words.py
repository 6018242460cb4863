"""What dialogs say, and the pieces they are made of: without a screen."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from loki_core import Scope, ScopeCatalog, Secret
from loki_core.delivery import write_secret_file
from loki_core.tokens.secret import mint_secret
from loki_tui.dialogs import headless
from loki_tui.dialogs.choice import Choice, Option
from loki_tui.dialogs.custody import Custody, Saved
from loki_tui.dialogs.delivery import Delivered, suggest_path
from loki_tui.dialogs.grant import describe_allowed, describe_refused
from loki_tui.dialogs.proof import ProofField
from loki_tui.dialogs.reveal_words import describe_copying, describe_recordings
from loki_tui.terminal.clipboard import CopyPlan, CopyRoute


def test_a_command_is_folded_between_words_and_reads_the_same_in_a_shell() -> None:
    argv = headless.generate("ci bot", role=None, scopes=("read", "audit"), expires="30", note="what's up\\")
    for width in (20, 40, 67, 200):
        folded = headless.fold(argv, width)
        assert shlex.split(folded.replace("\\\n", " ")) == argv
    assert all(len(line) <= 67 for line in headless.fold(argv, 67).split("\n"))


def test_a_value_like_an_option_is_one_word_with_its_option() -> None:
    argv = headless.generate("-x", role="viewer", scopes=None, expires="90", note="--expires never")
    assert argv[4:] == ["--role", "viewer", "--expires", "90", "--note=--expires never", "--", "-x"]
    assert shlex.split(headless.fold(argv, 40).replace("\\\n", " ")) == argv


def test_an_option_stays_on_a_line_with_its_value() -> None:
    argv = headless.generate("ci-bot", role="viewer", scopes=None, expires="90")
    assert "--role viewer" in headless.fold(argv, 47)


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        (("read",), "read: view dashboard, logs, metrics"),
        (("read", "write"), "write > read"),
        (("control", "audit"), "control > write > read, audit"),
        (("*",), "everything, token management too"),
        (("ops",), "ops > write + read + audit"),
        ((), "nothing"),
        (("unknown",), "nothing"),
    ],
)
def test_a_grant_is_told_by_its_strongest_scopes(held: tuple[str, ...], allowed: str) -> None:
    catalog = ScopeCatalog([Scope(name="ops", implies=("write", "audit"))])
    assert describe_allowed(catalog, held) == allowed


def test_what_is_refused_always_ends_with_token_management() -> None:
    assert describe_refused(ScopeCatalog(), ("control",)) == "audit, token management"
    assert describe_refused(ScopeCatalog(), ("*",)) == "nothing"


def test_what_is_forbidden_cannot_be_moved_to() -> None:
    options = [Option(value="a", label="a"), Option(value="b", label="b", forbidden="no"), Option(value="c", label="c")]
    choice = Choice(options, value="a")
    assert [option.text for option in options] == ["a", "b: no", "c"]
    assert choice.sign(0) == "(*)"
    assert choice.sign(2) == "( )"


@pytest.mark.parametrize("given", ["", "loki_", "x" * 6])
def test_a_proof_is_the_whole_secret_or_its_last_six_and_nothing_else(given: str) -> None:
    secret = mint_secret()
    field = ProofField()
    for text, is_right in [(secret.reveal(), True), (secret.reveal()[-6:], True), (secret.reveal()[-5:], False)]:
        field._given = Secret(text)
        assert field.proves(secret) is is_right
    field._given = Secret(given)
    assert not field.proves(secret)


def test_a_proof_that_is_not_ascii_is_wrong_and_no_error() -> None:
    field = ProofField()
    field._given = Secret("пароль")
    assert not field.proves(mint_secret())


def test_custody_takes_the_file_back_once(tmp_path: Path) -> None:
    custody = Custody()
    path = tmp_path / "x.token"
    custody.note_delivered(Delivered(words="written", file=write_secret_file(path, mint_secret())))
    assert custody.has_file
    steps = [custody.saved, custody.take_back(), custody.saved]
    assert steps == [Saved.DELIVERED, f"{path} was removed", Saved.NOT]
    assert custody.take_back() == ""
    assert not path.exists()


def test_what_was_handed_over_to_a_commit_is_not_taken_back(tmp_path: Path) -> None:
    custody = Custody()
    path = tmp_path / "x.token"
    custody.note_delivered(Delivered(words="written", file=write_secret_file(path, mint_secret())))
    assert custody.hand_over() is not None
    assert custody.take_back() == ""
    assert path.exists()


def test_what_went_to_a_sink_cannot_be_taken_back_and_is_said_to_be_dead() -> None:
    assert "never becomes live" in Delivered(words="sent to the sink x").take_back()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ci-bot", "~/ci-bot.token"),
        ("../../etc/passwd", "~/etc-passwd.token"),
        ("名", "~/new.token"),
        ("a" * 255, "~/" + "a" * 60 + ".token"),
        ("loki_" + "b" * 49, "~/loki_.token"),
    ],
)
def test_a_suggested_path_stays_in_the_home_directory_and_holds_no_secret(name: str, path: str) -> None:
    assert suggest_path(name) == path


def test_recordings_are_named_with_what_to_use_instead() -> None:
    words = describe_recordings(("tmux pipe-pane records this pane",), has_sink=True)
    assert words == "! tmux pipe-pane records this pane: use f or t, not s or b"
    assert describe_recordings((), has_sink=True) == ""


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (CopyPlan(route=CopyRoute.TMUX), "Copy (tmux)"),
        (CopyPlan(route=CopyRoute.TERMINAL), "Copy"),
        (CopyPlan(route=CopyRoute.TERMINAL, doubt="ssh from inside tmux"), "Copy (doubtful)"),
        (CopyPlan(route=CopyRoute.NONE, doubt="no clipboard"), "Copy (not here)"),
    ],
)
def test_the_copy_key_says_what_it_does_here(plan: CopyPlan, words: str) -> None:
    assert describe_copying(plan) == words

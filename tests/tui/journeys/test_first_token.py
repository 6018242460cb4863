"""From an empty store to a token that works: what is there at each step, and what is not."""

from __future__ import annotations

import re

from tests.tui.journeys.conftest import StartConsole, StartInTmux
from tests.tui.journeys.console import (
    ask_for_token,
    at_cursor,
    hide_secret,
    make_live,
    make_token,
    prove,
    show_secret,
    wait_until_gone,
)
from tests.tui.journeys.installation import SECRET, Installation, list_process_traces


def test_an_empty_store_leads_to_a_token_that_verifies_elsewhere_and_its_secret_is_nowhere(
    start_in_tmux: StartInTmux, installation: Installation
) -> None:
    """Threat: secret in scrollback, pane logs, tmux buffers, process list and files."""
    console = start_in_tmux()
    console.wait_for("No tokens yet")
    console.wait_for(re.compile(r"Enter or n +make a token"))
    console.press("Enter")
    console.wait_for("New token")
    console.write("ci-bot")
    console.wait_for(re.compile(r"Check +ok"))
    console.wait_for("loki enterprise token generate ci-bot --role viewer --expires 90")
    console.press("Enter")
    console.wait_for("Save this secret")
    masked = console.wait_for("NOT LIVE until you confirm")
    assert "loki_" + "*" * 49 in masked
    assert SECRET.search(masked) is None

    shown_from = len(console.seen)
    secret = show_secret(console)
    shown = range(shown_from, len(console.seen))
    traces = list_process_traces()
    hide_secret(console)
    hidden_from = len(console.seen)

    console.press(":", "C-p")  # no palette, and so no screenshot, over a secret
    console.press("q")
    console.wait_for("q and ctrl+c are off while a secret is here")
    prove(console, secret)
    assert not installation.file.exists()
    assert not any(installation.home.rglob("audit-*"))
    assert "An action" not in console.look()

    make_live(console, "ci-bot")
    assert installation.verify(secret) == ["ci-bot"]
    assert installation.list_events() == ["auth.token.create", "auth.token.use"]
    console.press("Enter")
    console.wait_for("History")
    wait_until_gone(console, "looking")
    console.press("Escape")
    wait_until_gone(console, "History of")
    assert console.leave() == 0

    history = console.tmux.capture_history()
    places = {
        "process list": b"".join(traces.values()).decode(errors="replace"),
        "scrollback": history,
        "screens before": "".join(console.seen[: shown.start]),
        "screens after": "".join(console.seen[hidden_from:]),
        "buffers": "".join(console.tmux.list_buffers().values()),
        **{path: content.decode(errors="replace") for path, content in installation.read_files().items()},
    }
    assert [place for place, text in places.items() if secret in text or secret[5:-6] in text] == []
    assert history.strip().startswith("Pane is dead") or history.strip() == ""


def test_leaving_the_reveal_discards_the_token_without_a_trace(
    start_console: StartConsole, installation: Installation
) -> None:
    console = start_console()
    console.wait_for("No tokens yet")
    ask_for_token(console, "ci-bot")
    console.wait_for("Discard (nothing was created)")
    prove(console, show_secret(console))
    console.press("Escape")
    wait_until_gone(console, "Save this secret")
    console.wait_for("No tokens yet")
    assert console.leave() == 0
    assert not installation.file.exists()
    assert installation.list_events() == []
    assert installation.list_names() == []


def test_a_discarded_token_changes_nothing_in_a_store_that_has_others(
    start_console: StartConsole, installation: Installation
) -> None:
    installation.fill("ci-old")
    before = installation.read_files()
    console = start_console()
    console.wait_for(at_cursor("ci-old"))
    ask_for_token(console, "ci-new")
    console.press("Escape")
    wait_until_gone(console, "Save this secret")
    assert console.leave() == 0
    assert installation.read_files() == before


def test_a_pasted_secret_is_proof_and_never_echoed(start_in_tmux: StartInTmux, installation: Installation) -> None:
    console = start_in_tmux()
    console.wait_for("No tokens yet")
    ask_for_token(console, "ci-bot")
    secret = show_secret(console)
    hide_secret(console)
    seen_before = len(console.seen)

    console.paste("loki_" + "x" * 49)
    console.wait_for("that is not it")
    console.press("Enter")
    console.wait_for("prove first")
    assert installation.list_names() == []

    console.paste(f"{secret}\n")  # the end of line that a terminal's selection often carries is no Enter
    console.wait_for("it matches")
    assert installation.list_names() == []
    make_live(console, "ci-bot")
    assert console.leave() == 0
    assert secret not in "".join(console.seen[seen_before:]) + console.tmux.capture_history()
    assert console.tmux.list_buffers() == {}
    assert installation.verify(secret) == ["ci-bot"]


def test_a_wrong_proof_makes_nothing_live_and_somebody_s_word_does(
    start_console: StartConsole, installation: Installation
) -> None:
    console = start_console()
    console.wait_for("No tokens yet")
    ask_for_token(console, "ci-bot")
    secret = show_secret(console)
    console.press("Tab")
    console.write("wrong1")
    console.wait_for("that is not it")
    console.press("Enter")
    console.wait_for("prove first")
    assert installation.list_names() == []
    console.press("Up", "k")
    console.wait_for("by your word")
    make_live(console, "ci-bot")
    assert installation.verify(secret) == ["ci-bot"]

    # The keys are the table's again, although it was not there when the first token was asked for.
    assert SECRET.search(console.look()) is None
    make_token(console, "aa-second")
    console.press("j")
    console.press("x")
    console.wait_for(re.compile(r"Revoke \S+\?"))
    console.press("Escape")
    wait_until_gone(console, re.compile(r"Revoke \S+\?"))
    assert console.leave() == 0
    assert console.terminal.screen.entries == 1


def test_what_is_typed_ahead_reaches_the_field_it_was_meant_for(
    start_console: StartConsole, installation: Installation
) -> None:
    """A slow line brings several keys at once: none of them may act on the table, or in the reveal."""
    installation.fill("ci-bot", "xnq-deploy")
    console = start_console()
    console.wait_for(at_cursor("ci-bot"))
    console.write("/xnq-\r")
    console.wait_for("1 of 2 shown")
    console.wait_for(at_cursor("xnq-deploy"))
    ask_for_token(console, "ci-new")
    console.write("\tkkqscb")
    console.wait_for(re.compile(r"Proof +\*{6} "))
    console.wait_for("that is not it")
    assert SECRET.search(console.look()) is None
    assert console.terminal.running
    console.press("Escape")
    wait_until_gone(console, "Save this secret")
    assert console.leave() == 0
    assert b"\x1b]52;" not in console.terminal.raw

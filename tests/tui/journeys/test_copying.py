"""Copying a new secret: what the terminal gets, what tmux keeps, and what the screen claims."""

from __future__ import annotations

import base64
import re

from tests.tui.journeys.conftest import StartConsole, StartInTmux
from tests.tui.journeys.console import Console, ask_for_token, hide_secret, show_secret
from tests.tui.journeys.installation import Installation

OSC_52 = re.compile(rb"\x1b\]52;([^;]*);([^\x07\x1b]*)(?:\x07|\x1b\\)")


def _reveal(console: Console) -> str:
    console.wait_for("No tokens yet")
    ask_for_token(console, "ci-bot")
    secret = show_secret(console)
    hide_secret(console)
    return secret


def test_outside_tmux_exactly_one_osc_52_carries_the_secret(start_console: StartConsole) -> None:
    console = start_console()
    secret = _reveal(console)
    before = console.terminal.raw
    assert b"\x1b]52;" not in before
    console.press("c")
    seen = console.wait_for("sent to your terminal; it cannot tell us whether it arrived")
    assert "copied" not in seen.lower()
    written = console.terminal.raw
    assert OSC_52.findall(written) == [(b"c", base64.b64encode(secret.encode()))]
    assert written.count(b"\x1b]52;") == 1
    assert secret.encode() not in written[len(before) :]


def test_inside_tmux_the_outer_terminal_gets_it_and_other_buffers_stay_as_they_are(
    start_in_tmux: StartInTmux, installation: Installation
) -> None:
    """Threat: secret in tmux buffers."""
    console = start_in_tmux()
    secret = _reveal(console)
    console.tmux.run("set-buffer", "-b", "mine", "what was there before")
    console.tmux.run("set-buffer", "an automatic one")
    before = console.tmux.list_buffers()
    outer = console.tmux.attach()
    outer.wait_for("Save this secret", deadline=60)
    console.wait_for(re.compile(r"Copy \(tmux"))
    console.press("c")
    seen = console.wait_for("sent to your terminal; it cannot tell us whether it arrived")
    assert "copied" not in seen.lower()
    encoded = base64.b64encode(secret.encode())
    outer.wait_for_bytes(re.compile(rb"\x1b\]52;c?;" + re.escape(encoded)), deadline=60)
    assert [found[1] for found in OSC_52.findall(outer.raw)] == [encoded]
    assert console.tmux.list_buffers() == before
    assert len(before) == 2
    assert secret not in console.tmux.capture_history()
    assert not installation.file.exists()


def test_a_recorded_pane_is_told_of_before_the_secret_is_shown(start_in_tmux: StartInTmux) -> None:
    """Threat: secret in pane logs."""
    console = start_in_tmux()
    console.wait_for("No tokens yet")
    console.tmux.run("pipe-pane", "-t", "main", "cat > /dev/null")
    ask_for_token(console, "ci-bot")
    console.wait_for("tmux pipe-pane records this pane")
    console.press("s")
    seen = console.wait_for("press s again to show the secret all the same")
    assert "loki_" + "*" * 49 in seen
    console.press("b")
    console.wait_for(re.compile("^loki_[0-9A-Za-z]{49}$", re.MULTILINE))  # told once is enough

"""Changes by other processes: seen without a key, and without moving the cursor."""

from __future__ import annotations

import re

from tests.tui.journeys.conftest import StartConsole
from tests.tui.journeys.console import at_cursor, wait_until_gone
from tests.tui.journeys.installation import Installation


def test_what_others_do_appears_by_itself_and_the_cursor_stays_on_its_token(
    start_console: StartConsole, installation: Installation
) -> None:
    console = start_console()
    console.wait_for("No tokens yet")

    # The first tokens of all, made elsewhere: the table appears, and its keys work.
    installation.fill(*(f"svc-{number:02}" for number in range(30)))
    console.wait_for("30 shown")
    console.wait_for("token show svc-00")
    console.press(*"jjj")
    console.wait_for(at_cursor("svc-03"))

    installation.run_loki("token", "generate", "aa-first", "--role", "viewer", "--expires", "20")
    seen = console.wait_for("31 shown")
    assert at_cursor("svc-03").search(seen)
    assert seen.index("aa-first") < seen.index("svc-03")

    installation.run_loki("token", "revoke", "svc-01")
    seen = console.wait_for("30 shown")
    assert at_cursor("svc-03").search(seen)
    assert "svc-01" not in seen

    # The token under the cursor goes: the cursor takes the next one.
    installation.run_loki("token", "revoke", "svc-03")
    console.wait_for("29 shown")
    console.wait_for(at_cursor("svc-04"))

    # While a filter is typed: it goes on, on what there is now.
    console.write("/svc-1")
    console.wait_for("10 of 29 shown")
    installation.run_loki("token", "generate", "svc-1-new", "--role", "viewer", "--expires", "30")
    console.wait_for("11 of 30 shown")
    console.write("9")
    console.wait_for("1 of 30 shown")
    console.press("Enter")
    console.wait_for(at_cursor("svc-19"))
    installation.run_loki("token", "revoke", "svc-19")
    console.wait_for("0 of 29 shown")
    console.wait_for("no token matches")
    console.press("Escape")
    console.wait_for(re.compile("(?<!of )29 shown"))

    # Behind an open question, which then finds it done.
    console.press("g")
    console.wait_for(at_cursor("aa-first"))
    console.press("x")
    console.wait_for(re.compile(r"Used +never"))
    installation.run_loki("token", "revoke", "aa-first")
    console.wait_for(re.compile("28 shown"))
    console.press("y")
    console.wait_for("revoked already: aa-first")
    wait_until_gone(console, "Revoke aa-first?")
    assert installation.list_events().count("auth.token.revoke") == 4
    assert console.leave() == 0
    assert (console.terminal.screen.entries, console.terminal.screen.clears) == (1, 0)

"""Revoking, deleting and rotating: what is asked first, and what holds in other processes afterwards."""

from __future__ import annotations

import re

from tests.tui.journeys.conftest import StartConsole
from tests.tui.journeys.console import at_cursor, prove, show_secret, wait_until_gone
from tests.tui.journeys.installation import Installation

QUESTION = re.compile(r"─ Revoke ")


def test_revoking_asks_first_defaults_to_no_and_holds_in_other_processes(
    start_console: StartConsole, installation: Installation
) -> None:
    secrets = installation.fill("ci-one", "ci-two", "ci-three", "ci-four")
    assert installation.verify(secrets["ci-one"]) == ["ci-one"]  # so that somebody uses it
    console = start_console()
    console.wait_for(at_cursor("ci-one"))

    # One token: the question names it, who uses it, and the command; Enter means No.
    console.press("x")
    console.wait_for(re.compile(r"Used +just now from this host"))
    asked = console.wait_for("loki enterprise token revoke ci-one")
    assert "Revoke ci-one?" in asked
    assert "(*) no" in asked
    console.press("Enter")
    wait_until_gone(console, QUESTION)
    assert installation.verify(secrets["ci-one"]) == ["ci-one"]

    # Marks: typed out, because there are several.
    console.press("Space")
    console.wait_for("1 marked")
    console.wait_for(at_cursor("ci-two"))
    console.press("Space")
    console.wait_for("2 marked")
    console.press("x")
    console.wait_for("Revoke 2 tokens?")
    asked = console.wait_for(re.compile("1 of 2 in the last 30 days"))
    assert "ci-one, ci-two" in asked
    assert "ci-three" not in asked.partition("Revoke 2 tokens?")[2].partition("╰")[0]
    console.press("Enter")
    console.wait_for("that is not 2")
    assert installation.verify(*secrets.values()) == list(secrets)
    console.write("2")
    wait_until_gone(console, "once typed")
    console.press("Enter")
    console.wait_for("2 shown")
    wait_until_gone(console, QUESTION)
    assert installation.verify(*secrets.values()) == ["token_revoked", "token_revoked", "ci-three", "ci-four"]
    assert installation.list_events().count("auth.token.revoke") == 2
    assert "2 marked" not in console.look()

    # A single one, by yes.
    console.wait_for(re.compile("^>", re.MULTILINE))
    console.press("g")
    console.wait_for(at_cursor("ci-three"))
    console.press("x")
    console.wait_for("Revoke ci-three?")
    console.wait_for(re.compile(r"Used +just now"))
    console.press("y")
    console.wait_for("revoked: ci-three")
    assert installation.verify(secrets["ci-three"]) == ["token_revoked"]
    assert console.leave() == 0


def test_only_what_is_dead_is_deleted_and_its_name_is_typed_first(
    start_console: StartConsole, installation: Installation
) -> None:
    secrets = installation.fill("alive", "dead")
    installation.run_loki("token", "revoke", "dead")
    console = start_console()
    console.wait_for(at_cursor("alive"))
    console.press("d")
    console.wait_for("alive is active: only revoked")
    assert installation.list_names() == ["alive", "dead"]

    console.press("a")
    console.wait_for("2 shown")
    console.press("G")
    console.wait_for(at_cursor("dead"))
    console.press("d")
    console.wait_for("Delete dead?")
    console.wait_for(re.compile(r"Used +never"))
    console.press("Enter")
    console.wait_for("that is not dead")
    assert installation.list_names() == ["alive", "dead"]
    console.write("dead")
    wait_until_gone(console, "once typed")
    console.press("Enter")
    console.wait_for("deleted 1 token")
    console.wait_for("1 shown")
    assert installation.list_names() == ["alive"]
    assert installation.verify(*secrets.values()) == ["alive", "token_revoked"]
    assert installation.list_events().count("auth.token.delete") == 1
    assert console.leave() == 0


def test_a_rotation_starts_with_the_confirmation_and_e_ends_its_grace(
    start_console: StartConsole, installation: Installation
) -> None:
    old = installation.fill("ci-deploy", "other")["ci-deploy"]
    console = start_console()
    console.wait_for(at_cursor("ci-deploy"))
    console.press("e")
    console.wait_for("no old secret is in its grace here")

    console.press("r")
    console.wait_for("Rotate ci-deploy")
    console.wait_for(re.compile(r"Check +ok"))
    console.press("Enter")
    console.wait_for("Save this secret")
    console.wait_for(re.compile("The old secret then works for 24 h more"))
    new = show_secret(console)
    assert installation.verify(old, new) == ["ci-deploy", "token_unknown"]
    prove(console, new)
    console.press("Enter")
    console.wait_for("ci-deploy has a new secret")
    console.wait_for(re.compile(r"^>..?ci-deploy +rotating", re.MULTILINE))
    assert installation.verify(old, new) == ["ci-deploy", "ci-deploy"]

    console.press("e")
    console.wait_for("Revoke ci-deploy")
    console.wait_for(re.compile(r"Used +just now"))
    console.wait_for(re.compile(r"loki enterprise token revoke tok-[0-9a-f]{12}"))
    console.press("y")
    console.wait_for(re.compile(r"^>..?ci-deploy +active", re.MULTILINE))
    assert installation.verify(old, new) == ["token_revoked", "ci-deploy"]
    assert console.leave() == 0
    assert old.encode() not in console.terminal.raw

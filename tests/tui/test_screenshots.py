"""The screens as a person sees them, byte for byte: written to `screenshots/`, from where the README shows them.

A change that is meant: LOKI_UPDATE_SCREENSHOTS=1 writes them anew.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from loki_core import Loki
from loki_tui.demo import open_demo
from loki_tui.preferences import Preferences
from loki_tui.screens.audit import AuditScreen
from tests.tui.samples import (
    NOW,
    build_app,
    get_audit,
    get_screen,
    open_store,
    read_screen,
    wait_for_entries,
    wait_for_rows,
    wait_until,
)

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
FONTS = 'font-family: "Fira Code", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'
UPDATE = os.environ.get("LOKI_UPDATE_SCREENSHOTS") == "1"
"""Read before the tests begin, for they see nothing of whoever runs them."""
_SIZES = {"60x20": (60, 20), "80x24": (80, 24), "160x48": (160, 48)}


def compare(pilot: Pilot[None], name: str) -> None:
    """Hold the screen against the committed picture, or write that."""
    svg = pilot.app.export_screenshot(title="loki-tui", simplify=True)
    # Rich names its styles after the content, and fetches a font from elsewhere; neither belongs in a repository.
    svg = re.sub(r"terminal-\d+", "loki", svg)
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]+", FONTS, svg)
    path = SCREENSHOTS / f"{name}.svg"
    if UPDATE:
        path.write_text(svg)
    assert path.exists(), f"{path} is missing: run with LOKI_UPDATE_SCREENSHOTS=1"
    assert svg == path.read_text(), f"{path} has changed: look at it, then run with LOKI_UPDATE_SCREENSHOTS=1"


def pretend_ssh(loki: Loki) -> Loki:
    """Return the store with an actor who came over ssh, wherever the test runs."""
    claimed = (("SSH_CONNECTION", "10.0.0.7 50122 10.0.0.1 22"),)
    return loki.acting_as(replace(loki.actor, subject="os:alice", name="alice", claimed=claimed))


async def settle(pilot: Pilot[None]) -> None:
    """Wait until the details of the row at the cursor are shown, and how the audit log stands."""
    screen = await wait_for_rows(pilot)
    await wait_until(pilot, lambda: screen.strip.is_settled and screen.app.standing.state is not None)
    await pilot.pause()


async def open_audit(pilot: Pilot[None]) -> AuditScreen:
    """Go to the Audit screen, and wait until everything on it was read."""
    await settle(pilot)
    await pilot.press("2")
    screen = await wait_for_entries(pilot)
    await wait_until(pilot, lambda: screen.week.is_counted)
    await settle_audit(pilot)
    return screen


async def settle_audit(pilot: Pilot[None]) -> None:
    """Wait until the details of the entry at the cursor are shown."""
    screen = get_audit(pilot)
    await wait_until(pilot, lambda: screen.strip.is_settled)
    await pilot.pause()


@pytest.mark.parametrize("size", _SIZES)
async def test_the_tokens_screen_at_every_size(size: str) -> None:
    with open_demo(now=NOW) as loki:
        async with build_app(pretend_ssh(loki)).run_test(size=_SIZES[size]) as pilot:
            await settle(pilot)
            await pilot.press("j")
            await settle(pilot)
            lines = read_screen(pilot).split("\n")
            assert len(lines) == _SIZES[size][1]
            assert all(len(line) <= _SIZES[size][0] for line in lines)
            compare(pilot, f"tokens-{size}")


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark", "nord"])
async def test_the_tokens_screen_in_other_colours(theme: str) -> None:
    with open_demo(now=NOW) as loki:
        app = build_app(pretend_ssh(loki), preferences=Preferences(theme=theme))
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await pilot.press("j", "space", "space")
            await settle(pilot)
            compare(pilot, f"tokens-{theme}")


async def test_the_tokens_screen_with_a_filter() -> None:
    with open_demo(now=NOW) as loki:
        async with build_app(pretend_ssh(loki)).run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await pilot.press("slash", *"owner:bo role:op")
            await settle(pilot)
            screen = get_screen(pilot)
            screen.query_one("FilterInput").cursor_blink = False  # type: ignore[attr-defined]
            await pilot.pause()
            compare(pilot, "tokens-filter")


async def test_the_tokens_screen_that_may_only_be_read() -> None:
    with open_demo(now=NOW) as loki:
        async with build_app(pretend_ssh(loki), read_only=True).run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            compare(pilot, "tokens-read-only")


async def test_a_store_without_tokens_says_what_to_do(tmp_path: Path) -> None:
    with open_store(tmp_path, clock=lambda: NOW) as loki:
        async with build_app(pretend_ssh(loki)).run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            compare(pilot, "tokens-empty")


async def press_until(pilot: Pilot[None], key: str, text: str) -> None:
    """Press a key and wait until a text is on the screen."""
    await pilot.press(key)
    await wait_until(pilot, lambda: text in read_screen(pilot))
    await pilot.pause()


async def test_the_dialog_for_a_new_token_and_the_reveal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMUX", "STY", "SSH_CONNECTION", "SCRIPT", "ASCIINEMA_REC"):
        monkeypatch.delenv(name, raising=False)
    with open_demo(now=NOW) as loki:
        async with build_app(pretend_ssh(loki)).run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await press_until(pilot, "n", "give it a name")
            await pilot.press(*"ci-preview")
            await wait_until(pilot, lambda: "ok: name" in read_screen(pilot))
            for field in pilot.app.screen.query("Input"):
                field.cursor_blink = False  # type: ignore[attr-defined]
            await pilot.pause()
            compare(pilot, "new-token")
            await press_until(pilot, "enter", "NOT LIVE")
            compare(pilot, "reveal")


async def test_the_question_before_a_revocation() -> None:
    with open_demo(now=NOW) as loki:
        async with build_app(pretend_ssh(loki)).run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await pilot.press("j")
            await settle(pilot)
            await press_until(pilot, "x", "10.2.0.14")
            compare(pilot, "revoke")


@pytest.mark.parametrize("size", _SIZES)
async def test_the_audit_screen_at_every_size(size: str) -> None:
    with open_demo(now=NOW) as loki:
        async with build_app(pretend_ssh(loki)).run_test(size=_SIZES[size]) as pilot:
            await open_audit(pilot)
            await pilot.press("w")
            await settle_audit(pilot)
            lines = read_screen(pilot).split("\n")
            assert len(lines) == _SIZES[size][1]
            assert all(len(line) <= _SIZES[size][0] for line in lines)
            compare(pilot, f"audit-{size}")


async def test_the_audit_screen_on_a_light_background() -> None:
    with open_demo(now=NOW) as loki:
        app = build_app(pretend_ssh(loki), preferences=Preferences(theme="textual-light"))
        async with app.run_test(size=(80, 24)) as pilot:
            await open_audit(pilot)
            await pilot.press("f", "p", "j")
            await settle_audit(pilot)
            compare(pilot, "audit-textual-light")


async def test_an_entry_in_full() -> None:
    with open_demo(now=NOW) as loki:
        async with build_app(pretend_ssh(loki)).run_test(size=(80, 24)) as pilot:
            await open_audit(pilot)
            await pilot.press("slash", *"rotate", "enter")
            await settle_audit(pilot)
            await press_until(pilot, "enter", ", line ")
            compare(pilot, "audit-entry")


async def test_the_newest_head_and_the_first_key() -> None:
    with open_demo(now=NOW) as loki:
        async with build_app(pretend_ssh(loki)).run_test(size=(80, 24)) as pilot:
            await open_audit(pilot)
            await press_until(pilot, "h", "Newest head")
            compare(pilot, "audit-head")


async def test_what_verifying_says_of_a_whole_log() -> None:
    with open_demo(now=NOW) as loki:
        async with build_app(pretend_ssh(loki)).run_test(size=(80, 24)) as pilot:
            await open_audit(pilot)
            await press_until(pilot, "v", "The audit log is whole")
            compare(pilot, "audit-verified")


async def test_what_verifying_says_of_a_log_that_was_tampered_with() -> None:
    with open_demo(now=NOW) as loki:
        file = Path(loki.settings.dashboard) / "audit" / "audit-2026-11-22.jsonl"
        lines = file.read_bytes().splitlines(keepends=True)
        at = next(number for number, line in enumerate(lines) if b'"auth.token.rotate"' in line)
        lines[at] = lines[at].replace(b'"os:bo"', b'"os:al"')
        file.write_bytes(b"".join([*lines[: at + 3], *lines[at + 4 :]]))
        async with build_app(pretend_ssh(loki)).run_test(size=(80, 24)) as pilot:
            await open_audit(pilot)
            await press_until(pilot, "v", "NOT WHOLE")
            compare(pilot, "audit-tampered")
            await pilot.press("escape")
            await wait_until(pilot, lambda: "THE LOG IS NOT WHOLE" in read_screen(pilot))
            assert "AUDIT NOT WHOLE" in read_screen(pilot)
            await pilot.press("1")
            await wait_until(pilot, lambda: pilot.app.screen is get_screen(pilot))
            assert "AUDIT NOT WHOLE" in read_screen(pilot)

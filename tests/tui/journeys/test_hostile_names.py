"""Names, notes and records by somebody else's hand: shown as text wherever they appear, and never a crash."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from tests.tui.journeys.conftest import StartConsole
from tests.tui.journeys.console import PtyConsole, at_cursor, wait_until_gone
from tests.tui.journeys.installation import Installation

MARKUP = "[@click=app.quit]x[/]"
STRAY = "[/foo]"
TITLE = "\x1b]0;pwned\x07t"
BIDI = "invoice\u202egnp.exe"
NAMES = [
    MARKUP,
    STRAY,
    TITLE,
    BIDI,
    "\x9b2Jc1",
    "a\nb\tc",
    "[bold red]loud",
    "$(reboot)",
    "{x!r:>{y}}",
    "e\u0301\u200b\ufeff",
    "\u4e2d\u6587" * 60,
    "x" * 5000,
    "\U000e0041tag",
    " ",
    "",
]
"""What a foreign writer may call a token: markup, escapes, turned text, nothing to be seen, far too much."""

BROKEN: list[Any] = [
    None,
    7,
    [],
    {},
    {"id": 7},
    {"name": None, "hash": "0" * 64, "scopes": ["read"]},
    {"name": "scopes are text", "hash": "1" * 64, "scopes": "read"},
    {"name": "scopes are a mapping", "hash": "2" * 64, "scopes": {"a": 1}},
    {"name": "expires is a number", "hash": "3" * 64, "scopes": ["read"], "expires_at": 5},
    {"name": "expires never was", "hash": "4" * 64, "scopes": ["read"], "expires_at": "9999-99-99"},
    {"name": "far away", "hash": "5" * 64, "scopes": ["read"], "expires_at": "9999-12-31T23:59:59+00:00"},
    {"name": "long ago", "hash": "6" * 64, "scopes": ["read"], "created_at": "0001-01-01T00:00:00+00:00"},
    {"name": "revoked is text", "hash": "7" * 64, "scopes": ["read"], "revoked": "no"},
    {"name": "the note is a list", "hash": "8" * 64, "scopes": ["read"], "note": [MARKUP]},
    {"name": "scopes nobody knows", "hash": "9" * 64, "scopes": [MARKUP, TITLE], "role": STRAY, "owner": BIDI},
    {"name": "rotated from itself", "hash": "a" * 64, "scopes": ["*"], "rotated_from": "tok-aaaaaaaaaaaa"},
    {"name": ["a", "list"], "hash": "b" * 64, "scopes": None, "last_used": {}},
]


def _write_store(installation: Installation) -> int:
    tokens: dict[str, Any] = {}
    for number, name in enumerate(NAMES):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        tokens[f"tok-{digest[:12]}"] = {
            "id": f"tok-{digest[:12]}",
            "name": name,
            "hash": digest,
            "scopes": ["read"],
            "created_at": "2026-01-01T00:00:00+00:00",
            "expires_at": f"{2040 + number}-01-01T00:00:00+00:00",
            "revoked": False,
            "owner": f"os:{name}",
            "note": name,
            "role": name,
            MARKUP: TITLE,
        }
    for number, record in enumerate(BROKEN):
        tokens[f"tok-{chr(97 + number)}{STRAY}{TITLE}" if number % 2 else f"tok-{number:012x}"] = record
    installation.file.parent.mkdir(mode=0o700, parents=True)
    installation.file.write_text(json.dumps({"version": MARKUP, "tokens": tokens}))
    installation.file.chmod(0o600)
    return len(tokens)


def _assert_harmless(console: PtyConsole) -> None:
    assert console.terminal.running, console.look()
    raw = re.sub(rb"\x1b\]22;[a-z-]*\x07", b"", console.terminal.raw)  # Textual sets the pointer's shape
    assert b"\x1b]0;" not in raw
    assert b"\x9b" not in raw.decode(errors="replace").encode("latin-1", "ignore")
    for character in "\u202e\u200b\ufeff\U000e0041\x07":
        at = raw.find(character.encode())
        assert at < 0, raw[max(at - 200, 0) : at + 100]


def _look_into_everything(console: PtyConsole) -> None:
    """Open each dialog on the token at the cursor, and close it again."""
    titles: dict[str, str | re.Pattern[str]] = {
        "Enter": "─ History of",
        "y": "─ Why:",
        "x": re.compile("─ Revoke |revoked already"),
        "r": "─ Rotate ",
    }
    for key, title in titles.items():
        console.press(key)
        console.wait_for(title)
        if key == "x":
            wait_until_gone(console, "looking")
        _assert_harmless(console)
        console.press("Escape")
        wait_until_gone(console, re.compile("─ (?:History of|Why:|Revoke |Rotate )"))


def test_foreign_names_and_records_are_text_in_the_table_the_strip_and_every_dialog(
    start_console: StartConsole, installation: Installation
) -> None:
    """Threat: terminal markup and escape injection from names."""
    count = _write_store(installation)
    console = start_console(lines=48, columns=100)
    console.wait_for(f"{count} shown")
    for _ in range(count):
        console.press("j")
    console.press("g")
    console.press("s")  # by name
    console.wait_for("by name")
    _assert_harmless(console)

    # Each of the worst, found by the filter, and everything that there is about it.
    for shown in (MARKUP, STRAY, "pwned", "invoice"):
        console.write(f"/name:{shown}")
        console.wait_for(f"/ name:{shown} ")
        seen = console.wait_for(re.compile(rf"^>.*{re.escape(shown)}", re.MULTILINE))
        line = next(number for number, row in enumerate(seen.split("\n"), 1) if row.startswith(">"))
        console.press("Enter")
        console.click(seen.split("\n")[line - 1].index(shown[-1]) + 1, line)
        _assert_harmless(console)
        _look_into_everything(console)
        console.press("Escape")
        console.wait_for(re.compile(rf"(?<!of ){count} shown"))

    # The palette finds them by name.
    console.press(":")
    console.wait_for("An action, or a token")
    console.write("foo")
    console.wait_for(re.compile(re.escape(STRAY)))
    console.press("Enter")
    console.wait_for(at_cursor(STRAY))
    _assert_harmless(console)
    assert console.leave() == 0


def test_a_hostile_path_is_text_in_the_header_and_where_the_store_is_named(
    start_console: StartConsole, installation: Installation
) -> None:
    place = installation.home / "[@click=app.quit]h[" / "\x1b]0;pwned\x07\u202ei"
    place.mkdir(parents=True)
    console = start_console(env={"LOKI_HOME": str(place)}, columns=160)
    seen = console.wait_for("No tokens yet")
    assert "[@click=app.quit]" in seen.split("\n")[0]
    console.click(seen.split("\n")[0].index("app.quit") + 1, 1)
    console.press("n")
    console.wait_for("New token")
    _assert_harmless(console)
    console.press("Escape")
    wait_until_gone(console, "─ New token")
    assert console.leave() == 0

"""The console in a terminal, driven as a person does it: keys, looks, and waiting until something is to be seen."""

from __future__ import annotations

import re
import time
from typing import Protocol

from tests.support.pty_process import PtyProcess
from tests.support.tmux import Tmux
from tests.tui.journeys.installation import SECRET

DEADLINE = 60.0
"""Seconds until a wait gives up: a bound against hanging, for machines under load."""

_BYTES = {"Enter": "\r", "Escape": "\x1b", "Tab": "\t", "Up": "\x1b[A", "Down": "\x1b[B", "Space": " ", "C-c": "\x03"}


class Console(Protocol):
    """What the two kinds of terminals have in common."""

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: `Enter`, `Escape`, `n`."""

    def write(self, text: str) -> None:
        """Type a text letter by letter."""

    def paste(self, text: str) -> None:
        """Paste a text between brackets."""

    def look(self) -> str:
        """Return the screen."""

    def wait_for(self, text: str | re.Pattern[str]) -> str:
        """Wait until the text (or pattern) is on the screen; return the screen."""


class PtyConsole:
    """The console on a pseudo-terminal, whose raw bytes can be read."""

    def __init__(self, terminal: PtyProcess) -> None:
        self.terminal = terminal

    def press(self, *keys: str) -> None:
        for key in keys:
            self.terminal.send(_BYTES.get(key, key))

    def write(self, text: str) -> None:
        self.terminal.send(text)

    def paste(self, text: str) -> None:
        self.terminal.paste(text)

    def look(self) -> str:
        return self.terminal.text

    def wait_for(self, text: str | re.Pattern[str]) -> str:
        return self.terminal.wait_for(text, deadline=DEADLINE)

    def click(self, column: int, line: int) -> None:
        """Click with the left button, at a cell counted from 1."""
        self.terminal.send(f"\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m")

    def leave(self) -> int:
        """Quit and return the exit status."""
        self.press("q")
        return self.terminal.wait(deadline=DEADLINE)


class TmuxConsole:
    """The console in a pane; keeps what every look has shown.

    Attributes:
        seen: every screen that was looked at.
    """

    def __init__(self, tmux: Tmux) -> None:
        self.tmux = tmux
        self.seen: list[str] = []

    def press(self, *keys: str) -> None:
        self.tmux.send_keys(*keys)

    def write(self, text: str) -> None:
        self.tmux.type_text(text)

    def paste(self, text: str) -> None:
        self.tmux.paste(text)

    def look(self) -> str:
        self.seen.append(self.tmux.capture())
        return self.seen[-1]

    def wait_for(self, text: str | re.Pattern[str]) -> str:
        self.seen.append(self.tmux.wait_for(text, deadline=DEADLINE))
        return self.seen[-1]

    def leave(self) -> int:
        """Quit and return the exit status."""
        self.press("q")
        return self.tmux.wait_for_exit(deadline=DEADLINE)


def wait_until_gone(console: Console, text: str | re.Pattern[str]) -> str:
    """Wait until the text (or pattern) is not on the screen any more; return the screen."""
    pattern = re.compile(re.escape(text)) if isinstance(text, str) else text
    limit = time.monotonic() + DEADLINE
    while pattern.search(seen := console.look()):
        assert time.monotonic() < limit, f"{text!r} did not go; the screen was:\n{seen}"
        time.sleep(0.02)
    return seen


def at_cursor(name: str) -> re.Pattern[str]:
    """Return what the table looks like while the cursor is on the token of that name."""
    return re.compile(rf"^>..?{re.escape(name)} ", re.MULTILINE)


# The steps of the way to a new token


def ask_for_token(console: Console, name: str) -> None:
    """Open the new-token dialog, give it a name, and go on to the reveal."""
    console.press("n")
    console.wait_for("New token")
    console.write(name)
    console.wait_for(re.compile(r"Check +ok"))
    console.press("Enter")
    console.wait_for("Save this secret")


def show_secret(console: Console) -> str:
    """Show the secret in the reveal and return it."""
    limit = time.monotonic() + DEADLINE
    while True:
        console.press("s")
        seen = console.wait_for(re.compile(f"{SECRET.pattern}|press s again"))
        if match := SECRET.search(seen):
            return match[0]
        assert time.monotonic() < limit, seen


def hide_secret(console: Console) -> None:
    """Mask the secret again."""
    console.press("s")
    wait_until_gone(console, SECRET)


def prove(console: Console, secret: str) -> None:
    """Type the secret's last six characters into Proof."""
    console.press("Tab")
    console.write(secret[-6:])
    console.wait_for("it matches")


def make_live(console: Console, name: str) -> None:
    """Confirm, and wait until the token is listed."""
    console.press("Enter")
    console.wait_for(f"{name} is live")
    wait_until_gone(console, "Save this secret")
    console.wait_for(at_cursor(name))


def make_token(console: Console, name: str) -> str:
    """Go the whole way, and return the secret."""
    ask_for_token(console, name)
    secret = show_secret(console)
    prove(console, secret)
    make_live(console, name)
    return secret

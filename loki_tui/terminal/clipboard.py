r"""Copying text to the clipboard of the terminal that somebody sits at, however many hops away.

1. Inside tmux: `tmux load-buffer -w`, the text on stdin, and the named buffer deleted by the same command; a bare
   OSC 52, and one wrapped in DCS, are silently dropped by a tmux with its defaults.
2. Inside GNU screen: OSC 52 wrapped in DCS, which screen passes on.
3. On the Linux console and in Apple's Terminal: nothing, they have no such sequence.
4. Else: a bare OSC 52. In an ssh session that was started inside tmux, TERM still says tmux or screen while TMUX is
   unset: then it probably does not arrive.

No terminal answers, so nothing here ever says "copied".
"""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from loki_tui.terminal.tmux_command import TmuxUnavailableError, run_tmux

MAX_BYTES = 74_994
"""What fits into the 100,000 bytes of base64 that terminals take."""

MAX_SCREEN_BYTES = 540
"""What fits into the 768 bytes that GNU screen takes as one string."""

SENT = "sent to your terminal; it cannot tell us whether it arrived"
_OTHERWISE = "show it and select it instead"


class CopyRoute(StrEnum):
    """The way to the clipboard."""

    TMUX = "tmux"
    SCREEN = "screen"
    TERMINAL = "terminal"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    """How text would be copied, decided without doing anything.

    Attributes:
        route: the way to go.
        doubt: why it will probably not arrive, or why there is no way; "" when nothing is known against it.
    """

    route: CopyRoute
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """What was done.

    Attributes:
        route: the way that was taken.
        sent: whether anything was sent; never whether it arrived.
        doubtful: whether it probably did not arrive.
        message: one line for people.
    """

    route: CopyRoute
    sent: bool
    doubtful: bool
    message: str


def plan_copy(environ: Mapping[str, str], size: int) -> CopyPlan:
    """Decide how to copy.

    Args:
        environ: the environment of the console.
        size: of the text, in bytes.
    """
    term = environ.get("TERM", "")
    inside_screen = bool(environ.get("STY"))
    if size > (MAX_SCREEN_BYTES if inside_screen and not environ.get("TMUX") else MAX_BYTES):
        return CopyPlan(route=CopyRoute.NONE, doubt="too long for a terminal's clipboard")
    if environ.get("TMUX"):
        return CopyPlan(route=CopyRoute.TMUX)
    if inside_screen:
        return CopyPlan(route=CopyRoute.SCREEN)
    if term == "linux":
        return CopyPlan(route=CopyRoute.NONE, doubt="the Linux console has no clipboard")
    if environ.get("TERM_PROGRAM") == "Apple_Terminal":
        return CopyPlan(route=CopyRoute.NONE, doubt="Apple's Terminal takes no text for its clipboard")
    if term.startswith(("tmux", "screen")):
        name = "tmux or screen"
        way = "ssh from inside" if environ.get("SSH_CONNECTION") else "started without its variables inside"
        return CopyPlan(route=CopyRoute.TERMINAL, doubt=f"{way} {name}, which drops it by default")
    return CopyPlan(route=CopyRoute.TERMINAL)


def build_osc52(text: str) -> str:
    """Return the sequence that sets a terminal's clipboard."""
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


def wrap_for_screen(sequence: str) -> str:
    r"""Return a sequence in the DCS string that GNU screen passes on; it must not hold `ESC \`."""
    return f"\x1bP{sequence}\x1b\\"


class Clipboard:
    """Sends text to the terminal's clipboard and leaves none of it behind in tmux."""

    def __init__(self, write: Callable[[str], None], *, environ: Mapping[str, str] | None = None) -> None:
        """Ask nothing and send nothing yet.

        Args:
            write: writes a sequence to the terminal, in order with what else is written.
            environ: the environment; None for this process's.
        """
        self._write = write
        self._environ = os.environ if environ is None else environ
        self._left_behind: list[str] = []

    def copy(self, text: str) -> CopyResult:
        """Send text on the best way; inside tmux this waits for tmux, up to some seconds: call it in a thread."""
        plan = plan_copy(self._environ, len(text.encode()))
        match plan.route:
            case CopyRoute.NONE:
                return _not_sent(plan.route, plan.doubt)
            case CopyRoute.TMUX:
                return self._copy_by_tmux(text)
            case CopyRoute.SCREEN:
                self._write(wrap_for_screen(build_osc52(text)))
            case CopyRoute.TERMINAL:
                self._write(build_osc52(text))
        if plan.doubt:
            message = f"sent, but it will probably not arrive: {plan.doubt}; {_OTHERWISE}"
            return CopyResult(route=plan.route, sent=True, doubtful=True, message=message)
        return CopyResult(route=plan.route, sent=True, doubtful=False, message=SENT)

    def _copy_by_tmux(self, text: str) -> CopyResult:
        # A random name: no buffer of the user's own is ever overwritten or deleted. Both steps are one command, so
        # that the buffer goes even when this process is killed in between.
        name = f"loki-{os.getpid()}-{secrets.token_hex(4)}"
        load = ["load-buffer", "-b", name, "-w", "-", ";", "delete-buffer", "-b", name]
        self._left_behind.append(name)
        try:
            run_tmux(load, environ=self._environ, stdin=text)
        except TmuxUnavailableError as problem:
            self.forget()
            return _not_sent(CopyRoute.TMUX, str(problem))
        self._left_behind.remove(name)
        return CopyResult(route=CopyRoute.TMUX, sent=True, doubtful=False, message=SENT)

    def forget(self) -> None:
        """Delete the buffers of ours that an earlier failure may have left in tmux, and no others."""
        for name in self._left_behind:
            try:
                run_tmux(["delete-buffer", "-b", name], environ=self._environ)
            except (TmuxUnavailableError, subprocess.SubprocessError):
                continue
        self._left_behind.clear()


def _not_sent(route: CopyRoute, why: str) -> CopyResult:
    message = f"not sent: {why}; {_OTHERWISE}"
    return CopyResult(route=route, sent=False, doubtful=True, message=message)

"""The end of the process by a signal or a lost terminal: always with the terminal put back.

Textual handles neither SIGTERM nor SIGHUP, and spins on a terminal that is gone. Here each of them asks the app to
end as if somebody had quit; should that not work within some seconds (the app hangs, the terminal takes no bytes),
a thread puts the terminal back by itself and ends the process. The exit status is 128 + the signal's number.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
HANGUP_STATUS = 128 + signal.SIGHUP

RESTORE = (
    "\x1b[?2026l"  # synchronised output off: show what was held back
    "\x1b[?2004l"  # bracketed paste off
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # mouse off, in every form
    "\x1b[?2048l"  # reports of the size off
    "\x1b[<u"  # keyboard protocol off; before the alternate screen is left, which keeps its own
    "\x1b[?7h"  # lines wrap
    "\x1b[0m"
    "\x1b[?1049l"  # main screen
    "\x1b[?25h"  # cursor
    "\x1b[?1004l"  # focus reports off
)
"""Puts a terminal back to what shells expect, whatever was turned on before."""

ERASE = "\x1b[0m\x1b[2J"
"""Erases the screen: some terminals and multiplexers keep what the alternate screen showed last."""


class TerminalGuard:
    """Stands over the process while the console owns the terminal; a context manager, for the main thread.

    Attributes:
        status: the exit status that a signal or a lost terminal asks for, or None.
    """

    def __init__(
        self,
        *,
        must_erase: Callable[[], bool],
        on_forced_end: Callable[[], None],
        grace: float = 3.0,
    ) -> None:
        """Change nothing yet.

        Args:
            must_erase: tells whether the screen holds what must not stay.
            on_forced_end: what else must be done when the app cannot end by itself; short, and may fail.
            grace: seconds that the app has to end by itself.
        """
        self._must_erase = must_erase
        self._on_forced_end = on_forced_end
        self._grace = grace
        self._lock = threading.Lock()
        self._loop: AbstractEventLoop | None = None
        self._request_end: Callable[[int], None] | None = None
        self._handlers: dict[signal.Signals, Any] = {}
        self._attributes: list[Any] | None = None
        self._over = threading.Event()
        self._wake: tuple[int, int] | None = None
        self.status: int | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(termios.error, OSError, ValueError):
            self._attributes = termios.tcgetattr(sys.__stdin__.fileno() if sys.__stdin__ else 0)
        self._handlers = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        self._wake = os.pipe()
        threading.Thread(target=self._watch_terminal, args=(self._wake[0],), name="hangup", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._wake is not None:
            os.close(self._wake[1])
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def bind(self, loop: AbstractEventLoop, request_end: Callable[[int], None]) -> None:
        """Say how the app is asked to end; an end that was asked for before is passed on at once.

        Args:
            loop: the app's event loop.
            request_end: called in the loop's thread with the exit status.
        """
        self._loop, self._request_end = loop, request_end
        if self.status is not None:
            loop.call_soon_threadsafe(request_end, self.status)

    def lose_terminal(self) -> None:
        """End because the terminal is gone; from any thread, any number of times."""
        if not self._over.is_set():
            self._end(HANGUP_STATUS)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.status is not None and number != signal.SIGHUP:
            self._force_end()  # asked twice
        if self._loop is None:
            raise SystemExit(128 + number)  # the terminal is as it was
        self._end(128 + number)

    def _end(self, status: int) -> None:
        if self.status is not None:
            return
        self.status = status
        threading.Thread(target=self._wait_and_force, name="forced-end", daemon=True).start()
        if self._loop is not None and self._request_end is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the app has ended
                self._loop.call_soon_threadsafe(self._request_end, status)

    def _wait_and_force(self) -> None:
        if not self._over.wait(self._grace):
            self._force_end()

    def _force_end(self) -> None:
        # Never waits: not for the lock of a stream, nor for a terminal that takes no bytes.
        if not self._lock.acquire(blocking=False):
            return
        restore_terminal(self._attributes, erase=self._must_erase())
        with contextlib.suppress(Exception):
            self._on_forced_end()
        os._exit(self.status or 1)

    def _watch_terminal(self, wake: int) -> None:
        poll = select.poll()
        terminal = sys.__stdin__.fileno() if sys.__stdin__ else 0
        poll.register(terminal, 0)  # asks for POLLHUP alone
        poll.register(wake, 0)
        events = dict(poll.poll())
        os.close(wake)
        if events.get(terminal, 0) & select.POLLHUP:
            self.lose_terminal()


def restore_terminal(attributes: list[Any] | None, *, erase: bool) -> None:
    """Put the controlling terminal back by hand, as far as it still takes that.

    Args:
        attributes: what `termios.tcgetattr` said before, or None to leave them.
        erase: erase the alternate screen first.
    """
    # A blocked SIGTTOU lets a background process do this instead of being stopped.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            os.write(terminal, ((ERASE if erase else "") + RESTORE).encode())
        if attributes is not None:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    finally:
        os.close(terminal)

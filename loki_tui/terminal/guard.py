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
        grace: float,
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
        self._watcher = threading.Thread(target=self._watch, name="terminal-guard", daemon=True)
        self._attributes: list[Any] | None = None
        self._over = threading.Event()
        self._wake: tuple[int, int] = (-1, -1)
        self._wake_before = -1
        self.status: int | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(termios.error, OSError, ValueError):
            self._attributes = termios.tcgetattr(sys.__stdin__.fileno() if sys.__stdin__ else 0)
        # Each signal's number comes through a pipe to a thread, because Python runs handlers in the main thread
        # alone, which may hang. The handlers themselves only keep the signals from ending the process.
        self._wake = os.pipe()
        os.set_blocking(self._wake[1], False)
        self._wake_before = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, _ignore) for number in _SIGNALS}
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wake_before)
        os.close(self._wake[1])
        self._watcher.join()

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

    def _end(self, status: int) -> None:
        if self.status is not None:
            return
        self.status = status
        threading.Thread(target=self._wait_and_force, name="forced-end", daemon=True).start()
        if self._request_end is not None:
            self._call_in_loop(self._request_end, status)

    def _call_in_loop(self, call: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the app has ended
                self._loop.call_soon_threadsafe(call, *arguments)

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

    def _watch(self) -> None:
        poll = select.poll()
        terminal = sys.__stdin__.fileno() if sys.__stdin__ else 0
        wake = self._wake[0]
        poll.register(terminal, 0)  # reports a hang-up alone
        poll.register(wake, select.POLLIN)
        while True:
            events = dict(poll.poll())
            if wake in events:
                numbers = os.read(wake, 64)
                if not numbers:
                    break
                self._take_signals(numbers)
            if terminal in events:
                poll.unregister(terminal)
                if events[terminal] & select.POLLHUP:
                    self.lose_terminal()
        os.close(wake)

    def _take_signals(self, numbers: bytes) -> None:
        for number in numbers:
            if number not in _SIGNALS:
                # Another one (SIGCONT, SIGWINCH): when it came in while another thread ran, the main thread sleeps on
                # in its event loop and would run the handler at the next key only.
                self._call_in_loop(_wake_up)
                continue
            if self.status is not None and number != signal.SIGHUP:
                self._force_end()  # asked twice; hang-ups often come twice by themselves
            self._end(128 + number)


def _wake_up() -> None:
    """Do nothing, but in the main thread."""


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: the thread that watches does it."""


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

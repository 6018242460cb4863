"""Textual's driver for Linux and macOS, mended where it harms a secret or an administrator's terminal.

- It writes to stdout, which was checked to be a terminal; Textual's writes to stderr, which people redirect.
- A terminal that is gone ends the program; Textual's writer dies and the program waits for it for ever.
- Mouse reporting can be turned off and on within the same alternate screen.
- The alternate screen is erased before it is left while a secret is on it, and every mouse mode is turned off.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from textual.drivers.linux_driver import LinuxDriver

from loki_tui.terminal.guard import ERASE

if TYPE_CHECKING:
    from textual.app import App


class TerminalOwner(Protocol):
    """What the driver asks of the app it belongs to."""

    secret_on_screen: bool

    def on_driver_started(self) -> None:
        """The terminal is ours now."""

    def on_terminal_lost(self) -> None:
        """Nothing can be written to or read from the terminal any more; called in any thread."""

    def on_driver_error(self, error: Exception) -> None:
        """Reading keys failed; called in the thread that reads them."""


class TerminalStream:
    """What the driver's writer thread writes to: no encoding and no lost terminal makes it fail."""

    def __init__(self, descriptor: int, encoding: str, on_lost: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._on_lost = on_lost
        self._waiting = bytearray()

    def write(self, text: str) -> int:
        """Take text; what the encoding does not have becomes a question mark."""
        self._waiting += text.encode(self._encoding, "replace")
        return len(text)

    def flush(self) -> None:
        """Write what was taken; drop it when the terminal is gone."""
        try:
            while self._waiting:
                try:
                    written = os.write(self._descriptor, self._waiting)
                except BlockingIOError:  # another process shares the terminal and set O_NONBLOCK
                    select.select([], [self._descriptor], [])
                else:
                    del self._waiting[:written]
        except OSError:
            self._waiting.clear()
            self._on_lost()

    def fileno(self) -> int:
        """Return the descriptor of the terminal."""
        return self._descriptor


class GuardedDriver(LinuxDriver):
    """The driver of `GuardedApp`."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._owner = cast(TerminalOwner, app)
        stdout = sys.__stdout__
        encoding = (stdout.encoding if stdout else None) or "utf-8"
        stream = TerminalStream(stdout.fileno() if stdout else 1, encoding, self._owner.on_terminal_lost)
        self._file = cast(Any, stream)
        self._mouse_wanted = mouse

    def start_application_mode(self) -> None:
        """Take the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._owner.on_driver_started()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        if self._owner.secret_on_screen:
            self.write(ERASE)
        if self._mouse_pixels:
            self.write("\x1b[?1016l")  # Textual turns it on and never off
        super().stop_application_mode()

    def suspend_mouse(self) -> None:
        """Stop mouse reports, so that the terminal itself can select text."""
        self._disable_mouse_support()
        if self._mouse_pixels:
            self.write("\x1b[?1016l")
        self._mouse = False

    def resume_mouse(self) -> None:
        """Ask for mouse reports again, unless the program was started without."""
        self._mouse = self._mouse_wanted
        self._enable_mouse_support()
        if self._mouse_pixels:
            self._enable_mouse_pixels()

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except OSError:
            self._owner.on_terminal_lost()
        except Exception as error:  # noqa: BLE001 whatever it is, it ends the app with a report
            self._owner.on_driver_error(error)

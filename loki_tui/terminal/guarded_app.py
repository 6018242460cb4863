"""The base of the console's app: a Textual app that ends well, and keeps a secret that is on its screen."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from rich.console import Console, RenderableType
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import Monochrome, NoColor
from textual.screen import Screen
from textual.worker import WorkerFailed

from loki_tui.terminal.clipboard import Clipboard, CopyResult
from loki_tui.terminal.crash import report_crash
from loki_tui.terminal.driver import GuardedDriver
from loki_tui.terminal.guard import TerminalGuard
from loki_tui.terminal.orderly_keys import OrderlyKeys

_OFF_WITH_SECRET = frozenset({"quit", "leave", "help_quit", "screenshot", "command_palette", "copy_text"})
_COMMANDS_OFF_WITH_SECRET = frozenset({"Quit", "Screenshot"})


class GuardedApp(OrderlyKeys):
    """An app that is run with `run_guarded`.

    - SIGTERM, SIGHUP, SIGINT and a lost terminal end it with the terminal put back, status 128 + signal.
    - An unexpected error ends it with a report without values and status 1.
    - While `secret_on_screen` is true: no screenshots, no palette, no ctrl+c and ctrl+q, no copying but by
      `copy_text`, and the screen is erased before it is left or suspended.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "Suspend", id="app.suspend", show=False, priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._secret_on_screen = False
        self._crash_paragraph = ""
        self._guard: TerminalGuard | None = None
        self.mouse_suspended = False
        self.clipboard_route = Clipboard(self._write_to_terminal)
        if self.no_color:
            # Textual decides by the theme it starts with, and keeps greys with most.
            self._filters = [NoColor() if isinstance(one, Monochrome) else one for one in self._filters]

    # Running and ending

    def run_guarded(self, *, mouse: bool = True, grace: float = 3.0) -> int:
        """Run until the end and return the exit status; in the main thread.

        Args:
            mouse: ask the terminal for mouse reports.
            grace: seconds that the app has to end by itself after a signal.
        """
        guard = TerminalGuard(
            must_erase=lambda: self.secret_on_screen, on_forced_end=self.clipboard_route.forget, grace=grace
        )
        try:
            with guard, self._thread_errors():
                self._guard = guard
                self.run(mouse=mouse)
        finally:
            self._guard = None
            self.clipboard_route.forget()
        if guard.status is not None:
            return guard.status
        return 1 if self._crash_paragraph else (self.return_code or 0)

    def get_driver_class(self) -> type[Driver]:
        """Return our driver, whatever the environment says."""
        return GuardedDriver

    def on_driver_started(self) -> None:
        """Let signals end the app from now on; after ctrl+z, paint the screen anew, which Textual may forget."""
        loop = asyncio.get_running_loop()
        if self._screen_stack:
            loop.call_soon_threadsafe(self.call_later, partial(self.refresh, layout=True))
        loop.set_exception_handler(self._on_task_error)
        if self._guard is not None:
            self._guard.bind(loop, lambda status: self.exit(return_code=status))

    def on_terminal_lost(self) -> None:
        """End: nobody sees the screen any more."""
        if self._guard is not None:
            self._guard.lose_terminal()

    # Errors

    def _handle_exception(self, error: Exception) -> None:
        self._return_code = 1
        if self._exception is None:  # the pilot raises it again in tests
            self._exception = error
            self._exception_event.set()
        cause = error.error if isinstance(error, WorkerFailed) else error
        self._record_crash(cause)

    def panic(self, *renderables: RenderableType) -> None:
        """End with a report of what is given; nothing of it reaches the screen."""
        errors = [one for one in renderables if isinstance(one, BaseException)]
        plain = Console(color_system=None, width=120, record=True, quiet=True)
        with plain.capture() as capture:
            plain.print(*(one for one in renderables if not isinstance(one, BaseException)))
        self._record_crash(errors[0] if errors else None, capture.get())

    def on_driver_error(self, error: Exception) -> None:
        """End with a report; from the thread that reads keys."""
        self._on_foreign_error(error)

    def _record_crash(self, error: BaseException | None, text: str = "") -> None:
        self._return_code = 1
        if not self._crash_paragraph:
            if self.is_headless:
                self._crash_paragraph = "headless"
            else:
                self._crash_paragraph = report_crash(error, text)
        self._close_messages_no_wait()

    def _on_foreign_error(self, error: BaseException) -> None:
        if isinstance(error, Exception) and self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self._handle_exception, error)
            except RuntimeError:  # the loop is closed: the app has ended
                return

    def _on_task_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # Asyncio's own handler would print the error's text, which may quote what was typed.
        error = context.get("exception")
        if isinstance(error, Exception):
            self._handle_exception(error)

    @contextmanager
    def _thread_errors(self) -> Iterator[None]:
        """Take errors that nobody caught in threads, and in finalizers, where they would be printed as they are."""
        before = threading.excepthook, sys.unraisablehook

        def on_thread_error(arguments: threading.ExceptHookArgs) -> None:
            if arguments.exc_value is not None:
                self._on_foreign_error(arguments.exc_value)

        threading.excepthook = on_thread_error
        sys.unraisablehook = lambda _: None
        try:
            yield
        finally:
            threading.excepthook, sys.unraisablehook = before

    def _print_error_renderables(self) -> None:
        if self._crash_paragraph and not self.is_headless:
            self._exit_renderables.clear()
            try:
                print(self._crash_paragraph, file=sys.__stderr__, flush=True)
            except OSError:
                return
        else:
            super()._print_error_renderables()

    # A secret on the screen

    @property
    def secret_on_screen(self) -> bool:
        """Whether a secret exists that has not been given away or dropped."""
        return self._secret_on_screen

    @secret_on_screen.setter
    def secret_on_screen(self, value: bool) -> None:
        self._secret_on_screen = value
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Turn off what would show, copy or abandon the secret; a subclass asks this too."""
        if self._secret_on_screen and action in _OFF_WITH_SECRET:
            return False
        return super().check_action(action, parameters)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Leave out what is off with a secret."""
        for command in super().get_system_commands(screen):
            if not (self._secret_on_screen and command.title in _COMMANDS_OFF_WITH_SECRET):
                yield command

    async def action_quit(self) -> None:
        """Quit, but not while a secret is on the screen."""
        if not self._secret_on_screen:
            await super().action_quit()

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Save a screenshot, but not while a secret is on the screen."""
        if self._secret_on_screen:
            return None
        return super().deliver_screenshot(filename, path, time_format)

    def save_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str:
        """Save a screenshot, but not while a secret is on the screen; then the path is ""."""
        if self._secret_on_screen:
            return ""
        return super().save_screenshot(filename, path, time_format)

    # The clipboard and the mouse

    def _write_to_terminal(self, sequence: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)
            self._driver.flush()

    def copy_to_clipboard(self, text: str) -> None:
        """Send text that is no secret to the terminal's clipboard; for Textual's own widgets."""
        if self._secret_on_screen:
            return
        self._clipboard = text
        self.run_worker(lambda: self.clipboard_route.copy(text), thread=True, group="clipboard")

    async def copy_text(self, text: str) -> CopyResult:
        """Send text to the terminal's clipboard and say what became of it; a secret is not kept in the app."""
        return await asyncio.to_thread(self.clipboard_route.copy, text)

    def suspend_mouse(self) -> None:
        """Turn mouse reports off, so that the terminal can select; in the same alternate screen."""
        self.mouse_suspended = True
        if isinstance(self._driver, GuardedDriver):
            self._driver.suspend_mouse()

    def resume_mouse(self) -> None:
        """Turn mouse reports on again, if they were."""
        self.mouse_suspended = False
        if isinstance(self._driver, GuardedDriver):
            self._driver.resume_mouse()

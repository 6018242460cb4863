"""A program on a pseudo-terminal: what it writes is read all the time, keys are fed, its end is seen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.support.screen import Screen

DEADLINE = 30.0
"""Seconds until a wait gives up: a bound against hanging, no measure of anything."""

_QUIET = 0.02
"""Seconds without a byte after which a picture is taken for whole: a terminal hands a large one out in parts."""

_LAUNCHER = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Makes the terminal the controlling one, then becomes the program; forking in a threaded test does not."""


class PtyProcess:
    """A running program and its terminal; it works in its home, unless `cwd` says where.

    Attributes:
        screen: what a person sees now.
        attributes_before: the terminal's attributes before the program ran.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
        cwd: str | None = None,
    ) -> None:
        self._master, slave = os.openpty()
        self.screen = Screen(columns, lines)
        self._set_size(columns, lines)
        self.attributes_before = termios.tcgetattr(slave)
        self._raw = bytearray()
        self._changed = threading.Condition()
        self._ended = False
        # A read that waits would keep the terminal open after `hang_up`, so the reader can be woken.
        self._woken, self._waker = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, *argv],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=dict(env),
                cwd=env["HOME"] if cwd is None else cwd,
                start_new_session=True,
            )
        finally:
            os.close(slave)
        self._reader = threading.Thread(target=self._read, name="pty-reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The program's process id; it leads a session and a process group of its own."""
        return self._process.pid

    @property
    def raw(self) -> bytes:
        """Every byte written to the terminal so far."""
        with self._changed:
            return bytes(self._raw)

    @property
    def text(self) -> str:
        """The screen as text."""
        with self._changed:
            return self.screen.text

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._woken], [], [])
            try:
                data = b"" if self._woken in ready else os.read(self._master, 65536)
            except OSError:
                data = b""
            with self._changed:
                if data:
                    self._raw += data
                    self.screen.feed(data)
                else:
                    self._ended = True
                self._changed.notify_all()
            if not data:
                return

    def send(self, keys: str | bytes) -> None:
        """Type keys, as the bytes that a terminal sends for them."""
        data = keys.encode() if isinstance(keys, str) else keys
        while data:
            data = data[os.write(self._master, data) :]

    def paste(self, text: str) -> None:
        """Paste text as a terminal does for a program that asked for bracketed paste."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def wait_until(self, condition: Callable[[], bool], what: str, *, deadline: float = DEADLINE) -> None:
        """Wait until the condition holds; it is looked at after each write of the program.

        Raises:
            AssertionError: it did not within `deadline` seconds, or the program closed its terminal before.
        """
        limit = time.monotonic() + deadline
        while True:
            with self._changed:
                if condition():
                    return
                left = limit - time.monotonic()
                if self._ended or left <= 0:
                    state = "the program ended" if self._ended else f"waited {deadline:.0f} s"
                    raise AssertionError(f"{state} without {what}; the screen was:\n{self.screen.text}")
                self._changed.wait(min(left, 0.5))

    def wait_for(self, text: str | re.Pattern[str], *, deadline: float = DEADLINE) -> str:
        """Wait until the text (or pattern) is on the screen and the picture whole; return the screen."""
        pattern = re.compile(re.escape(text)) if isinstance(text, str) else text
        self.wait_until(lambda: pattern.search(self.screen.text) is not None, repr(text), deadline=deadline)
        self._settle()
        return self.text

    def _settle(self) -> None:
        with self._changed:
            for _ in range(50):  # something that moves all the time settles never
                if self._ended or not self._changed.wait(_QUIET):
                    return

    def wait_for_bytes(self, data: bytes | re.Pattern[bytes], *, deadline: float = DEADLINE) -> bytes:
        """Wait until the bytes (or pattern) were written to the terminal; return all bytes so far."""
        pattern = re.compile(re.escape(data)) if isinstance(data, bytes) else data
        self.wait_until(lambda: pattern.search(self._raw) is not None, repr(pattern.pattern), deadline=deadline)
        return self.raw

    def wait_for_mode(self, mode: int, *, on: bool = True, deadline: float = DEADLINE) -> None:
        """Wait until a private mode (see `Screen.modes`) is set or not."""
        state = "set" if on else "unset"
        self.wait_until(lambda: (mode in self.screen.modes) == on, f"mode {mode} {state}", deadline=deadline)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        os.kill(self.pid, number)

    def wait(self, *, deadline: float = DEADLINE) -> int:
        """Wait for the end; return the exit status, negative when a signal ended it."""
        try:
            status = self._process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {deadline:.0f} s; the screen was:\n{self.text}") from None
        self._reader.join(5.0)
        return status

    @property
    def running(self) -> bool:
        """Whether the program has not ended."""
        return self._process.poll() is None

    @property
    def attributes(self) -> list[Any]:
        """The terminal's attributes now, as `termios.tcgetattr` gives them; works after the program's end."""
        return termios.tcgetattr(self._master)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size, as a person who drags the window does."""
        with self._changed:
            self.screen.resize(columns, lines)
        self._set_size(columns, lines)

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the terminal under the program, as a dropped connection does."""
        if self._master >= 0:
            os.write(self._waker, b"x")
            self._reader.join()
            for descriptor in (self._master, self._waker, self._woken):
                os.close(descriptor)
            self._master = -1

    def close(self) -> None:
        """End the program's process group, if it still runs, and the terminal."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait(10.0)
        self.hang_up()

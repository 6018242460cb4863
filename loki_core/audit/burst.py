"""How long the newest file stays open for writing: while entries come in quick succession, and a second longer.

A file that is open for writing keeps the system from making the disk read-only, so an idle process holds none.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

GAP = 0.05
"""Seconds between two entries of a burst at most."""
IDLE = 1.0
"""Seconds without an entry after which a burst is over."""


class Burst:
    """Watches how entries follow each other. Whoever calls keeps every other thread from writing."""

    def __init__(self, exclusively: Callable[[], AbstractContextManager[None]], put_down: Callable[[], None]) -> None:
        """Prepare.

        Args:
            exclusively: keeps every other thread from writing while a block runs.
            put_down: closes the file that is open for writing; called in such a block.
        """
        self._exclusively = exclusively
        self._put_down = put_down
        self._wrote_at = float("-inf")
        self._is_watched = False

    def keeps_open(self, durable: bool) -> bool:
        """Note that an entry was written; return whether the file may stay open for the next.

        Args:
            durable: whether the entry had to be: next to syncing, opening a file costs nothing.
        """
        now = time.monotonic()
        is_quick = now - self._wrote_at < GAP and not durable
        self._wrote_at = now
        if is_quick and not self._is_watched:
            thread = threading.Thread(target=self._watch, name="loki-audit-idle", daemon=True)
            with contextlib.suppress(RuntimeError):  # no thread can be had now
                thread.start()
                self._is_watched = True
        return is_quick and self._is_watched

    def _watch(self) -> None:
        while True:
            time.sleep(IDLE)
            with self._exclusively():
                if time.monotonic() - self._wrote_at >= IDLE:
                    self._is_watched = False
                    self._put_down()
                    return

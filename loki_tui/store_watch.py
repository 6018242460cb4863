"""Watches the store for changes, whoever makes them, and reads it then. Never on the thread that draws."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from loki_core import LokiError
from loki_tui.ordering import Order
from loki_tui.token_list import Reading, take_reading

if TYPE_CHECKING:
    from loki_core import Loki

INTERVAL = 0.5
"""Seconds between two looks; each costs one stat."""
JUDGE_AGAIN_AFTER = 60.0
"""Seconds after which the same records are read anew, because time changes what they mean."""


class StoreWatch:
    """Reads the store at the start, at every change of its revision, and when asked to."""

    def __init__(self, loki: Loki, show: Callable[[Reading], None]) -> None:
        """Watch that store; nothing happens before `run`.

        Args:
            loki: the store's access.
            show: called with every reading, on the event loop.
        """
        self.include_revoked = False
        self.order = Order.URGENCY
        self.backwards = False
        self._loki = loki
        self._show = show
        self._asked = asyncio.Event()
        self._busy_since: float | None = None

    def ask(self) -> None:
        """Read the store now, changed or not."""
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        """Whether a reading that was asked for has not begun."""
        return self._asked.is_set()

    @property
    def silent_for(self) -> float:
        """For how many seconds the store has not answered."""
        return 0.0 if self._busy_since is None else time.monotonic() - self._busy_since

    async def run(self) -> None:
        """Watch until cancelled."""
        seen: Hashable = object()
        read_at = 0.0
        while True:
            self._busy_since = time.monotonic()
            revision = await asyncio.to_thread(self._find_revision)
            stale = time.monotonic() - read_at >= JUDGE_AGAIN_AFTER
            if revision != seen or stale or self._asked.is_set():
                self._asked.clear()
                # Noted before reading: what changes meanwhile is seen at the next look.
                seen = revision
                reading = await asyncio.to_thread(
                    take_reading,
                    self._loki,
                    include_revoked=self.include_revoked,
                    order=self.order,
                    backwards=self.backwards,
                )
                read_at = time.monotonic()
                self._show(reading)
            self._busy_since = None
            try:
                await asyncio.wait_for(self._asked.wait(), INTERVAL)
            except TimeoutError:
                continue

    def _find_revision(self) -> Hashable:
        try:
            return self._loki.revision()
        except LokiError as error:
            return error.code, error.message
        except OSError as error:
            return type(error).__name__, error.errno

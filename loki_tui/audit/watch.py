"""Watches the log, whoever writes it. Never on the thread that draws."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from loki_core import AuthorizationError, LokiError
from loki_tui.audit.reader import LogReader, LogReplaced, Page, find_names

if TYPE_CHECKING:
    from loki_core import Loki

T = TypeVar("T")
INTERVAL = 0.5
"""Seconds between two looks; each costs a listing and two stats."""
FIRST_PAGE = 500
"""Entries that are shown first: as many as fill a screen many times over, and few enough to be there at once."""
SECOND_PAGE = 4_000
"""Entries that follow by themselves; after these as many again as there are, each time somebody comes near the end."""
NAMES_EVERY = 30.0
"""Seconds after which the names of the tokens are read anew, when a new one turned up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The log as it was found: everything that was shown before is void.

    Attributes:
        page: the newest entries.
        is_whole: whether there are no older ones.
        error: why there is nothing, when the log could not be read.
    """

    page: Page = field(default_factory=Page)
    is_whole: bool = True
    error: LokiError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """Entries before those that were known."""

    page: Page
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """Entries that were just written."""

    page: Page


Change = Beginning | Older | New


class LogWatch:
    """Reads the newest entries at the start, new ones as they come, and older ones when asked to."""

    def __init__(self, loki: Loki, show: Callable[[Change], None], learn: Callable[[dict[str, str]], None]) -> None:
        """Watch the log; nothing happens before `run`.

        Args:
            loki: the store's access.
            show: called with every change, on the event loop.
            learn: called with what tokens are called, by id, on the event loop.
        """
        self._loki = loki
        self._show = show
        self._learn = learn
        self._asked = asyncio.Event()
        self._busy_since: float | None = None
        self._count = 0
        self._names_at = -NAMES_EVERY
        self._named: set[str] = set()

    def ask_for_older(self) -> None:
        """Read on into the past, once more as far as it was read."""
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        """Whether older entries that were asked for are not there yet."""
        return self._asked.is_set()

    @property
    def silent_for(self) -> float:
        """For how many seconds the log has not answered."""
        return 0.0 if self._busy_since is None else time.monotonic() - self._busy_since

    async def run(self) -> None:
        """Watch until cancelled, or until it is clear that the actor may not look."""
        wanted = FIRST_PAGE
        while True:
            try:
                reader = await self._call(LogReader, self._loki)
                page, more = await self._call(reader.read_older, wanted)
            except AuthorizationError as error:
                self._show(Beginning(error=error))
                return
            except LokiError as error:
                self._show(Beginning(error=error))
                await asyncio.sleep(INTERVAL)
                continue
            self._count = len(page.rows)
            self._show(Beginning(page=page, is_whole=not more))
            try:
                await self._read_on(reader, more)
            except LogReplaced:
                wanted = max(self._count, FIRST_PAGE)
            except LokiError as error:
                self._show(Beginning(error=error))
                await asyncio.sleep(INTERVAL)
            finally:
                reader.close()

    async def _read_on(self, reader: LogReader, more: bool) -> None:
        if more and self._count < SECOND_PAGE:
            self._asked.set()
        await self._name_tokens(None)
        while True:
            if self._asked.is_set():
                if more:
                    page, more = await self._call(reader.read_older, max(self._count, SECOND_PAGE))
                    self._count += len(page.rows)
                    self._asked.clear()
                    self._show(Older(page=page, is_whole=not more))
                else:
                    self._asked.clear()
            page = await self._call(reader.read_new)
            if page.rows:
                self._count += len(page.rows)
                self._show(New(page=page))
                await self._name_tokens(page)
            try:
                await asyncio.wait_for(self._asked.wait(), INTERVAL)
            except TimeoutError:
                continue

    async def _name_tokens(self, page: Page | None) -> None:
        """Learn what tokens are called, when one turns up that was not asked about."""
        unknown = {token for row in page.rows for token in row.tokens} - self._named if page is not None else {""}
        if unknown and time.monotonic() - self._names_at >= NAMES_EVERY:
            self._names_at = time.monotonic()
            names = await self._call(find_names, self._loki)
            self._named |= unknown | names.keys()
            self._learn(names)

    async def _call(self, function: Callable[..., T], *arguments: object) -> T:
        self._busy_since = time.monotonic()
        try:
            return await asyncio.to_thread(function, *arguments)
        finally:
            self._busy_since = None

"""The strip under the audit table: about the entry at the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from loki_tui.audit.detail import describe_entry
from loki_tui.audit.entries import EntryList
from loki_tui.audit.rows import EntryRow, find_line
from loki_tui.spans import Span
from loki_tui.widgets.following_strip import FollowingStrip


class EntryStrip(FollowingStrip[EntryRow]):
    """Every field of an entry, as far as there is room. Its line is in memory: nothing has to be looked up."""

    def __init__(
        self,
        entries: EntryList,
        clock: Callable[[], datetime],
        hints: Callable[[], Sequence[Span]],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make the strip.

        Args:
            entries: for what tokens are called.
            clock: returns the time to tell ages from.
            hints: returns the keys that say more.
            id: for the style sheet.
        """
        super().__init__(self._describe, id=id)
        self._hints = hints
        self._entries = entries
        self._clock = clock

    def _describe(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        row = self.row
        if row is None:
            return [[Span(" " * width, "head")]]
        line, names, now = find_line(row), self._entries.names, self._clock()
        return describe_entry(row, line, names, now, self._hints(), width=width, height=height)

"""The entries as the table shows them: newest first, as far back as they were read, and those that pass a filter."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from loki_tui.audit.cells import format_cell
from loki_tui.audit.fields import build_entry_fields
from loki_tui.audit.rows import EntryRow
from loki_tui.filtered_rows import FilteredRows
from loki_tui.spans import Span

MOST_ROWS = 200_000
"""Entries that are kept; of a longer log the oldest are left to the commands."""


class EntryList:
    """What the table asks for its cells (RowSource).

    Attributes:
        now: the time to tell days by (UTC).
        names: what tokens are called, by id.
        is_paused: whether new entries are held back.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.names: dict[str, str] = {}
        self.is_paused = False
        self._rows = FilteredRows(build_entry_fields(self.names))
        self._held: list[EntryRow] = []

    # What is read

    def begin(self, rows: Sequence[EntryRow]) -> None:
        """Show these, newest first, and nothing that was read before; filter and pause stay."""
        self._rows.replace(rows)
        self._held.clear()

    def add_new(self, rows: Sequence[EntryRow]) -> None:
        """Add what was just written, newest first; while paused it is only counted."""
        self._held[:0] = rows
        del self._held[MOST_ROWS:]
        if not self.is_paused:
            self._release()

    def add_older(self, rows: Sequence[EntryRow]) -> None:
        """Add what was written before the oldest, newest first."""
        self._rows.put_behind(rows)
        self._trim()

    def pause(self, paused: bool) -> None:
        """Hold new entries back from now on, or show those that were held back."""
        self.is_paused = paused
        if not paused:
            self._release()

    def _release(self) -> None:
        self._rows.put_before(self._held)
        self._held = []
        self._trim()

    def _trim(self) -> None:
        if self.total > MOST_ROWS:
            self._rows.keep_first(MOST_ROWS)

    @property
    def held(self) -> int:
        """How many new entries are held back."""
        return len(self._held)

    @property
    def total(self) -> int:
        """How many entries there are to filter."""
        return len(self._rows.all)

    @property
    def is_full(self) -> bool:
        """Whether no older entry has room."""
        return self.total >= MOST_ROWS

    # What is shown

    def show_matches(self, text: str) -> None:
        """Show only the entries that pass this filter line."""
        self._rows.show_matches(text)

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is in force."""
        return self._rows.is_filtered

    def find_oldest(self) -> EntryRow | None:
        """Return the oldest entry that was read, shown or not, or None."""
        return self._rows.all[-1] if self._rows.all else None

    def find_twin(self, row: EntryRow | None) -> EntryRow | None:
        """Return the row of the same line, read anew, or None."""
        if row is None:
            return None
        data = row.stored.data
        return next((each for each in self._rows.all if each.stored.data == data), None)

    def find_troubling(self, after: int) -> int | None:
        """Return the position of the next entry below that one that needs a look, from the top again at the end."""
        shown = self._rows.shown
        places = chain(range(after + 1, len(shown)), range(min(after + 1, len(shown))))
        return next((index for index in places if shown[index].is_troubling), None)

    # What the table asks (RowSource)

    def __len__(self) -> int:
        return len(self._rows.shown)

    def row_at(self, index: int) -> EntryRow:
        """Return the row at that position."""
        return self._rows.shown[index]

    def key_at(self, index: int) -> str:
        """Return what the row is known by."""
        return str(self._rows.shown[index].number)

    def find_index(self, key: str) -> int | None:
        """Return the position of the row that is known so, or None when it is not shown."""
        number, shown = int(key), self._rows.shown
        index: int = bisect_left(shown, -number, key=lambda row: -row.number)
        return index if index < len(shown) and shown[index].number == number else None

    def cell_at(self, index: int, column: str) -> Span:
        """Return what stands in that column."""
        return format_cell(self._rows.shown[index], column, self.names, self.now)

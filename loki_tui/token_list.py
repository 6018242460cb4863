"""The tokens as the table shows them now: read once, then sorted and filtered in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from loki_core import LokiError
from loki_tui.concerns import Concern, count_concerns
from loki_tui.filtered_rows import FilteredRows
from loki_tui.ordering import Order, sort_rows
from loki_tui.rows import Row, build_rows
from loki_tui.spans import Span
from loki_tui.token_cells import format_cell
from loki_tui.token_fields import TOKEN_FIELDS

if TYPE_CHECKING:
    from loki_core import Loki


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The store as it was found at one moment, sorted.

    Attributes:
        rows: the rows, in `order`.
        at: when it was read (UTC).
        order, backwards: how the rows are sorted.
        counts: how many rows need somebody, by kind, worst first.
        hidden: how many revoked tokens were left out; counted only when nothing else is there.
        error: why there is nothing, when the store could not be read.
    """

    rows: tuple[Row, ...]
    at: datetime
    order: Order = Order.URGENCY
    backwards: bool = False
    counts: dict[Concern, int] = field(default_factory=dict)
    hidden: int = 0
    error: LokiError | None = None


def take_reading(loki: Loki, *, include_revoked: bool, order: Order, backwards: bool) -> Reading:
    """Read the store. Slow with many tokens: not for the thread that draws.

    A store that cannot be used is an answer too: `error` says why.
    """
    now = loki.clock()
    hidden = 0
    try:
        tokens = loki.tokens.list(include_revoked=include_revoked)
        if not tokens and not include_revoked:
            hidden = len(loki.tokens.list(include_revoked=True))
    except LokiError as error:
        return Reading(rows=(), at=now, order=order, backwards=backwards, error=error)
    rows = build_rows(tokens, now)
    return Reading(
        rows=sort_rows(rows, order, backwards=backwards),
        at=now,
        order=order,
        backwards=backwards,
        counts=count_concerns(row.concern for row in rows),
        hidden=hidden,
    )


class TokenList:
    """The rows of the last reading that pass the filter: what the table asks for its cells."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.total = 0
        self._rows = FilteredRows(TOKEN_FIELDS)

    def show_reading(self, reading: Reading) -> None:
        """Take over the rows of a reading; the filter stays."""
        self.now = reading.at
        self._rows.replace(reading.rows)
        self.total = len(reading.rows)

    def show_matches(self, text: str) -> None:
        """Show only the rows that pass this filter line."""
        self._rows.show_matches(text)

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is in force."""
        return self._rows.is_filtered

    def find_row(self, key: str | None) -> Row | None:
        """Return the row with that token id, shown or not, or None."""
        return next((row for row in self._rows.all if row.token.id == key), None)

    def find_holder(self, token_id: str) -> Row | None:
        """Return the row that the token of that id is in, as the new one or the old one, shown or not, or None."""
        return next((row for row in self._rows.all if any(token.id == token_id for token in row.tokens)), None)

    def count_named_like(self, name: str) -> int:
        """Return how many rows have this in their name, whatever its case."""
        return sum(1 for row in self._rows.all if name.lower() in row.sort_name)

    def select_rows(self, keys: frozenset[str]) -> tuple[Row, ...]:
        """Return the rows with those token ids, shown or not, in the order of the table."""
        return tuple(row for row in self._rows.all if row.token.id in keys) if keys else ()

    def search(self, text: str, *, limit: int) -> list[Row]:
        """Return the rows that hold every letter of the text, in that order, in their name: what a palette scores."""
        letters = [re.escape(letter) for letter in text.lower() if not letter.isspace()]
        pattern = re.compile(".*?".join(letters))
        return list(islice((row for row in self._rows.all if pattern.search(row.sort_name)), limit))

    def find_concerned(self, after: int) -> int | None:
        """Return the position of the next row below that one that needs somebody, from the top again at the end."""
        count = len(self._rows.shown)
        for step in range(1, count + 1):
            index = (after + step) % count
            if self._rows.shown[index].concern is not None:
                return index
        return None

    # What the table asks (RowSource)

    def __len__(self) -> int:
        return len(self._rows.shown)

    def key_at(self, index: int) -> str:
        """Return the id of the token in that row."""
        return self._rows.shown[index].token.id

    def find_index(self, key: str) -> int | None:
        """Return the position of the row with that token id, or None when it is not shown."""
        for index, row in enumerate(self._rows.shown):
            if row.token.id == key:
                return index
        return None

    def row_at(self, index: int) -> Row:
        """Return the row at that position."""
        return self._rows.shown[index]

    def cell_at(self, index: int, column: str) -> Span:
        """Return what stands in that column."""
        return format_cell(self._rows.shown[index], column, self.now)

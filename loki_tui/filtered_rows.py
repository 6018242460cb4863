"""Rows, and those of them that pass the filter: sorted elsewhere, filtered in memory while somebody types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic

from loki_tui.filtering import Field, R, parse_filter


class FilteredRows(Generic[R]):
    """All rows, and the shown ones in the same order.

    Attributes:
        all: every row there is.
        shown: those that pass.
    """

    def __init__(self, fields: Mapping[str, Field[R]]) -> None:
        """Begin without rows and without a filter.

        Args:
            fields: what a term of a filter can be about, by name.
        """
        self.all: Sequence[R] = ()
        self.shown: Sequence[R] = ()
        self._fields = fields
        self._filter = parse_filter("", fields)

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is in force."""
        return not self._filter.is_empty

    def replace(self, rows: Sequence[R]) -> None:
        """Take other rows; the filter stays."""
        self.all = rows
        self.shown = self._filter.select(rows)

    def put_before(self, rows: Sequence[R]) -> None:
        """Add rows in front."""
        if not rows:
            return
        self.all = [*rows, *self.all]
        self.shown = [*self._filter.select(rows), *self.shown]

    def put_behind(self, rows: Sequence[R]) -> None:
        """Add rows at the end."""
        if not rows:
            return
        self.all = [*self.all, *rows]
        self.shown = [*self.shown, *self._filter.select(rows)]

    def keep_first(self, count: int) -> None:
        """Drop rows at the end until there are that many."""
        dropped = self._filter.select(self.all[count:])
        self.all = self.all[:count]
        self.shown = self.shown[: len(self.shown) - len(dropped)]

    def show_matches(self, text: str) -> None:
        """Show only the rows that pass this filter line."""
        wanted = parse_filter(text, self._fields)
        # A longer word can only match fewer rows, so the last answer is enough to look through.
        self.shown = wanted.select(self.shown if wanted.is_narrower(self._filter) else self.all)
        self._filter = wanted

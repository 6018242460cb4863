"""What a table needs to know of its rows and columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from loki_tui.spans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        id: what the source knows it by.
        title: what stands above it.
        width: cells, the gap after it included; 0 takes what is left.
        most: where it takes what is left and is not the last to do so, at most that much.
        least: where it takes what is left, at least that much, at the cost of those before it that do so too.
        shown_from: the width of the table from which it is shown.
        hidden_from: the width from which it is not, because another says the same; 0 never.
    """

    id: str
    title: str
    width: int = 0
    most: int = 0
    least: int = 0
    shown_from: int = 0
    hidden_from: int = 0

    def is_shown(self, width: int) -> bool:
        """Tell whether it is shown in a table of that width."""
        return width >= self.shown_from and (not self.hidden_from or width < self.hidden_from)


class RowSource(Protocol):
    """Where the rows come from. Positions count the rows that are shown now, from 0."""

    def __len__(self) -> int: ...

    def key_at(self, index: int) -> str:
        """Return what the row is known by, whatever its position."""
        ...

    def find_index(self, key: str) -> int | None:
        """Return the row's position, or None when it is not shown."""
        ...

    def cell_at(self, index: int, column: str) -> Span:
        """Return what stands in that column."""
        ...

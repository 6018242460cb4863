"""How the lines that are there differ from the lines that were. Pure."""

from __future__ import annotations

from enum import StrEnum

from loki_core.frozen import dataclass


class Change(StrEnum):
    """What was done to lines."""

    EDITED = "edited"
    REMOVED = "removed"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Some lines in a row to which the same was done.

    Attributes:
        change: what was done.
        expected: the index of the first of them among the lines that were; of inserted ones, of the next line.
        actual: the index of the first of them among the lines that are; of removed ones, of the next line.
        count: how many.
    """

    change: Change
    expected: int
    actual: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """How lines and marks belong together, up to a place from which on they agree.

    Attributes:
        differences: in order; all other lines are as they were.
        expected: how many marks are explained.
        actual: how many lines are explained.
    """

    differences: tuple[Difference, ...]
    expected: int
    actual: int

"""The marks of the lines that were, out of one head after the other, as long as they follow without a gap. Pure."""

from __future__ import annotations

from array import array

from loki_core.audit.heads import MARK_LENGTH
from loki_core.audit.verifying.head_reader import HeadReader, ReadHead, split_marks
from loki_core.audit.verifying.key_chain import Signer

_MOST_MARKS = 1 << 23
"""More lines than that are not aligned at once (4 bytes each)."""


class ExpectedMarks:
    """The marks behind a line, read from the heads when they are asked for."""

    def __init__(self, position: int, heads: HeadReader) -> None:
        """Prepare.

        Args:
            position: the number of the line before the first mark; the next head has marks from there on.
            heads: the heads that cover what follows; they are looked at and not taken.
        """
        self._position = position
        self._heads = heads
        self._marks = array("I")
        self._ends: list[ReadHead] = []
        """The heads whose marks are there."""
        self._boundaries: set[int] = set()
        self._looked_at = 0
        self._is_complete = False

    def get(self, index: int) -> int | None:
        """Return a mark, or None behind the last one."""
        while index >= len(self._marks):
            if not self._read_head():
                return None
        return self._marks[index]

    def _read_head(self) -> bool:
        found = None if self._is_complete else self._heads.peek(self._looked_at)
        if found is None:
            self._is_complete = True
            return False
        self._looked_at += 1
        if found.signer is not Signer.ITS_PERIOD:
            return True
        new = found.head.count - self._position - len(self._marks)
        if new <= 0 or new > len(found.head.marks) // MARK_LENGTH or len(self._marks) > _MOST_MARKS:
            self._is_complete = True  # a gap, or the log was shorter then
            return False
        self._marks.extend(split_marks(found.head, new))
        self._boundaries.add(len(self._marks))
        self._ends.append(found)
        return True

    def count(self) -> int:
        """Return how many there are, in all heads."""
        while self._read_head():
            pass
        return len(self._marks)

    def is_boundary(self, index: int) -> bool:
        """Tell whether a head stands before that mark."""
        return index in self._boundaries

    def list_heads(self, index: int) -> list[ReadHead]:
        """Return the heads that stand before a mark, or right behind the one before it."""
        return [each for each in self._ends if each.head.count - self._position <= index]

    def find_period(self, index: int) -> str:
        """Return the day whose key signed the line of that mark, or "" behind the last one."""
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            if self._ends[middle].head.count - self._position <= index:
                low = middle + 1
            else:
                high = middle
        return self._ends[low].head.period if low < len(self._ends) else ""

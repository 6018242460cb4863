"""The signed heads beside the log, one after the other, each with what its signature is worth. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from loki_core.audit.heads import MARK_LENGTH, Head, digest_marks, parse_head_line
from loki_core.audit.verifying.key_chain import KeyChain, Signer
from loki_core.frozen import dataclass

LARGEST = 10**15
"""No log has as many lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHead:
    """One head, judged by itself.

    Attributes:
        head: what it says.
        line: its line in `heads.jsonl`, from 1.
        signer: whose signature it bears.
        missing: how many heads are missing right before it.
        missing_line: where the first of them would be: its line, or that of a line before it that is no head.
    """

    head: Head
    line: int
    signer: Signer
    missing: int
    missing_line: int


class HeadReader:
    """Reads heads ahead, as far as is asked for."""

    def __init__(self, lines: Iterable[bytes], keys: KeyChain) -> None:
        """Prepare; nothing is read yet.

        Args:
            lines: the whole lines of `heads.jsonl`, without their ends.
            keys: the keys of the periods.
        """
        self._heads = self._read(lines, keys)
        self._ahead: deque[ReadHead] = deque()
        self._pruned_up_to = 0
        self.newest_number = 0
        """Of those read until now."""
        self.last_line = 0
        """Of `heads.jsonl`, of those read until now."""
        self.marred_line = 0
        """The first line of `heads.jsonl` that is no head and that no head follows, or 0."""

    def pass_over(self, number: int) -> None:
        """Pass over the heads that were pruned, up to this number; to be called before any is read."""
        self._pruned_up_to = self.newest_number = number

    def _read(self, lines: Iterable[bytes], keys: KeyChain) -> Iterator[ReadHead]:
        for self.last_line, data in enumerate(lines, 1):
            head = parse_head_line(data)
            if head is None or not is_credible(head):
                self.marred_line = self.marred_line or (self.last_line if data else 0)
                continue
            missing_line, self.marred_line = self.marred_line or self.last_line, 0
            if head.number <= self._pruned_up_to:
                continue
            missing = max(head.number - self.newest_number - 1, 0)
            is_in_order = head.number > self.newest_number
            self.newest_number = max(head.number, self.newest_number)
            if is_in_order and digest_marks(head.marks) == head.marks_digest:
                signer = keys.find_signer(head.period, head.get_signed_bytes(), head.signature)
            else:
                signer = Signer.NOBODY
            yield ReadHead(head=head, line=self.last_line, signer=signer, missing=missing, missing_line=missing_line)

    def peek(self, index: int = 0) -> ReadHead | None:
        """Return one of the next heads, the next one being 0, or None behind the last one."""
        while len(self._ahead) <= index:
            found = next(self._heads, None)
            if found is None:
                return None
            self._ahead.append(found)
        return self._ahead[index]

    def pop(self) -> ReadHead | None:
        """Return the next head and go on, or None behind the last one."""
        head = self.peek()
        if head is not None:
            self._ahead.popleft()
        return head


def is_credible(head: Head) -> bool:
    """Tell whether there can be a log with so many lines and heads."""
    return max(head.count, head.number) < LARGEST


def split_marks(head: Head, newest: int) -> list[int]:
    """Return the marks of the newest lines of a head as numbers, oldest first; all that there are when there are fewer.

    Args:
        head: the head.
        newest: of how many lines.
    """
    marks = head.marks[max(len(head.marks) - newest * MARK_LENGTH, 0) :] if newest > 0 else ""
    return [int(marks[at : at + MARK_LENGTH], 16) for at in range(0, len(marks), MARK_LENGTH)]


def get_mark(head: Head, position: int) -> int | None:
    """Return the mark of a line by its number in the whole log, or None when the head has none of it."""
    at = (position - head.marked_from) * MARK_LENGTH
    return int(head.marks[at : at + MARK_LENGTH], 16) if 0 <= at < len(head.marks) else None

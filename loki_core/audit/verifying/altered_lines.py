"""A part of the log that does not lead to the hash of its head: what was done to which line. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from loki_core.audit.day_files import find_period, name_day_file
from loki_core.audit.heads import mark_line
from loki_core.audit.verdict import ProblemKind
from loki_core.audit.verifying.deeds import Deed, Deeds
from loki_core.audit.verifying.differences import Change, Difference
from loki_core.audit.verifying.expected_marks import ExpectedMarks
from loki_core.audit.verifying.head_reader import HeadReader, ReadHead
from loki_core.audit.verifying.line_stream import LineStream
from loki_core.audit.verifying.locate import align
from loki_core.audit.verifying.log_line import LineKind, LogLine, chain, get_payload
from loki_core.audit.verifying.missing_days import report_missing_day
from loki_core.audit.verifying.walk import Walk


class _Lines:
    """The lines that are, with their marks."""

    def __init__(self, stream: LineStream, position: int, shift: int) -> None:
        self._stream = stream
        self._before = position + shift + 1
        self._marks: list[int] = []

    def get(self, index: int) -> int | None:
        """Return a line's mark, -1 for what is no entry, or None behind the last line."""
        while len(self._marks) <= index:
            line = self._stream.peek(len(self._marks))
            if line is None or is_torn_end(self._stream, len(self._marks)):
                return None
            self._marks.append(-1 if line.kind is LineKind.JUNK else int(mark_line(line.data), 16))
        return self._marks[index]

    def find_place(self, index: int) -> int | None:
        """Return the index among the marks that the line's number stands for, or None."""
        line = self._stream.peek(index)
        return None if line is None or line.seq is None else line.seq - self._before


def is_torn_end(stream: LineStream, index: int) -> bool:
    """Tell whether one of the next lines is the half one at the end of the log."""
    line = stream.peek(index)
    return line is not None and not line.is_whole and stream.peek(index + 1) is None


class AlteredLines:
    """Aligns lines with marks, and notes what was done."""

    def __init__(self, walk: Walk, deeds: Deeds, heads: HeadReader, files: Sequence[str]) -> None:
        """Prepare.

        Args:
            walk: where we are.
            deeds: where is noted what was done.
            heads: the heads that cover what follows.
            files: the names of the log's files, in their order.
        """
        self._walk = walk
        self._deeds = deeds
        self._heads = heads
        self._files = files
        self.has_differences = False
        """Whether the lines that were passed last have other marks than they should have."""
        self.cut: tuple[int, int, str] | None = None
        """The first and the last line that were cut off the end of the log, and the day of the first."""

    def pass_them(self) -> list[ReadHead]:
        """Go on to a head from which on all is well again, or to the end; return the heads that were passed."""
        walk = self._walk
        base, shift, days = walk.at.position, walk.at.shift, len(walk.days_without_end)
        expected = ExpectedMarks(base, self._heads)
        alignment = align(expected, _Lines(walk.stream, base, shift))
        self.has_differences = bool(alignment.differences)
        i = j = balance = 0
        is_behind_deed = not walk.at.claimed
        for each in alignment.differences:
            while j < each.actual and i < each.expected:
                self._take_same(base + i + 1, j, shift + balance, is_behind_deed)
                i, j, is_behind_deed = i + 1, j + 1, False
            self._note(each, expected, base, j)
            for _ in range(0 if each.change is Change.REMOVED else each.count):
                self._take_other(each, base + i + 1, j)
                i, j = i + (each.change is Change.EDITED), j + 1
            if each.change is Change.REMOVED:
                i += each.count
            balance += {Change.REMOVED: -each.count, Change.INSERTED: each.count, Change.EDITED: 0}[each.change]
            is_behind_deed = True
        while i < alignment.expected and j < alignment.actual:
            self._take_same(base + i + 1, j, shift + balance, is_behind_deed)
            i, j, is_behind_deed = i + 1, j + 1, False
        walk.stream.consume(j)
        del walk.days_without_end[days:]  # their heads are in here
        end = alignment.expected if self.cut is None else self.cut[0] - base - 1
        passed = expected.list_heads(alignment.expected)
        last = passed[-1].head if passed else None
        is_known = last is not None and last.count == base + end
        walk.at = walk.at._replace(
            position=base + end, owed=shift + balance, true=last.last_hash.encode() if last and is_known else b""
        )
        return passed

    def _take_same(self, position: int, index: int, owed: int, is_behind_deed: bool) -> None:
        """Take a line that says what it said; its number and hash may have been changed all the same."""
        walk = self._walk
        line = walk.stream.peek(index)
        if line is None:
            return
        at, is_right = walk.at, True
        moved = at.shift if line.seq is None else line.seq - position
        if line.kind is not LineKind.FOREIGN:
            previous = [each for each in (at.claimed, at.true) if each]
            follows = bool(line.digest) and any(
                chain(each, get_payload(line, seq)) == line.digest for each in previous for seq in (None, position)
            )
            is_right = (
                line.kind is LineKind.OURS and (follows or is_behind_deed) and moved in {0, at.shift, at.owed, owed}
            )
        if not is_right:
            self._deeds.add(Deed(change=Change.EDITED, position=position, file=line.file, line=line.line))
        walk.take(line, position=position, shift=moved if is_right else None, is_changed=not is_right)

    def _take_other(self, each: Difference, position: int, index: int) -> None:
        line = self._walk.stream.peek(index)
        if line is None:
            return
        if each.change is Change.EDITED:
            self._walk.take(line, position=position, is_changed=True)
        else:
            self._walk.pass_over(line)
            self._walk.at = self._walk.at._replace(claimed=line.digest or self._walk.at.claimed)

    def _note(self, each: Difference, expected: ExpectedMarks, base: int, index: int) -> None:
        if each.change is Change.REMOVED:
            self._note_removed(each, expected, base)
            return
        line = self._walk.stream.peek(index)
        if line is None:
            return
        if each.change is Change.INSERTED and each.count == 1 and not line.is_whole:
            self._walk.findings.add(
                ProblemKind.TORN_LINE,
                line.file,
                line.line,
                "half a line, as a crash leaves it",
                position=base + each.expected,
            )
            return
        found: tuple[int, ...] = ()
        if self._deeds.can_remember:
            lines = [self._walk.stream.peek(index + step) for step in range(each.count)]
            found = tuple(int(mark_line(other.data), 16) for other in lines if other is not None)
        mark = expected.get(each.expected)
        self._deeds.add(
            Deed(
                change=each.change,
                position=base + each.expected + 1,
                file=line.file,
                line=line.line,
                count=each.count,
                missing=(mark,) if each.change is Change.EDITED and mark is not None else (),
                found=found,
            )
        )

    def _note_removed(self, each: Difference, expected: ExpectedMarks, base: int) -> None:
        """Note that lines are gone, day by day: where a day's file is gone too, that is what is wrong."""
        following = self._walk.stream.peek(each.actual)
        is_end = following is None or is_torn_end(self._walk.stream, each.actual)
        start, end = each.expected, each.expected + each.count
        while start < end:
            period = expected.find_period(start)
            stop = start + 1
            while stop < end and expected.find_period(stop) == period:
                stop += 1
            position = base + start + 1
            is_gone = report_missing_day(self._walk.findings, self._files, period, position, stop - start)
            if not is_gone:
                place = self._find_place(period, following)
                self._note_gone(place, position, expected, range(start, stop), is_cut=is_end)
            start = stop
        if is_end:
            self.cut = (base + each.expected + 1, base + end, expected.find_period(each.expected))

    def _find_place(self, period: str, following: LogLine | None) -> tuple[str, int]:
        """Return where lines of a day would be that are gone before a line."""
        at = self._walk.at
        # A head may cover several days, if it is the first one.
        if following is not None and (following.file == at.file or find_period(following.file) <= period):
            return following.file, following.line
        if at.period == period:
            return at.file, at.line + 1
        return name_day_file(period), 1

    def _note_gone(
        self, place: tuple[str, int], position: int, expected: ExpectedMarks, indexes: range, *, is_cut: bool
    ) -> None:
        marks: tuple[int, ...] = ()
        if self._deeds.can_remember:
            marks = tuple(mark for mark in map(expected.get, indexes) if mark is not None)
        self._deeds.add(
            Deed(
                change=Change.REMOVED,
                position=position,
                file=place[0],
                line=place[1],
                count=len(indexes),
                missing=marks,
                is_cut=is_cut,
            )
        )

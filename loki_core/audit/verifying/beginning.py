"""Where the first line stands that there is: at the log's beginning, behind what was pruned, or behind a gap. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from loki_core.audit.chain import GENESIS
from loki_core.audit.day_files import find_period, name_day_file
from loki_core.audit.heads import mark_line
from loki_core.audit.verdict import ProblemKind
from loki_core.audit.verifying.deeds import Deed, Deeds
from loki_core.audit.verifying.differences import Change
from loki_core.audit.verifying.evidence import Evidence
from loki_core.audit.verifying.expected_marks import ExpectedMarks
from loki_core.audit.verifying.key_chain import Signer
from loki_core.audit.verifying.log_line import LogLine, chain, get_payload
from loki_core.audit.verifying.missing_days import report_missing_day
from loki_core.audit.verifying.walk import Point, Walk

_PEER_KEEPS = 10
"""Files: when there are more, the peer removes the oldest."""
_PIECE = 1_000
"""A file that was full has more lines than that."""


class Beginning:
    """Puts the walk before the first line."""

    def __init__(self, evidence: Evidence, walk: Walk, deeds: Deeds) -> None:
        """Prepare.

        Args:
            evidence: the log.
            walk: where we are: nowhere yet.
            deeds: where is noted what was done.
        """
        self._evidence = evidence
        self._walk = walk
        self._deeds = deeds

    def find(self) -> int:
        """Put the walk where the first line is; return the number up to which there are no lines to look at."""
        pruned = self._evidence.pruned
        position, digest = (pruned.count, pruned.last_hash) if pruned else (0, GENESIS)
        previous = digest.encode()
        self._walk.at = Point(position=position, claimed=previous, true=previous)
        first = self._walk.stream.peek(0)
        start = self._find_start(position)
        if first is None or start == position or self._belongs_here(first, position, start):
            return position
        if start < position:
            self._pass_over(position - start)
            return position
        self._note_gap(position, start)
        return start

    def _find_start(self, position: int) -> int:
        """Return how many lines stand before the first one, by the numbers that the first lines bear."""
        starts = {number - 1 - before for before, number in self._evidence.first_numbers}
        return starts.pop() if len(starts) == 1 else position

    def _belongs_here(self, first: LogLine, position: int, start: int) -> bool:
        """Tell whether the first line is the one that should be there, whatever number it bears."""
        previous = self._walk.at.claimed
        if any(chain(previous, get_payload(first, seq)) == first.digest for seq in (None, position + 1)):
            return True
        mark, marks = int(mark_line(first.data), 16), ExpectedMarks(position, self._evidence.heads)
        return (
            marks.get(0) == mark != marks.get(max(start - position, 0))
        )  # of those that say the same, the number tells

    def _pass_over(self, count: int) -> None:
        """Pass over lines that a pruning, which did not come to its end, left."""
        for number in range(count):
            line = self._walk.stream.peek(0)
            if line is None:
                return
            self._walk.pass_over(line)
            self._walk.stream.consume(1)
            if number % 1024 == 0:
                self._walk.set_mark()

    def _note_gap(self, position: int, start: int) -> None:
        gone = list(self._list_gone(position, start))
        files = self._evidence.files
        may_be_the_peer = len(files) >= _PEER_KEEPS
        pruned = False
        for first, count, period in gone:
            there = [name for name in files if find_period(name) == period]
            is_piece = len(there) > 1 or count > _PIECE
            if may_be_the_peer and (not there or is_piece):
                pruned = True
            elif there or not period:
                self._deeds.add(Deed(change=Change.REMOVED, position=first, file=files[0], line=1, count=count))
            else:
                report_missing_day(self._walk.findings, files, period, first, count)
        if pruned:
            first, _, period = gone[0]
            self._walk.findings.add(
                ProblemKind.PRUNED_BY_PEER,
                name_day_file(period) if period else files[0],
                1,
                f"the oldest {start - position:,} lines are gone; Loki Mode removes the oldest of more than ten files",
                position=first,
                seq=first,
            )

    def _list_gone(self, position: int, start: int) -> Iterator[tuple[int, int, str]]:
        """Yield number, count and day of the lines that are gone; put the walk behind them."""
        heads, last, digest = self._evidence.heads, position, b""
        first, period = position + 1, ""
        while (read := heads.peek()) is not None and read.head.count <= start:
            heads.pop()
            if read.signer is not Signer.ITS_PERIOD or read.head.count <= last:
                continue
            if read.head.period != period and last >= first:
                yield first, last - first + 1, period
                first = last + 1
            period, last = read.head.period, read.head.count
            digest = read.head.last_hash.encode() if last == start else b""
        self._walk.at = Point(position=start, claimed=digest, true=digest)
        if start > last:
            is_marked = read is not None and read.head.marked_from <= start
            here = read.head.period if read is not None and is_marked else ""
            if here != period and last >= first:
                yield first, last - first + 1, period
                first = last + 1
            period = here
        if start >= first:
            yield first, start - first + 1, period

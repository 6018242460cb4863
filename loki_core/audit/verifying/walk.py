"""How far a log was followed while it is verified: the line, its number, its hash. Pure.

Two hashes are kept: the one that the lines claim, and the true one as far as signed heads tell it. They part where
somebody changed lines and computed the chain anew, and meet again at a head.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from hashlib import sha256
from typing import NamedTuple

from loki_core.audit.chain import HASH_FIELD
from loki_core.audit.day_files import find_period
from loki_core.audit.verdict import ProblemKind
from loki_core.audit.verifying.findings import Findings
from loki_core.audit.verifying.line_stream import MOST_AHEAD, LineStream
from loki_core.audit.verifying.log_line import TAIL_LENGTH, LineKind, LogLine, chain, get_payload


class Point(NamedTuple):
    """A place in the log.

    Attributes:
        position: how many lines of the whole log were passed: the number of the last one.
        claimed: the hash that the last line claims, or b"" when it is not known.
        true: the hash that it had when the lines were written, or b"" when it is not known.
        shift: by how much the numbers that the lines bear are higher than their own.
        owed: what the shift may become at the next line, because lines right before it are gone or were put in.
        file: the base name of the last line's file, or "".
        line: the last line in it.
        entries: how many lines were read.
        ours: the number of the newest line of ours.
        ours_period: the day in whose file it is, or "".
        unsigned: how many lines of ours stand behind the newest head.
    """

    position: int = 0
    claimed: bytes = b""
    true: bytes = b""
    shift: int = 0
    owed: int = 0
    file: str = ""
    line: int = 0
    entries: int = 0
    ours: int = 0
    ours_period: str = ""
    unsigned: int = 0

    @property
    def period(self) -> str:
        """The day in whose file the last line is, or ""."""
        return find_period(self.file)


class Walk:
    """Follows the lines of a log."""

    def __init__(self, stream: LineStream, findings: Findings) -> None:
        """Begin before the first line.

        Args:
            stream: the lines.
            findings: where lines of the peer are noted.
        """
        self.stream = stream
        self.findings = findings
        self.at = Point()
        self.began = self.at
        """Where the first line was looked for."""
        self.passed: dict[int, Point] = {}
        """What was found at the numbers that are of interest."""
        self.unproved: dict[int, LogLine] = {}
        """The peer's lines, by number, whose hash does not follow from the line before; since the mark."""
        self.days_without_end: list[Point] = []
        """Where a day of ours ended before a head covered it."""
        self.day_starts: dict[str, int] = {}
        """The number of the first line that was found in a day's files."""
        self.is_trusting = False
        """Whether a head will tell if the lines are what they were, so that one may have to go back."""
        self._interesting: list[int] = []
        self._foreign: list[tuple[int, LogLine]] = []
        self._mark = self.at
        self._days_at_mark = 0

    def note_at(self, position: int) -> None:
        """Remember, when it is passed, what is found at a number."""
        insort(self._interesting, position)

    # -- going on and back

    def set_mark(self) -> None:
        """Make this the place to go back to; what was found before stays found."""
        self.stream.set_mark()
        for position, line in self._foreign:
            self.findings.add(
                ProblemKind.FOREIGN_ENTRY,
                line.file,
                line.line,
                "this line was written by another program, such as Loki Mode",
                position=position,
                seq=position,
            )
        self._foreign.clear()
        self.unproved.clear()
        self._mark = self.at
        self._days_at_mark = len(self.days_without_end)

    def go_back(self) -> None:
        """Return to the mark."""
        self.stream.go_back()
        self._foreign.clear()
        self.unproved.clear()
        self.at = self._mark
        del self.days_without_end[self._days_at_mark :]

    def note_head(self, last_hash: str) -> None:
        """Note that a head covers all lines until here, and the true hash of the last one, if it is known."""
        self.at = self.at._replace(unsigned=0, true=last_hash.encode() or self.at.true)

    def run(self, stop: int | None) -> bool:
        """Follow the lines as long as each is the next in number and hash, or the peer's.

        Args:
            stop: the number of the line to stop behind, or None to go on to the end.

        Returns:
            Whether that was reached; if not, a line does not fit, or there is none.
        """
        while stop is None or self.at.position < stop:
            loaded = self.stream.load()
            if loaded is None:
                return False
            piece, index = loaded
            if index == 0 and (not self.is_trusting or self.stream.kept > _MOST_KEPT):
                self.set_mark()
            end = len(piece.lines) - piece.is_torn
            if stop is not None:
                end = min(end, index + stop - self.at.position)
            seq = 0 if self.is_trusting else self.at.position + self.at.shift + 1
            behind, digest = _follow(piece.lines, index, self._limit(index, end), seq, self.at.claimed)
            if behind > index:
                self._pass_ours(behind - index, digest, piece.file, piece.first + behind - 1)
                self.stream.advance(behind)
            elif not self._take_single():
                return False
        return True

    def _limit(self, index: int, end: int) -> int:
        place = bisect_right(self._interesting, self.at.position)
        if place == len(self._interesting):
            return end
        return min(end, index + self._interesting[place] - self.at.position)

    def _take_single(self) -> bool:
        """Take a line that needs a closer look: the peer's, or one behind an empty line."""
        line = self.stream.peek(0)
        if line is None:
            return False
        at, seq = self.at, self.at.position + self.at.shift + 1
        fits = bool(at.claimed) and chain(at.claimed, get_payload(line)) == line.digest
        if line.kind is LineKind.OURS and fits and line.seq == seq:
            self.take(line)
        elif line.kind is LineKind.FOREIGN and line.digest and (fits or self.is_trusting):
            self.take(line)
            if not fits:
                self.unproved[self.at.position] = line
        else:
            return False
        self.stream.consume(1)
        return True

    # -- taking lines

    def _pass_ours(self, count: int, digest: bytes, file: str, line: int) -> None:
        at = self.at
        self._note_day(file, is_ours=True)
        position = at.position + count
        self.at = Point(
            position=position,
            claimed=digest,
            true=digest if at.true == at.claimed else b"",
            shift=at.shift,
            owed=at.shift,
            file=file,
            line=line,
            entries=at.entries + count,
            ours=position,
            ours_period=find_period(file),
            unsigned=at.unsigned + count,
        )
        self._remember()

    def _note_day(self, file: str, *, is_ours: bool) -> None:
        """Note when a day begins, and when one of ours is over that no head has covered to its end."""
        at = self.at
        if at.file == file:
            return
        period = find_period(file)
        self.day_starts.setdefault(period, at.position + 1)
        if is_ours and at.unsigned and at.ours_period and period != at.ours_period:
            self.days_without_end.append(at)

    def take(
        self,
        line: LogLine,
        *,
        position: int = 0,
        shift: int | None = None,
        true: bytes | None = None,
        is_changed: bool = False,
    ) -> None:
        """Go on behind a line; the stream stays where it is.

        Args:
            line: the line.
            position: its number, by default the next one.
            shift: by how much the number that it bears is higher.
            true: the hash that it had when it was written, or b"" when that is not known.
            is_changed: whether it is not what it was: then it does not say whose it is.
        """
        at = self.at
        position = position or at.position + 1
        claimed = line.digest or at.claimed
        is_ours = line.kind is not LineKind.FOREIGN
        self._note_day(line.file, is_ours=is_ours)
        if at.ours and not is_ours and not is_changed:
            self._foreign.append((position, line))
        self.at = at._replace(
            position=position,
            claimed=claimed,
            true=true if true is not None else claimed if at.true == at.claimed else b"",
            shift=at.shift if shift is None else shift,
            owed=at.shift if shift is None else shift,
            file=line.file,
            line=line.line,
            entries=at.entries + (line.kind is not LineKind.JUNK),
            ours=position if is_ours else at.ours,
            ours_period=find_period(line.file) if is_ours else at.ours_period,
            unsigned=at.unsigned + is_ours,
        )
        self._remember()

    def pass_over(self, line: LogLine) -> None:
        """Go on behind a line that has no number of its own."""
        self.at = self.at._replace(
            file=line.file, line=line.line, entries=self.at.entries + (line.kind is not LineKind.JUNK)
        )

    def _remember(self) -> None:
        place = bisect_right(self._interesting, self.at.position)
        if place and self._interesting[place - 1] == self.at.position:
            self.passed[self.at.position] = self.at


_MOST_KEPT = 2 * MOST_AHEAD
"""Bytes of lines to go back over; of more, it is not found out which were changed."""
_SEQ = b'"seq": %d, "success": '
_BEFORE_HASH = f', "{HASH_FIELD}": "'.encode()


def _follow(lines: list[bytes], index: int, end: int, seq: int, previous: bytes) -> tuple[int, bytes]:
    """Return the index of the first line that does not follow from the one before it, and the hash of that one.

    The payload is cut out of the line: its JSON is not read. This loop is what verifying costs.

    Args:
        lines: the lines.
        index: of the first one to look at.
        end: the index behind the last.
        seq: the number that the first one should bear, or 0 where a head will prove that also.
        previous: the hash of the line before.
    """
    for place in range(index, end):
        line = lines[place]
        state = sha256(previous)
        state.update(line[:-TAIL_LENGTH])
        state.update(b"}")
        digest = state.hexdigest().encode()
        if line[-TAIL_LENGTH:] != _BEFORE_HASH + digest + b'"}' or (seq and _SEQ % (seq + place - index) not in line):
            return place, previous
        previous = digest
    return end, previous

"""What is wrong with the heads themselves: signatures, their order, the day that they were signed for. Pure."""

from __future__ import annotations

from loki_core.audit.heads import HEADS_NAME, Head
from loki_core.audit.verdict import ProblemKind
from loki_core.audit.verifying.findings import Findings
from loki_core.audit.verifying.head_reader import ReadHead
from loki_core.audit.verifying.key_chain import Signer
from loki_core.audit.verifying.walk import Point
from loki_core.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrong:
    kind: ProblemKind
    read: ReadHead
    position: int
    message: str
    point: Point | None = None


class HeadRoll:
    """Keeps the account of the heads: those that fit, and those that do not."""

    def __init__(self) -> None:
        self.newest: Head | None = None
        """The newest head whose signature and hash are right."""
        self.covered: set[int] = set()
        """The counts of heads that were signed wrongly: their days have an end all the same."""
        self._wrong: list[_Wrong] = []

    def meet(self, read: ReadHead, point: Point) -> None:
        """Take a head whose hash is that of the last line passed.

        Args:
            read: the head.
            point: where the log was followed to: the head's last line.
        """
        head = read.head
        if point.ours_period <= head.period <= point.period:
            self.newest = head
        else:
            self.refuse(read, point.position, Signer.OTHER_PERIOD, point)

    def refuse(self, read: ReadHead, position: int, signer: Signer, point: Point | None = None) -> None:
        """Note a head that is not signed as it should be.

        Args:
            read: the head.
            position: the line of the log at which it comes up.
            signer: whose signature it bears.
            point: its last line, if that was passed already.
        """
        self.covered.add(read.head.count)
        if signer is Signer.OTHER_PERIOD:
            kind, message = (
                ProblemKind.WRONG_PERIOD,
                "the head that ends with this line is signed with another day's key",
            )
        else:
            kind, message = ProblemKind.FORGED, "this head is not signed by a known key"
        self._wrong.append(_Wrong(kind=kind, read=read, position=position, message=message, point=point))

    @property
    def first_wrong(self) -> int | None:
        """The line of the log at which the first head came up that is not as it should be, or None."""
        return min((wrong.position for wrong in self._wrong), default=None)

    def misplace(self, read: ReadHead, position: int) -> None:
        """Note a head that covers fewer lines than the one before it, though none were cut off."""
        message = "this head does not belong behind the one before it"
        self._wrong.append(_Wrong(kind=ProblemKind.FORGED, read=read, position=position, message=message))

    def miss(self, read: ReadHead, position: int, findings: Findings) -> None:
        """Note that heads are missing before one."""
        what = "a head is" if read.missing == 1 else f"{read.missing:,} heads are"
        message = f"{what} missing here"
        findings.add(ProblemKind.HEAD_MISSING, HEADS_NAME, read.missing_line, message, position=position)

    def report(self, findings: Findings, passed: dict[int, Point]) -> None:
        """Add what is wrong, heads in a row with the same as one problem.

        Args:
            findings: where to.
            passed: what was found at the counts of heads that are signed with another day's key.
        """
        groups: list[list[_Wrong]] = []
        for wrong in sorted(self._wrong, key=lambda each: each.read.line):
            last = groups[-1][-1] if groups else None
            if last is not None and (last.kind, last.message) == (wrong.kind, wrong.message) and _follow(last, wrong):
                groups[-1].append(wrong)
            else:
                groups.append([wrong])
        for group in groups:
            first, more = group[0], len(group) - 1
            message = first.message + (f", and so are {more:,} more" if more else "")
            file, line, seq = HEADS_NAME, first.read.line, None
            point = first.point or passed.get(first.read.head.count)
            if first.kind is ProblemKind.WRONG_PERIOD and point is not None:
                file, line, seq = point.file, point.line, point.position
            findings.add(first.kind, file, line, message, position=first.position, seq=seq)


def _follow(one: _Wrong, other: _Wrong) -> bool:
    return other.read.head.number == one.read.head.number + 1

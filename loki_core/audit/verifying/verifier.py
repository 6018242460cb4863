"""The rules of verifying a log: its lines against their chain, its signed heads and what others know of them. Pure.

From head to head the lines are followed by number and hash. Where they do not lead to the hash that the head bears,
it is found out what was done to them (`true_chain`, `altered_lines`), and verifying goes on from the head's hash, so
that one deed is one problem. Where there are no heads, chain and numbers must do (`unmarked`).
"""

from __future__ import annotations

from loki_core.audit.heads import mark_line
from loki_core.audit.pruning import PRUNED_NAME
from loki_core.audit.verdict import ProblemKind, Verdict, Witness
from loki_core.audit.verifying.altered_lines import AlteredLines
from loki_core.audit.verifying.beginning import Beginning
from loki_core.audit.verifying.conclusion import Conclusion
from loki_core.audit.verifying.deeds import Deed, Deeds
from loki_core.audit.verifying.differences import Change
from loki_core.audit.verifying.evidence import Evidence
from loki_core.audit.verifying.findings import Findings
from loki_core.audit.verifying.head_reader import ReadHead, get_mark
from loki_core.audit.verifying.head_roll import HeadRoll
from loki_core.audit.verifying.key_chain import Signer
from loki_core.audit.verifying.missing_days import report_missing_day
from loki_core.audit.verifying.true_chain import Step, trace
from loki_core.audit.verifying.unmarked import Unmarked
from loki_core.audit.verifying.walk import Walk
from loki_core.frozen import replace


class Verifier:
    """Verifies one log, once."""

    def __init__(self, evidence: Evidence) -> None:
        """Prepare; nothing is read yet.

        Args:
            evidence: the log and what is known of it.
        """
        self._findings = Findings()
        self._evidence = evidence = self._check_pruned(evidence)
        self._heads = evidence.heads
        self._deeds = Deeds()
        self._walk = Walk(evidence.stream, self._findings)
        self._unmarked = Unmarked(self._walk, self._deeds)
        self._altered = AlteredLines(self._walk, self._deeds, self._heads, evidence.files)
        self._roll = HeadRoll()
        self._conclusion = Conclusion(evidence, self._walk, self._roll, self._findings)
        self._nothing_up_to = 0
        """The number up to which no head can be compared, because the lines are not there."""

    def _check_pruned(self, evidence: Evidence) -> Evidence:
        pruned = evidence.pruned
        if pruned is None:
            return evidence
        signer = evidence.keys.find_signer(pruned.period, pruned.get_signed_bytes(), pruned.signature)
        if signer is not Signer.ITS_PERIOD:
            message = "what was pruned is not signed by the key of the day that it names"
            self._findings.add(ProblemKind.FORGED, PRUNED_NAME, 1, message, position=0)
            return replace(evidence, pruned=None)
        evidence.heads.pass_over(pruned.heads_up_to)
        return evidence

    def verify(self) -> Verdict:
        """Return what is found."""
        evidence, walk = self._evidence, self._walk
        for testimony in evidence.testimonies:
            walk.note_at(testimony.count)
        self._nothing_up_to = Beginning(evidence, walk, self._deeds).find()
        walk.began = walk.at
        while (read := self._heads.peek()) is not None:
            if read.signer is Signer.ITS_PERIOD and read.head.count > walk.at.position:
                self._note_missing(read)
                self._reach(read)
            else:
                self._drop(read)
        self._unmarked.go(None)
        self._unmarked.finish()
        walk.set_mark()
        if self._deeds.report(self._findings):
            self._conclusion.forget_cut()
        self._conclusion.report(self._deeds.first_position, self._nothing_up_to)
        return Verdict(
            entries=walk.at.entries,
            problems=self._findings.list_in_order(),
            head=self._roll.newest,
            first_key=evidence.keys.first_key,
            witnesses=(
                Witness.CHAIN,
                *sorted({each.witness for each in evidence.testimonies}, key=list(Witness).index),
            ),
        )

    # -- heads by themselves

    def _note_missing(self, read: ReadHead) -> None:
        at = self._walk.at
        if read.missing and not self._evidence.stream.has_cut(at.position, read.head.count):
            self._roll.miss(read, at.position + 1, self._findings)

    def _drop(self, read: ReadHead) -> None:
        """Take a head to which there are no lines to follow."""
        self._heads.pop()
        self._note_missing(read)
        at, count = self._walk.at, read.head.count
        if read.signer is not Signer.ITS_PERIOD:
            self._roll.refuse(read, at.position + 1, read.signer)
            self._walk.note_at(count)
        elif self._nothing_up_to < count < at.position and not self._evidence.stream.cuts:
            self._roll.misplace(read, at.position + 1)

    # -- from head to head

    def _reach(self, read: ReadHead) -> None:
        """Follow the lines to a head."""
        head, walk = read.head, self._walk
        first = walk.stream.find_place()
        begun_at = walk.at.position
        if not self._unmarked.go(max(head.marked_from - 1, walk.at.position)):
            if not self._evidence.stream.has_cut(begun_at, head.count):
                begin, count = walk.at.position + 1, head.count - walk.at.position
                report_missing_day(self._findings, self._evidence.files, head.period, begin, count)
                self._conclusion.note_cut(head.count, head.period)
            self._heads.pop()
            return
        if walk.at.position >= head.count:  # lines are missing right here
            self._nothing_up_to = walk.at.position
            return
        walk.set_mark()
        walk.is_trusting = True
        is_reached = walk.run(head.count)
        walk.is_trusting = False
        if is_reached and walk.at.claimed == head.last_hash.encode() and self._is_proved(read):
            self._pass(read)
            return
        walk.go_back()
        self._examine(read, first)

    def _is_proved(self, read: ReadHead) -> bool:
        """Tell whether the peer's lines that prove nothing by their hash have the marks that they should have."""
        return all(
            get_mark(read.head, position) == int(mark_line(line.data), 16)
            for position, line in self._walk.unproved.items()
        )

    def _pass(self, read: ReadHead) -> None:
        """Take a head that was reached."""
        self._heads.pop()
        self._roll.meet(read, self._walk.at)
        self._walk.note_head(read.head.last_hash)

    def _examine(self, read: ReadHead, first: tuple[str, int]) -> None:
        """Find out what was done to the lines before a head, from a place on."""
        walk, head = self._walk, read.head
        steps = trace(walk, head)
        if steps is not None:
            self._take_steps(steps)
            self._pass(read)
        elif self._evidence.stream.has_cut(walk.at.position, head.count):
            self._heads.pop()  # it covered lines that were cut off
        else:
            self._take_altered(read, first)

    def _take_steps(self, steps: list[Step]) -> None:
        for step in steps:
            line, position = step.line, self._walk.at.position + 1
            if step.is_changed:
                self._deeds.add(Deed(change=Change.EDITED, position=position, file=line.file, line=line.line))
            self._walk.take(line, shift=step.shift, true=step.true, is_changed=step.is_changed)
        self._walk.stream.consume(len(steps))

    def _take_altered(self, read: ReadHead, first: tuple[str, int]) -> None:
        before, position = len(self._deeds), self._walk.at.position + 1
        is_true = self._walk.at.claimed == self._walk.at.true != b""
        passed = self._altered.pass_them()
        if len(self._deeds) == before and not self._altered.has_differences and is_true:
            message = f"one of the lines from here to number {read.head.count:,} was changed"
            self._deeds.add(
                Deed(change=Change.EDITED, position=position, file=first[0], line=first[1], message=message)
            )
        last = passed[-1] if passed else read
        while (each := self._heads.peek()) is not None and each.head.number <= last.head.number:
            self._heads.pop()
            self._note_missing(each)
            if each.signer is not Signer.ITS_PERIOD:
                self._roll.refuse(each, each.head.count, each.signer)
        if self._altered.cut is not None:
            _, end, period = self._altered.cut
            self._conclusion.note_cut(end, period)
        else:
            self._roll.newest = last.head
        self._walk.note_head("")

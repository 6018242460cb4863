"""What is wrong with a log as a whole, once all lines were followed: its end, its keys, and what others know. Pure."""

from __future__ import annotations

from loki_core.audit.certificates import CERTIFICATES_NAME
from loki_core.audit.day_files import find_period, name_day_file
from loki_core.audit.heads import HEADS_NAME
from loki_core.audit.verdict import ProblemKind, Witness
from loki_core.audit.verifying.evidence import Evidence, Testimony
from loki_core.audit.verifying.findings import Findings
from loki_core.audit.verifying.head_roll import HeadRoll
from loki_core.audit.verifying.key_chain import Signer
from loki_core.audit.verifying.walk import Walk

MOST_UNSIGNED = 256
"""Lines of ours that there may be behind the newest head."""
_KEPT_IN = {Witness.KEY: "audit-key.json", Witness.STORE: "tokens.json"}
_NAMES = {
    Witness.KEY: "the head kept beside the private key",
    Witness.STORE: "the head kept in the token store",
    Witness.SECOND_SINK: "the newest head in the second sink",
    Witness.NOTE: "the head that was noted",
}


class Conclusion:
    """Judges the end."""

    def __init__(self, evidence: Evidence, walk: Walk, roll: HeadRoll, findings: Findings) -> None:
        """Prepare.

        Args:
            evidence: the log and what is known of it.
            walk: where the lines end.
            roll: the heads.
            findings: where to add what is wrong.
        """
        self._evidence = evidence
        self._walk = walk
        self._roll = roll
        self._findings = findings
        self._cut: tuple[int, str] = (0, "")

    def note_cut(self, last: int, period: str) -> None:
        """Note that heads cover lines behind the end.

        Args:
            last: the number of the last line that one covers.
            period: the day of the first that is gone, or "".
        """
        before, known = self._cut
        self._cut = max(last, before), known or period

    def forget_cut(self) -> None:
        """Take back that lines are gone at the end: they are elsewhere."""
        self._cut = (0, "")

    def report(self, altered_from: int | None, nothing_up_to: int) -> None:
        """Add what is wrong.

        Args:
            altered_from: the number of the first line to which something was done, or None.
            nothing_up_to: the number up to which there are no lines to compare.
        """
        self._report_end()
        self._report_cuts()
        self._report_keys()
        self._report_heads()
        for testimony in self._evidence.testimonies:
            self._hear(testimony, altered_from, nothing_up_to)
        self._roll.report(self._findings, self._walk.passed)

    # -- the end

    def _report_end(self) -> None:
        last, period = self._cut
        torn = self._walk.stream.peek(0)
        position = self._walk.at.position
        if last > position:
            self._report_truncated(last, period, Witness.CHAIN, "signed heads cover")
        elif torn is not None and not torn.is_whole and not self._is_known_beyond(position):
            message = "half a line, as a crash leaves it"
            self._findings.add(ProblemKind.TORN_LINE, torn.file, torn.line, message, position=position + 1)

    def _is_known_beyond(self, position: int) -> bool:
        return any(testimony.count > position for testimony in self._evidence.testimonies)

    def _report_truncated(self, last: int, period: str, witness: Witness, what: str) -> None:
        count = last - self._walk.at.position
        lines = "the line" if count == 1 else f"the {count:,} lines"
        file, line = self._find_end(period)
        self._findings.add(
            ProblemKind.TRUNCATED,
            file,
            line,
            f"{lines} from here on that {what} {'is' if count == 1 else 'are'} gone",
            position=self._walk.at.position + 1,
            seq=self._walk.at.position + 1,
            witness=witness,
        )

    def _find_end(self, period: str) -> tuple[str, int]:
        """Return where the next line would be; of a day whose file is gone, in that."""
        at, files = self._walk.at, self._evidence.files
        torn = self._walk.stream.peek(0)
        if torn is not None:
            return torn.file, torn.line
        if period and period not in map(find_period, files):
            return name_day_file(period), 1
        return (files[-1], at.line + 1 if at.file == files[-1] else 1) if files else (HEADS_NAME, 1)

    def _report_cuts(self) -> None:
        for cut in self._walk.stream.cuts:
            lines = "lines" if cut.missing != 1 else "line"
            message = f"{cut.missing:,} {lines} that stood here were cut off; this entry, written afterwards, says so"
            self._findings.add(
                ProblemKind.TRUNCATED, cut.file, cut.line, message, position=cut.seq, seq=cut.seq, witness=Witness.KEY
            )

    # -- keys and heads

    def _report_keys(self) -> None:
        for problem in self._evidence.keys.problems:
            position = self._walk.day_starts.get(problem.period, self._walk.at.position + 1) if problem.line > 1 else 0
            self._findings.add(problem.kind, CERTIFICATES_NAME, problem.line, problem.message, position=position)

    def _report_heads(self) -> None:
        heads, keys, at = self._evidence.heads, self._evidence.keys, self._walk.at
        if heads.marred_line:
            self._miss_heads("this line was a head", at.position + 1, line=heads.marred_line)
        if keys.first is None or keys.is_begun_anew:
            return
        for point in self._walk.days_without_end:
            is_covered = any(point.ours <= count <= point.position for count in self._roll.covered)
            if keys.first.period <= point.ours_period and not is_covered:
                self._miss_heads(f"the head that ends {point.ours_period} is missing", point.position + 1)
        has_begun = bool(heads.newest_number) or keys.newest is not keys.first
        if has_begun and at.unsigned > MOST_UNSIGNED:
            self._miss_heads(f"the newest {at.unsigned:,} lines have no head", at.position - at.unsigned + 1)

    def _miss_heads(self, message: str, position: int, *, line: int = 0, witness: Witness = Witness.CHAIN) -> None:
        line = line or self._evidence.heads.last_line + 1
        self._findings.add(ProblemKind.HEAD_MISSING, HEADS_NAME, line, message, position=position, witness=witness)

    # -- what others know

    def _hear(self, testimony: Testimony, altered_from: int | None, nothing_up_to: int) -> None:
        keys, witness, at = self._evidence.keys, testimony.witness, self._walk.at
        name, head = _NAMES[witness], testimony.head
        can_compare = keys.first is not None or not testimony.count
        if testimony.first_key and can_compare and testimony.first_key != keys.first_key:
            message = "the first key is not the one that was noted or kept elsewhere"
            self._findings.add(ProblemKind.FORGED, CERTIFICATES_NAME, 1, message, position=0, witness=witness)
            return
        if head is not None and keys.has_period(head.period):
            signer = keys.find_signer(head.period, head.get_signed_bytes(), head.signature)
            if signer is Signer.NOBODY:
                message = f"{name} is not signed by a known key"
                file = _KEPT_IN.get(witness, HEADS_NAME)
                self._findings.add(ProblemKind.FORGED, file, 1, message, position=at.position + 1, witness=witness)
                return
        if testimony.count > at.position:
            self._hear_of_more(testimony)
        elif testimony.count > nothing_up_to:
            self._compare(testimony, altered_from)

    def _hear_of_more(self, testimony: Testimony) -> None:
        """Judge a log that ends before the head that somebody else has."""
        head, witness, position = testimony.head, testimony.witness, self._walk.at.position
        if any(self._findings.has(kind) for kind in (ProblemKind.TRUNCATED, ProblemKind.ROLLED_BACK)):
            return
        newest = self._roll.newest
        is_older = newest is not None and newest.count == position
        if not is_older and not (head is not None and not self._evidence.keys.has_period(head.period)):
            self._report_truncated(testimony.count, "", witness, f"{_NAMES[witness]} covers")
            return
        file, line = self._find_end("" if self._evidence.files or head is None else head.period)
        self._findings.add(
            ProblemKind.ROLLED_BACK,
            file,
            line,
            f"this is an older state of the log: {_NAMES[witness]} covers {testimony.count - position:,} lines more",
            position=position + 1,
            seq=position + 1,
            witness=witness,
        )

    def _compare(self, testimony: Testimony, altered_from: int | None) -> None:
        """Compare the hash of a line with the one that somebody else has."""
        point, witness, head = self._walk.passed.get(testimony.count), testimony.witness, testimony.head
        wrong = [each for each in (altered_from, self._roll.first_wrong) if each is not None]
        is_explained = min(wrong, default=testimony.count + 1) <= testimony.count
        digest = testimony.digest.encode()
        if point is not None and not point.claimed.startswith(digest) and not point.true.startswith(digest):
            if not is_explained:
                message = f"{_NAMES[witness]} has another hash of this line: the log before it was written anew"
                self._findings.add(
                    ProblemKind.FORGED,
                    point.file,
                    point.line,
                    message,
                    position=point.position,
                    seq=point.position,
                    witness=witness,
                )
        elif head is not None and head.number > self._evidence.heads.newest_number:
            self._miss_heads(
                f"heads from here on are missing: {_NAMES[witness]} is one", testimony.count, witness=witness
            )

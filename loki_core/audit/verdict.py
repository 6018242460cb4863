"""What verifying the log found: problems by kind and place, and the verdict. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from loki_core.audit.heads import Head
from loki_core.frozen import dataclass


class ProblemKind(StrEnum):
    """What can be wrong with a log. The last three are no tampering."""

    EDITED = "edited"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    ROLLED_BACK = "rolled_back"
    FORGED = "forged"
    WRONG_PERIOD = "wrong_period"
    DAY_MISSING = "day_missing"
    HEAD_MISSING = "head_missing"
    PRUNED_BY_PEER = "pruned_by_peer"
    FOREIGN_ENTRY = "foreign_entry"
    TORN_LINE = "torn_line"


HARMLESS = frozenset({ProblemKind.PRUNED_BY_PEER, ProblemKind.FOREIGN_ENTRY, ProblemKind.TORN_LINE})


class Witness(StrEnum):
    """What a problem is shown by: what an attacker would have had to change as well to hide it."""

    CHAIN = "chain"
    KEY = "key"
    STORE = "store"
    SECOND_SINK = "second_sink"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        kind: what it is.
        file: the base name of the file that it is in, or was in.
        line: the line in that file, from 1; of what is missing, where it would be.
        seq: the line's number in the whole log, or None when that is not known.
        message: one line for people, with nothing of the log's own text in it.
        witness: what shows it.
    """

    kind: ProblemKind
    file: str
    line: int
    seq: int | None
    message: str
    witness: Witness

    @property
    def severity(self) -> str:
        """`info` for what is no tampering, else `error`."""
        return "info" if self.kind in HARMLESS else "error"

    def describe(self) -> dict[str, Any]:
        """Return the JSON object of this problem."""
        return {
            "kind": str(self.kind),
            "file": self.file,
            "line": self.line,
            "seq": self.seq,
            "message": self.message,
            "severity": self.severity,
            "witness": str(self.witness),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What verifying found.

    Attributes:
        entries: how many lines there are.
        problems: in the order of the log.
        head: the newest good head, or None when there is none.
        first_key: the first public key (hex), from which all others are proved, or "".
        witnesses: what the log was compared with.
    """

    entries: int
    problems: tuple[Problem, ...] = ()
    head: Head | None = None
    first_key: str = ""
    witnesses: tuple[Witness, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was tampered with, as far as these witnesses can tell."""
        return all(problem.kind in HARMLESS for problem in self.problems)

    def describe(self) -> dict[str, Any]:
        """Return the JSON object of the verdict: of the head without its marks, and with the words to note it by."""
        return {
            "ok": self.ok,
            "entries": self.entries,
            "problems": [problem.describe() for problem in self.problems],
            "head": {**self.head.dump(with_marks=False), "first_key": self.first_key} if self.head else None,
            "words": self.words,
            "first_key": self.first_key or None,
            "witnesses": [str(witness) for witness in self.witnesses],
        }

    @property
    def words(self) -> str | None:
        """The twelve words of the newest good head, or None when there is none."""
        from loki_core.audit.words import spell_head

        return spell_head(self.head.count, self.head.last_hash) if self.head else None

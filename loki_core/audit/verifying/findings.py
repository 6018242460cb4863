"""The problems of one log while it is verified: each once, in order, and only so many of a kind. Pure."""

from __future__ import annotations

from loki_core.audit.verdict import Problem, ProblemKind, Witness

MOST_OF_A_KIND = 1_000
"""More are counted and not listed."""


class Findings:
    """Collects problems."""

    def __init__(self) -> None:
        self._found: dict[tuple[ProblemKind, str, int], tuple[int, Problem]] = {}
        self._counts: dict[ProblemKind, int] = {}
        self._last: dict[ProblemKind, tuple[int, Problem]] = {}

    def add(
        self,
        kind: ProblemKind,
        file: str,
        line: int,
        message: str,
        *,
        position: int,
        seq: int | None = None,
        witness: Witness = Witness.CHAIN,
    ) -> None:
        """Add a problem; one of the same kind at the same place is known already.

        Args:
            kind: what it is.
            file: the base name of the file.
            line: the line in it, from 1.
            message: one line for people.
            position: the line of the whole log at which it comes up.
            seq: the number of the line that it is about, when it is about one.
            witness: what shows it.
        """
        problem = Problem(kind=kind, file=file, line=line, seq=seq, message=message, witness=witness)
        if (kind, file, line) in self._found:
            return
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._counts[kind] <= MOST_OF_A_KIND:
            self._found[kind, file, line] = (position, problem)
        else:
            self._last[kind] = (position, problem)

    def has(self, kind: ProblemKind) -> bool:
        """Tell whether there is a problem of that kind."""
        return kind in self._counts

    def list_in_order(self) -> tuple[Problem, ...]:
        """Return the problems in the order of the log, and after them how many more of a kind there are."""
        found = sorted(self._found.values(), key=lambda each: each[0])
        return tuple([problem for _, problem in found] + [self._sum_up(kind) for kind in self._last])

    def _sum_up(self, kind: ProblemKind) -> Problem:
        _, last = self._last[kind]
        more = self._counts[kind] - MOST_OF_A_KIND
        message = f"{more:,} more like the {MOST_OF_A_KIND:,} before; this is the last of them"
        return Problem(kind=kind, file=last.file, line=last.line, seq=last.seq, message=message, witness=last.witness)

"""What verifying the log has found, in words: whole, or what is wrong where, and what shows it."""

from __future__ import annotations

from collections import Counter

from textual.content import Content
from textual.widget import Widget

from loki_core import Problem, Verdict, Witness, safe_text
from loki_tui.dialogs.dialog import Gap, Line, Row
from loki_tui.dialogs.head_section import compose_head

MOST_PROBLEMS = 200
"""Problems that are listed; all of them are told by the command."""
COMMAND = "loki enterprise audit verify --json"
_WITNESSES = {
    Witness.CHAIN: "the chain and its signed heads",
    Witness.KEY: "the head kept beside the key",
    Witness.STORE: "the head kept in the token store",
    Witness.SECOND_SINK: "the second sink",
    Witness.NOTE: "what was noted",
}


def describe_title(verdict: Verdict) -> Content:
    """Return the verdict in a few words."""
    if verdict.ok:
        return Content("The audit log is whole")
    return Content("THE AUDIT LOG IS NOT WHOLE")


def compose_verdict(verdict: Verdict) -> list[Widget]:
    """Return the verdict, the problems, and the newest head to note."""
    wrong = [problem for problem in verdict.problems if problem.severity != "info"]
    remarks = [problem for problem in verdict.problems if problem.severity == "info"]
    widgets: list[Widget] = []
    if verdict.ok:
        widgets.append(Line("ok: nothing was edited, removed, inserted, moved or cut off.", classes="good"))
    else:
        many = "1 problem:" if len(wrong) == 1 else f"{len(wrong):,} problems, the first one first:"
        widgets.append(Line(f"! {many}", classes="bad"))
        widgets += _list_problems(wrong)
        widgets.append(Gap())
    widgets.append(Row("Entries", Line(_describe_extent(verdict))))
    widgets.append(Row("By", Line(_describe_witnesses(verdict))))
    if remarks:
        widgets.append(Row("Remarks", Line(_describe_remarks(remarks))))
    widgets.append(Row("Command", Line(COMMAND, classes="muted")))
    if verdict.head is not None:
        widgets += [Gap(), *compose_head(verdict.head.dump(with_marks=False))]
    return widgets


def _list_problems(problems: list[Problem]) -> list[Widget]:
    widgets: list[Widget] = []
    for problem in problems[:MOST_PROBLEMS]:
        number = f", entry #{problem.seq:,}" if problem.seq is not None else ""
        place = f"{_describe_place(problem)}{number}"
        widgets.append(
            Line(Content.assemble((f"{problem.kind.value.replace('_', ' ')}: ", "bold"), place), classes="bad")
        )
        widgets.append(Line(f"  {safe_text(problem.message)}; shown by {_WITNESSES[problem.witness]}"))
    if len(problems) > MOST_PROBLEMS:
        widgets.append(Line(f"and {len(problems) - MOST_PROBLEMS:,} more", classes="muted"))
    return widgets


def _describe_remarks(remarks: list[Problem]) -> str:
    """Return what is no tampering: of each kind how many, and where the first one is."""
    counts = Counter(problem.kind for problem in remarks)
    firsts = {problem.kind: problem for problem in reversed(remarks)}
    told = [
        f"{safe_text(firsts[kind].message)}: {_describe_place(firsts[kind])}"
        + (f" and {count - 1:,} more" if count > 1 else "")
        for kind, count in counts.items()
    ]
    return "\n".join(told)


def _describe_place(problem: Problem) -> str:
    return f"{safe_text(problem.file, limit=60) or 'the log'}, line {problem.line:,}"


def _describe_extent(verdict: Verdict) -> str:
    if verdict.head is None:
        return f"{verdict.entries:,}; no head is signed yet, so only the chain was followed"
    return f"{verdict.entries:,}, signed up to #{verdict.head.count:,}"


def _describe_witnesses(verdict: Verdict) -> str:
    known = [_WITNESSES[witness] for witness in Witness if witness in verdict.witnesses]
    return ", ".join(known) or _WITNESSES[Witness.CHAIN]

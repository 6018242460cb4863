"""`audit verify`."""

from __future__ import annotations

import os
from datetime import UTC
from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.audit_note import declare_qr, format_note
from loki_core.cli.credential import read_stdin
from loki_core.cli.failure import UsageError, clean
from loki_core.cli.opening import open_loki

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from loki_core import AuditTrail, Verdict
    from loki_core.audit.verdict import Problem
    from loki_core.cli.arguments import Parser

_STDIN = "-"
_LARGE = 1 << 24
"""Bytes of a log from which it takes long enough to say how far it is."""


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--head",
        metavar="HEAD",
        nargs="+",
        help="compare it with what you noted: a head as JSON or 12 words, or the first key as 64 hex digits or 24 "
        "words; - reads it from standard input",
    )
    declare_qr(parser)
    parser.epilog = (
        "Reads everything and writes nothing. Exit status: 0 whole, 1 tampered with,\n4 when the log cannot be read."
    )


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    head = _read_head(options.head)
    with open_loki() as loki:
        progress = _Progress()
        try:
            verdict = loki.audit.verify(head=head, progress=progress if os.isatty(2) and not options.json else None)
        finally:
            progress.clear()
        if options.json:
            output.write_json(verdict.describe())
        else:
            output.write(_format(verdict, loki.audit, options))
    return 0 if verdict.ok else 1


def _read_head(given: Sequence[str] | None) -> str:
    if given is None:
        return ""
    if list(given) != [_STDIN]:
        return " ".join(given)
    text = read_stdin()
    if not text.strip():
        raise UsageError("there is no head on standard input", code="empty_argument", remedy="give one, or leave - out")
    return text


def _format(verdict: Verdict, trail: AuditTrail, options: Namespace) -> str:
    entries = f"{verdict.entries:,} {'entry' if verdict.entries == 1 else 'entries'}"
    errors = sum(problem.severity == "error" for problem in verdict.problems)
    problems = "".join(map(_format_problem, verdict.problems))
    if not verdict.ok:
        return f"TAMPERED: {errors} {'problem' if errors == 1 else 'problems'} in {entries}\n{problems}"
    if verdict.head is None:
        what = f"The log has no signed head yet: {entries}" if verdict.entries else "The log is empty."
        return f"{what}\n{problems}"
    heads = f"{verdict.head.number:,} {'head' if verdict.head.number == 1 else 'heads'}"
    told = (
        f"The log is whole: {entries}, {heads}{_format_days(trail)}\n"
        f"{problems}"
        f"Compared with: {', '.join(verdict.witnesses)}\n"
    )
    note = f"The newest head, to be written down for audit verify --head:\n{format_note(verdict.words or '', options)}"
    # Below a QR code, which fills a low screen, the verdict stays in sight.
    return f"{note}\n{told}" if output.is_terminal() else told + note


def _format_days(trail: AuditTrail) -> str:
    ends = [next(iter(trail.entries(newest_first=newest_first, limit=1)), None) for newest_first in (False, True)]
    days = [f"{line.entry.timestamp.astimezone(UTC):%Y-%m-%d}" for line in ends if line is not None]
    if not days:
        return ""
    return f", of {days[0]}" if days[0] == days[-1] else f", from {days[0]} to {days[-1]}"


def _format_problem(problem: Problem) -> str:
    note = " (no tampering)" if problem.severity == "info" else ""
    place = f"{clean(problem.file)}:{problem.line}"
    return f"{place}: {problem.kind}{note}: {clean(problem.message)} [{problem.witness}]\n"


class _Progress:
    """Tells on the terminal how far verifying is, on a line that goes away."""

    def __init__(self) -> None:
        self._shown = -1

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if total >= _LARGE and percent > self._shown:
            self._shown = percent
            self._write(f"\rVerifying … {percent} %")

    def clear(self) -> None:
        """Take the line away."""
        if self._shown >= 0:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        output.complain(text, end="")

"""Days of the log whose file is gone. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from loki_core.audit.day_files import find_period, name_day_file
from loki_core.audit.verdict import ProblemKind
from loki_core.audit.verifying.findings import Findings


def report_missing_day(findings: Findings, files: Sequence[str], period: str, position: int, count: int) -> bool:
    """Add that a day's file is gone, if it is; return whether it is.

    Args:
        findings: where to.
        files: the names of the log's files.
        period: the day.
        position: the number of the first line that is gone with it.
        count: how many lines are.
    """
    if not period or any(find_period(name) == period for name in files):
        return False
    message = f"the file of this day is gone, with {count:,} line{'s' if count != 1 else ''}"
    findings.add(ProblemKind.DAY_MISSING, name_day_file(period), 1, message, position=position, seq=position)
    return True

"""The names of the log's files and their order: one a day, and the earlier pieces of a day that grew too large. Pure.

A file that has reached its size is renamed by the peer's rule, `audit-2026-03-01.jsonl` to
`audit-2026-03-01.HHMMSS.jsonl`, and a new one is begun. Sorted by name, pieces and days stand in the order in which
they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

_FILE = re.compile(r"audit-(\d{4}-\d{2}-\d{2})(?:\.(\d{6,}))?\.jsonl\Z")


def name_day_file(period: str) -> str:
    """Return the name of the file that a day's lines are appended to."""
    return f"audit-{period}.jsonl"


def name_piece(period: str, at: datetime, taken: Iterable[str]) -> str:
    """Return the name that the full file of a day gets: behind all earlier pieces of that day.

    Args:
        period: the day.
        at: now (UTC).
        taken: the names that there are.
    """
    pieces = [int(match[2]) for match in map(_FILE.match, taken) if match and match[1] == period and match[2]]
    number = max(int(f"{at.astimezone(UTC):%H%M%S}"), max(pieces, default=-1) + 1)
    return f"audit-{period}.{number:06d}.jsonl"


def find_period(name: str) -> str:
    """Return the day whose lines a file holds, or "" when it is no file of the log."""
    match = _FILE.match(name)
    return match[1] if match else ""


def list_day_files(names: Iterable[str]) -> list[str]:
    """Return the files of the log among names, in the order in which they were written."""
    return sorted(filter(_FILE.match, names))


def get_period(moment: datetime) -> str:
    """Return the day that a time belongs to (UTC)."""
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).date().isoformat()

"""Entries of the log in columns, batch after batch."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from loki_core.audit.levels import Level
from loki_core.cli import output
from loki_core.cli.columns import Column, Columns, get_width
from loki_core.cli.failure import clean

if TYPE_CHECKING:
    from loki_core import AuditEntry, LoggedLine

_BATCH = 500
_STYLES = {Level.WARNING: "yellow", Level.ERROR: "red"}
_USUAL = ("", "auth.token.create", "token_unknown", "tok-000000000000", "10.0.0.10", "10.0.0.10", "")
"""A row as wide as most: who follows does not know what is to come."""
_NARROW, _WIDE = 100, 110
"""Columns of a terminal below which times are told without their year, as long as it is this one, and from which
addresses have a column of their own."""


class RowWriter:
    """Writes entries as they are found; the columns' widths are those that the first of them need."""

    def __init__(self, now: datetime, *, is_following: bool = False) -> None:
        """Begin.

        Args:
            now: the current time.
            is_following: whether more will come, of which nothing is known.
        """
        width = get_width() if output.is_terminal() else sys.maxsize
        self._year = now.astimezone(UTC).year if width < _NARROW else None
        self._has_from = width >= _WIDE
        self._results: dict[str, str] = {}
        self._columns = Columns(
            (
                Column("TIME"),
                Column("EVENT", least=18),
                Column("RESULT", least=8, styles=self._results),
                Column("ACTOR", least=16),
                Column("ABOUT", least=8),
                Column("FROM", least=7, shown_from=_WIDE),
                Column("AGENT", least=12, shown_from=140),
            ),
            usual=[_USUAL] if is_following else [],
        )

    def write(self, lines: Iterable[LoggedLine]) -> int:
        """Write rows, headings before the first, and return how many.

        Raises:
            ReaderGone, StorageError: as for `output.write`.
        """
        count = 0
        found = iter(lines)
        while batch := list(islice(found, _BATCH)):
            count += len(batch)
            output.write(self._columns.format([self._format_row(line) for line in batch]))
        return count

    def _format_row(self, line: LoggedLine) -> Sequence[str]:
        entry = line.entry
        result = "ok" if entry.success else clean(entry.error) or "failed"
        if line.level in _STYLES:
            self._results[result] = _STYLES[line.level]
        return (
            self._format_time(entry.timestamp.astimezone(UTC)),
            clean(entry.event) or "-",
            result,
            clean(entry.user_id),
            clean(self._describe_target(entry)) or "-",
            clean(entry.ip_address) or "-",
            clean(entry.user_agent) or "-",
        )

    def _format_time(self, time: datetime) -> str:
        if self._year is None:
            return f"{time:%Y-%m-%dT%H:%M:%SZ}"
        return f"{time:%m-%d %H:%M:%S}" if time.year == self._year else f"{time:%Y-%m-%d %H:%M}"

    def _describe_target(self, entry: AuditEntry) -> str:
        """Return what an entry is about, in a word or two; where that is no more than who did it, from where."""
        name, count = entry.details.get("name"), entry.details.get("count")
        if isinstance(name, str) and name:
            return name
        if type(count) is int and not entry.success:
            return f"{count} times"
        if entry.resource_id and entry.resource_id != entry.user_id:
            return entry.resource_id
        if entry.ip_address and not self._has_from:
            return entry.ip_address
        return "" if entry.resource_type in ("auth", "token") else entry.resource_type


def write_json_lines(lines: Iterable[LoggedLine]) -> int:
    """Write the stored objects, one a line, and return how many."""
    count = 0
    found: Iterator[LoggedLine] = iter(lines)
    while batch := list(islice(found, _BATCH)):
        count += len(batch)
        output.write("".join(f"{line.format_json()}\n" for line in batch))
    return count


def write_json_array(lines: Iterable[LoggedLine]) -> None:
    """Write the stored objects as an array, as they are found."""
    from loki_core.audit.formats.json_array import format_json_array

    pieces: Any = format_json_array(lines)
    while batch := "".join(islice(pieces, _BATCH)):
        output.write(batch)


def warn_of_unreadable(program: str, count: int) -> None:
    """Say on standard error that lines were left out because they are no entries."""
    if count:
        what = "1 line that is no entry was" if count == 1 else f"{count:,} lines that are no entries were"
        output.complain(f"{program}: {what} left out: see loki enterprise audit verify")

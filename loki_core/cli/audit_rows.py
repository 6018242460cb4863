"""Entries of the log in columns, batch after batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING, Any

from loki_core.audit.levels import Level
from loki_core.cli import output
from loki_core.cli.columns import Column, Columns
from loki_core.cli.failure import clean

if TYPE_CHECKING:
    from loki_core import AuditEntry, LoggedLine

_BATCH = 500
_STYLES = {Level.WARNING: "yellow", Level.ERROR: "red"}
_USUAL = ("2026-03-01T12:00:00Z", "auth.token.create", "token_unknown", "os:alice", "tok-000000000000", "10.0.0.10")
"""A row as wide as most: who follows does not know what is to come."""


class RowWriter:
    """Writes entries as they are found; the columns' widths are those that the first of them need."""

    def __init__(self, *, is_following: bool = False) -> None:
        """Begin.

        Args:
            is_following: whether more will come, of which nothing is known.
        """
        self._results: dict[str, str] = {}
        self._columns = Columns(
            (
                Column("TIME"),
                Column("EVENT", least=12),
                Column("RESULT", least=7, styles=self._results),
                Column("ACTOR", least=8),
                Column("TARGET", least=8),
                Column("FROM", least=7),
                Column("AGENT", least=12, shown_from=140),
            ),
            usual=[(*_USUAL, "")] if is_following else [],
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
            f"{entry.timestamp.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            clean(entry.event) or "-",
            result,
            clean(entry.user_id),
            clean(describe_target(entry)),
            clean(entry.ip_address) or "-",
            clean(entry.user_agent) or "-",
        )


def describe_target(entry: AuditEntry) -> str:
    """Return what an entry is about, in a word or two; not yet fit for a screen."""
    name, count = entry.details.get("name"), entry.details.get("count")
    if isinstance(name, str) and name:
        return name
    if type(count) is int and not entry.success:
        return f"{count} times"
    return entry.resource_id or (entry.resource_type if entry.resource_type != "auth" else "") or "-"


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

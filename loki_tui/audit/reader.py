"""Reads the log for the console: its newest entries first, older ones page by page, new ones as they come.

Slow and not thread-safe: one thread at a time uses it, never the one that draws.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from loki_core import LokiError, count_failures
from loki_tui.audit.failures import Failure, find_failure
from loki_tui.audit.rows import EntryRow, build_row

if TYPE_CHECKING:
    from loki_core import Follower, LoggedLine, Loki, StoredLine


_OVERTAKEN = 5_000
"""Entries that others may write while somebody looks for the newest one that is known."""


class LogReplaced(Exception):
    """What was read is not where it was: it is gone, or its file was full and renamed; or a log has begun at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some entries that stand together in the log.

    Attributes:
        rows: newest first.
        failures: the failed sign-ins among them.
        days: how often something was done (True) and failed (False) on each day.
        names: what the entries call tokens, by id.
    """

    rows: tuple[EntryRow, ...] = ()
    failures: tuple[Failure, ...] = ()
    days: dict[tuple[date, bool], int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


class LogReader:
    """One reading of the log, from where its end was."""

    def __init__(self, loki: Loki) -> None:
        """Begin at the log's end, which need not exist yet.

        Raises:
            AuthorizationError: the actor does not hold `audit`; that is noted in the log, so do not ask often.
            AuditUnavailable: the log cannot be read.
        """
        self._loki = loki
        self._seen: Hashable = loki.audit.revision()
        self._follower: Follower = loki.audit.follow()
        self._older: Iterator[LoggedLine] = loki.audit.entries()
        self._newest: StoredLine | None = None
        self._oldest_number = self._newest_number = 0
        self._begun = False

    def read_older(self, count: int) -> tuple[Page, bool]:
        """Return the next older entries, and whether there may be more.

        Raises:
            AuditUnavailable: the log cannot be read.
        """
        lines = list(islice(self._older, count))
        numbers = range(self._oldest_number - 1, self._oldest_number - 1 - len(lines), -1)
        self._oldest_number -= len(lines)
        if not self._begun:
            self._begun = True
            self._newest = lines[0].stored if lines else None
        return _make_page(lines, numbers), len(lines) == count

    def read_new(self) -> Page:
        """Return what was written since the last call; cheap when nothing was.

        Raises:
            AuditUnavailable: the log cannot be read.
            LogReplaced: begin anew.
        """
        revision = self._loki.audit.revision()
        if revision == self._seen:
            return Page()
        lines = list(self._follower.read_new())
        self._seen = revision
        if self._newest is None:
            if lines:
                raise LogReplaced
        elif not (lines and self._continues(lines[0].stored, self._newest)):
            lines = self._check_what_is_there(lines, self._newest)
        if lines:
            self._newest = lines[-1].stored
        lines.reverse()
        numbers = range(self._newest_number + len(lines) - 1, self._newest_number - 1, -1)
        self._newest_number += len(lines)
        return _make_page(lines, numbers)

    @staticmethod
    def _continues(line: StoredLine, known: StoredLine) -> bool:
        """Tell whether a line follows the newest known one in the same file."""
        return (line.file, line.offset) == (known.file, known.offset + len(known.data) + 1)

    def _check_what_is_there(self, new: list[LoggedLine], known: StoredLine) -> list[LoggedLine]:
        """Return the lines among those that are new, once the newest known one was found before them.

        The first page and whoever follows look at the log one after the other, and may both have seen a line.
        """
        for position, line in enumerate(reversed(new)):
            if line.stored.data == known.data:
                return new[len(new) - position :]
        was_renamed = bool(new) and new[0].stored.file == known.file
        before = self._loki.audit.entries(limit=len(new) + _OVERTAKEN)
        if was_renamed or not any(line.stored.data == known.data for line in before):
            raise LogReplaced
        return new

    def close(self) -> None:
        """Let go of the log's files."""
        self._older = iter(())


def _make_page(lines: Iterable[LoggedLine], numbers: Iterable[int]) -> Page:
    rows: list[EntryRow] = []
    failures: list[Failure] = []
    days: dict[tuple[date, bool], int] = {}
    names: dict[str, str] = {}
    for line, number in zip(lines, numbers, strict=True):
        row = build_row(line, number)
        rows.append(row)
        if row.name and row.kind == "token" and row.resource:
            names.setdefault(row.resource, row.name)
        failure = find_failure(line)
        if failure is not None:
            failures.append(failure)
        entry = line.entry
        day = entry.timestamp.date(), entry.success
        days[day] = days.get(day, 0) + (sum(count_failures(entry).values()) or 1)
    return Page(rows=tuple(rows), failures=tuple(failures), days=days, names=names)


def find_names(loki: Loki) -> dict[str, str]:
    """Return what the tokens of the store are called, by id, as far as the actor may know."""
    if not loki.actor.explain("*").granted:
        return {}
    try:
        return {token.id: token.name for token in loki.tokens.list(include_revoked=True)}
    except LokiError:
        return {}

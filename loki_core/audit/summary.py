"""What happened in the last days, counted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.frozen import dataclass

_HOUR = timedelta(hours=1)
_SIGN_INS = frozenset({AuditEvent.FAIL, AuditEvent.OIDC_FAIL})
UNKNOWN_ADDRESS = "local"
"""Stands for the address of a caller on this host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often something was done, and how often it failed.

    Attributes:
        name: the day (`2026-03-01`), event or actor that was counted.
        ok, failed: how often; an entry that stands for many failures counts as many.
    """

    name: str
    ok: int
    failed: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.ok + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSummary:
    """The last days of the log.

    Attributes:
        since, until: the time that was counted (UTC); `since` is the beginning of a day.
        entries: how many lines that is.
        days: one for each day, oldest first, also for days on which nothing happened.
        events, actors: most frequent first.
        failures_by_code, failures_by_address: failed sign-ins of the last hour, most frequent first.
        newest: the newest entry of the whole log, or None.
        oldest_at: when the oldest entry of the whole log was written (UTC), or None.
        unreadable: lines of that time's files that are no entries.
    """

    since: datetime
    until: datetime
    entries: int
    days: tuple[Tally, ...]
    events: tuple[Tally, ...]
    actors: tuple[Tally, ...]
    failures_by_code: Mapping[str, int]
    failures_by_address: Mapping[str, int]
    newest: AuditEntry | None = None
    oldest_at: datetime | None = None
    unreadable: int = 0

    @property
    def failures(self) -> int:
        """Failed sign-ins of the last hour."""
        return sum(self.failures_by_code.values())


def find_beginning(now: datetime, days: int) -> datetime:
    """Return the beginning (UTC) of the first of the last days, today counted."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=max(days, 1) - 1)


class Counting:
    """Counts entries, one after the other."""

    def __init__(self, now: datetime, days: int) -> None:
        """Begin with nothing.

        Args:
            now: the end of the time that is counted (aware).
            days: how many days, today counted.
        """
        self._now = now.astimezone(UTC)
        self._since = find_beginning(now, days)
        self._entries = 0
        self._days: Counter[tuple[str, bool]] = Counter()
        self._events: Counter[tuple[str, bool]] = Counter()
        self._actors: Counter[tuple[str, bool]] = Counter()
        self._codes: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()

    def add(self, entry: AuditEntry) -> None:
        """Count one entry."""
        by_code = count_failures(entry)
        weight = sum(by_code.values()) or 1
        self._entries += 1
        self._days[str(entry.timestamp.astimezone(UTC).date()), entry.success] += weight
        self._events[entry.event, entry.success] += weight
        self._actors[entry.user_id, entry.success] += weight
        if entry.event in _SIGN_INS and entry.timestamp > self._now - _HOUR:
            self._codes.update(by_code)
            self._addresses[entry.ip_address or UNKNOWN_ADDRESS] += weight

    def finish(
        self, *, newest: AuditEntry | None = None, oldest_at: datetime | None = None, unreadable: int = 0
    ) -> AuditSummary:
        """Return what was counted."""
        span = (self._now.date() - self._since.date()).days + 1
        names = [str(date.fromordinal(self._since.toordinal() + number)) for number in range(span)]
        days = {each.name: each for each in _rank(self._days)}
        return AuditSummary(
            since=self._since,
            until=self._now,
            entries=self._entries,
            days=tuple(days.get(name, Tally(name=name, ok=0, failed=0)) for name in names),
            events=_rank(self._events),
            actors=_rank(self._actors),
            failures_by_code=dict(self._codes.most_common()),
            failures_by_address=dict(self._addresses.most_common()),
            newest=newest,
            oldest_at=oldest_at,
            unreadable=unreadable,
        )


def count_failures(entry: AuditEntry) -> dict[str, int]:
    """Return how many failures an entry stands for, by code; none for what was done."""
    if entry.success:
        return {}
    by_code = entry.details.get("by_code")
    if isinstance(by_code, Mapping) and by_code:
        return {str(code): number for code, number in by_code.items() if type(number) is int and number > 0}
    return {entry.error or "unknown": 1}


def _rank(counted: Counter[tuple[str, bool]]) -> tuple[Tally, ...]:
    names: Iterable[str] = dict.fromkeys(name for name, _ in counted)
    tallies = [Tally(name=name, ok=counted[name, True], failed=counted[name, False]) for name in names]
    return tuple(sorted(tallies, key=lambda tally: (-tally.total, tally.name)))

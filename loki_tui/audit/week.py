"""What happened in the last seven days, as a chart of two lines: done and failed, in bars and in numbers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from loki_tui.spans import Span, fit

if TYPE_CHECKING:
    from loki_core import AuditSummary

DAYS = 7
BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = ".:-=+*#@"
"""The bars of a terminal that may not have the others."""
_LABEL = 9


class Week:
    """How often something was done and failed on each day."""

    def __init__(self) -> None:
        self.today: date | None = None
        self._counts: Counter[tuple[date, bool]] = Counter()

    @property
    def is_counted(self) -> bool:
        """Whether the days before were counted."""
        return self.today is not None

    def begin(self, summary: AuditSummary) -> None:
        """Take over what was counted."""
        self._counts.clear()
        self.today = summary.until.date()
        for tally in summary.days:
            day = date.fromisoformat(tally.name)
            self._counts[day, True] = tally.ok
            self._counts[day, False] = tally.failed

    def add(self, days: Mapping[tuple[date, bool], int]) -> None:
        """Count what has happened since."""
        if self.today is not None:
            self._counts.update(days)
            self.today = max(self.today, *(day for day, _ in days)) if days else self.today

    def list_days(self, success: bool) -> list[tuple[date, int]]:
        """Return the days, today last, and how often something was done (or failed) on each."""
        if self.today is None:
            return []
        days = [self.today - timedelta(days=back) for back in reversed(range(DAYS))]
        return [(day, self._counts[day, success]) for day in days]


def compose_week(week: Week, *, bars: str, width: int) -> list[list[Span]]:
    """Return the lines of the chart.

    Args:
        week: what was counted.
        bars: the signs for a bar, from low to high: BLOCKS or PLAIN.
        width: the room, in cells.
    """
    if not week.is_counted:
        return [[Span(" counting the last seven days…", "muted")], []]
    cells = max((width - _LABEL) // DAYS, 7)
    done, failed = week.list_days(True), week.list_days(False)
    first = [Span(" done".ljust(_LABEL), "muted")]
    second = [Span(" failed".ljust(_LABEL), "muted")]
    for index, ((day, many), (_, few)) in enumerate(zip(done, failed, strict=True)):
        name = _name_day(day, cells)
        first.append(Span(name, "strong" if index == DAYS - 1 else "muted"))
        first += _draw(many, done, bars, cells - len(name), "accent")
        second.append(Span(" " * len(name)))
        second += _draw(few, failed, bars, cells - len(name), "bad")
    return [first, second]


def _name_day(day: date, cells: int) -> str:
    if cells >= 13:
        return f"{day.strftime('%a')} {day.day:>2} "
    return f"{day.strftime('%a')} " if cells >= 10 else day.strftime("%a")[:1]


def _draw(count: int, days: Sequence[tuple[date, int]], bars: str, cells: int, tone: str) -> list[Span]:
    """Return a bar, as high as the count is beside the highest, and the count."""
    most = max(number for _, number in days)
    sign = bars[(count * len(bars) - 1) // most if count < most else -1] if count else " "
    told = f" {count:,}" if cells >= 7 else shorten(count)
    return [Span(sign, tone if count else ""), Span(fit(told, cells - 1), "" if count else "muted")]


def shorten(count: int) -> str:
    """Return a count in at most four characters: `412`, `1.4k`, `21k`, `3M`."""
    if count < 1_000:
        return str(count)
    for size, unit in ((1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G")):
        whole = count / size
        if whole < 9.95:
            return f"{whole:.1f}{unit}"
        if whole < 999.5:
            return f"{whole:.0f}{unit}"
    return "many"

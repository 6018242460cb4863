"""How many failures get an entry of their own: sixty a minute in all; the others are counted. Pure.

A flood of bad credentials must neither fill the disk nor hide among its own entries what else happened. The quota is
one for all processes of a log: its state is kept where they share it. In every minute at most two entries say how many
failures were only counted: one about the minute before, and one at the end of a program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.frozen import dataclass, field, replace
from loki_core.tokens.record import format_time, parse_time

FAILURES_A_MINUTE = 60
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What is known of the failures of one minute.

    Attributes:
        began: when the first of them came (UTC), or None when there was none yet.
        logged: how many of them got an entry.
        counted: how many others there were, by code, and are not said yet.
        told: whether the end of a program said already how many there were.
    """

    began: datetime | None = None
    logged: int = 0
    counted: Mapping[str, int] = field(default_factory=dict)
    told: bool = False

    def is_over(self, now: datetime) -> bool:
        """Tell whether the minute ended, or the clock was set back to long before it."""
        return self.began is None or not self.began - MINUTE <= now < self.began + MINUTE

    def is_used_up(self, now: datetime) -> bool:
        """Tell whether a failure would only be counted: so is one that comes late, of the minute before."""
        if self.began is None or self.is_over(now):
            return False
        return self.logged >= FAILURES_A_MINUTE or now < self.began


def admit(
    flood: Flood, now: datetime, failure: AuditEntry | None, counted: Mapping[str, int], *, is_end: bool = False
) -> tuple[Flood, list[AuditEntry]]:
    """Return the new state, and the entries to write.

    Args:
        flood: the state before.
        now: the time (UTC).
        failure: what failed, or None when there is only something to count.
        counted: failures that were counted elsewhere meanwhile, by code.
        is_end: whether who counted them will not come back.
    """
    began, logged, told = flood.began, flood.logged, flood.told
    total = Counter(flood.counted) + Counter(counted)
    entries: list[AuditEntry] = []
    if flood.is_over(now):
        if total:
            entries.append(_describe_count(now, total))
        began, logged, told, total = (None if failure is None else now), 0, False, Counter()
    if failure is not None and not replace(flood, began=began, logged=logged).is_used_up(now):
        logged += 1
        entries.append(failure)
    elif failure is not None:
        total[failure.error] += 1
    if is_end and total and not told:
        entries.append(_describe_count(now, total))
        told, total = True, Counter()
    return Flood(began=began, logged=logged, counted=dict(total), told=told), entries


def _describe_count(now: datetime, counted: Mapping[str, int]) -> AuditEntry:
    return AuditEntry(
        timestamp=now,
        event=AuditEvent.FAIL,
        user_id="anonymous",
        resource_type="auth",
        success=False,
        error="many",
        details={"count": sum(counted.values()), "by_code": dict(counted)},
    )


def dump_flood(flood: Flood) -> dict[str, Any]:
    """Return the JSON object of a state."""
    return {
        "began": format_time(flood.began),
        "logged": flood.logged,
        "counted": dict(flood.counted),
        "told": flood.told,
    }


def parse_flood(fields: object) -> Flood:
    """Return the state that a JSON object describes; a fresh one when it describes none."""
    if not isinstance(fields, dict):
        return Flood()
    began, logged, counted = fields.get("began"), fields.get("logged"), fields.get("counted")
    moment = parse_time(began) if isinstance(began, str) else None
    if type(logged) is not int or not isinstance(counted, dict):
        return Flood()
    if not all(type(count) is int and count > 0 for count in counted.values()):
        return Flood()
    return Flood(began=moment, logged=logged, counted=counted, told=fields.get("told") is True)

"""Points in time as people type them: a day, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from loki_core.cli.failure import UsageError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_SPAN = re.compile(r"([0-9]{1,5})([mhdw])\Z")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def read_moment(text: str | None, option: str, now: datetime, *, is_end: bool = False) -> datetime | None:
    """Return the time that is meant (UTC), or None when none is given.

    Args:
        text: `2026-03-01`, `2026-03-01T12:00` with or without an offset (UTC without), or a span such as `24h`.
        option: where it was given.
        now: what spans count back from.
        is_end: whether a day stands for its end instead of its beginning.

    Raises:
        UsageError: `invalid_time`.
    """
    if text is None:
        return None
    text = text.strip()
    try:
        if span := _SPAN.match(text.lower()):
            return now.astimezone(UTC) - int(span[1]) * _UNITS[span[2]]
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        whole_day = timedelta(days=1) if is_end and _DAY.match(text) else timedelta()
        return moment.astimezone(UTC) + whole_day
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} is no time", code="invalid_time", remedy=f"such as {option} 2026-03-01, 2026-03-01T12:00 or 24h"
        ) from None

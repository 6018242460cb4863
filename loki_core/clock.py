"""Time: what the system says, and what to believe of it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loki_core.interfaces import Clock, TokenView

read_system_clock: Clock = functools.partial(datetime.now, UTC)
"""Returns the system's time in UTC."""


def in_seconds(clock: Clock) -> Callable[[], float]:
    """Return the same clock, read as seconds since the epoch; of the system's time that is three times as fast."""
    return time.time if clock is read_system_clock else lambda: clock().timestamp()


def find_time(now: datetime, view: TokenView) -> datetime:
    """Return the time to judge by: a clock that was set back does not bring an expired token to life.

    Args:
        now: what the clock says.
        view: the store, which knows the newest time at which we wrote.
    """
    return max(now, view.floor)

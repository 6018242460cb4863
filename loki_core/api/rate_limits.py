"""How often one address may do what must not be done often. Counted in memory, a moving window a process."""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, ip_address

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from loki_core.api.problems import Problem, slow_down


class RateLimit:
    """One limit for each address; the addresses of one IPv6 network (/64, what one customer has) count as one."""

    def __init__(self, rule: str, detail: str) -> None:
        """Count nothing yet.

        Args:
            rule: such as `10/minute`.
            detail: what to tell who is over it.
        """
        self._item = parse(rule)
        self._detail = detail
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, address: str) -> Problem | None:
        """Count one, and return the answer for who is over the limit, or None."""
        key = _name_network(address)
        if self._limiter.hit(self._item, key):
            return None
        stats = self._limiter.get_window_stats(self._item, key)
        return slow_down(self._detail, max(1, math.ceil(stats.reset_time - time.time())))


def _name_network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else str(parsed)

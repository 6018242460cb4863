"""Failed sign-ins of the last hour: how many, why, and from where. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from loki_core import AuditEvent, LoggedLine, count_failures, safe_text
from loki_tui.audit.cells import LOCAL

WINDOW = timedelta(hours=1)
_SIGN_INS = frozenset({AuditEvent.FAIL, AuditEvent.OIDC_FAIL})


class Failure(NamedTuple):
    """Failed sign-ins that one entry tells of: when, how many by code, and from which address."""

    at: datetime
    by_code: dict[str, int]
    address: str


def find_failure(line: LoggedLine) -> Failure | None:
    """Return the failed sign-ins that a line tells of, or None."""
    entry = line.entry
    if entry.event not in _SIGN_INS:
        return None
    by_code = count_failures(entry)
    return Failure(entry.timestamp, by_code, entry.ip_address) if by_code else None


class RecentFailures:
    """The failures of the last hour, however many."""

    def __init__(self) -> None:
        self._failures: deque[Failure] = deque()

    def add(self, failures: Iterable[Failure]) -> None:
        """Add failures, in any order."""
        self._failures.extend(failures)

    def clear(self) -> None:
        """Forget all."""
        self._failures.clear()

    def describe(self, now: datetime) -> tuple[str, ...]:
        """Return what happened in the last hour, in words, most important first; nothing when nothing did.

        Args:
            now: the end of that hour (UTC).
        """
        self._failures = deque(each for each in self._failures if each.at > now - WINDOW)
        codes: Counter[str] = Counter()
        addresses: Counter[str] = Counter()
        for failure in self._failures:
            codes.update(failure.by_code)
            addresses[failure.address or LOCAL] += sum(failure.by_code.values())
        if not codes:
            return ()
        count = codes.total()
        told = [f"{count:,} failed sign-in{'' if count == 1 else 's'} in 1 h"]
        worst = addresses.most_common(2)
        told += [f"{many:,} from {safe_text(address, limit=45)}" for address, many in worst[:1]]
        told += [f"{many:,} {safe_text(code, limit=40)}" for code, many in codes.most_common(3)]
        told += [f"{many:,} from {safe_text(address, limit=45)}" for address, many in worst[1:]]
        return tuple(told)

"""What verification leaves behind: notes of uses and entries about failures, in the background and in bounded number.

A flood of bad credentials must not fill the disk (60 entries a minute, then one that counts the rest), and a log that
cannot be written must not fail or delay a verification.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.background import BackgroundWriter
from loki_core.forks import renew_after_fork
from loki_core.frozen import replace
from loki_core.interfaces import Clock, Store
from loki_core.ledger import Ledger
from loki_core.tokens.secret import clean_text
from loki_core.tokens.token import Use
from loki_core.tokens.uses import LONGEST_FIELD

FAILURES_A_MINUTE = 60
_MINUTE = timedelta(minutes=1)
_MOST_CALLERS = 100_000


class UseQuota:
    """Decides which successes are noted: one a minute per caller and address."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, str], datetime] = {}

    def take(self, caller: tuple[str, str], now: datetime) -> tuple[bool, datetime]:
        """Return whether this success is noted, and when the next one of the same caller will be.

        Args:
            caller: who, and from which address.
            now: the time.
        """
        due = self._due.get(caller)
        if due is not None and now < due <= now + _MINUTE:  # later than that: the clock was set back
            return False, due
        due = now + _MINUTE
        if len(self._due) >= _MOST_CALLERS:
            self._due.clear()
        self._due[caller] = due
        return True, due


class FailureQuota:
    """Decides which failures get an entry of their own, and counts the others."""

    def __init__(self) -> None:
        self.began: datetime | None = None
        self.logged = 0
        self.counted: dict[str, int] = {}

    def take(self, now: datetime, code: str) -> tuple[bool, dict[str, int]]:
        """Return whether this failure gets its own entry, and what a minute that ended has left to count."""
        ended: dict[str, int] = {}
        if self.began is None or not self.began <= now < self.began + _MINUTE:
            ended = self.drain()
            self.began, self.logged = now, 0
        if self.logged < FAILURES_A_MINUTE:
            self.logged += 1
            return True, ended
        self.counted[code] = self.counted.get(code, 0) + 1
        return False, ended

    def drain(self) -> dict[str, int]:
        """Return the failures that were only counted, by code, and forget them."""
        ended, self.counted = self.counted, {}
        return ended


class AuthJournal:
    """Notes uses in the store and failures in the log."""

    def __init__(self, store: Store, ledger: Ledger, background: BackgroundWriter, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._background = background
        self._clock = clock
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child: what was counted is logged by the parent."""
        self._quota = FailureQuota()
        self._lock = threading.Lock()

    def note_use(self, token_id: str, now: datetime, address: str, agent: str) -> None:
        """Note a use, which the caller limits to one a minute per token and address."""
        use = Use(token_id=token_id, address=_clean(address), agent=_clean(agent), last_at=now, count=1)
        self._store.note_use(use)
        self.note(
            AuditEntry(
                timestamp=now,
                event=AuditEvent.TOKEN_USE,
                user_id=token_id,
                resource_id=token_id,
                token_id=token_id,
                ip_address=address,
                user_agent=agent,
            )
        )

    def note(self, entry: AuditEntry) -> None:
        """Note what succeeded; the caller limits how often."""
        self._submit(replace(entry, ip_address=_clean(entry.ip_address), user_agent=_clean(entry.user_agent)))

    def note_failure(self, code: str, token_id: str, now: datetime, address: str, agent: str) -> None:
        """Note a refused credential; `token_id` is the token that it proved to be, or ""."""
        self.note_refusal(
            AuditEntry(
                timestamp=now,
                event=AuditEvent.FAIL,
                user_id=token_id or "anonymous",
                resource_type="auth",
                resource_id=token_id,
                token_id=token_id,
                ip_address=address,
                user_agent=agent,
                success=False,
                error=code,
            )
        )

    def note_refusal(self, entry: AuditEntry) -> None:
        """Note that something was refused: singly, or counted by its code when there were too many in this minute."""
        with self._lock:
            alone, ended = self._quota.take(entry.timestamp, entry.error)
        if ended:
            self._submit(_count_entry(entry.timestamp, ended))
        if alone:
            self.note(entry)

    def _submit(self, entry: AuditEntry) -> None:
        self._background.submit(lambda: self._ledger.record_quietly(entry))

    def close(self) -> None:
        """Log what was only counted so far, and wait until everything is written (two seconds at most)."""
        with self._lock:
            ended = self._quota.drain()
        if ended:
            self._submit(_count_entry(self._clock(), ended))
        self._background.flush()


def _clean(text: str) -> str:
    return clean_text(text, limit=LONGEST_FIELD)


def _count_entry(now: datetime, counted: dict[str, int]) -> AuditEntry:
    return AuditEntry(
        timestamp=now,
        event=AuditEvent.FAIL,
        user_id="anonymous",
        resource_type="auth",
        success=False,
        error="many",
        details={"count": sum(counted.values()), "by_code": counted},
    )

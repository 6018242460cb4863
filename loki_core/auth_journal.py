"""What verification leaves behind: notes of uses and entries about failures, in the background and in bounded number.

A flood of bad credentials must not fill the disk: the log takes sixty failures a minute (`audit.flood`), and from then
on they are counted here, without a look at the log. A log that cannot be written must not fail or delay a verification.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from datetime import datetime, timedelta

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.flood import Flood
from loki_core.background import BackgroundWriter
from loki_core.errors import AuditUnavailable
from loki_core.forks import renew_after_fork
from loki_core.frozen import replace
from loki_core.interfaces import AuditSink, Clock, Store
from loki_core.principal import Caller, Principal
from loki_core.tokens.secret import clean_text
from loki_core.tokens.token import Use
from loki_core.tokens.uses import LONGEST_FIELD

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


class AuthJournal:
    """Notes uses in the store and failures in the log."""

    def __init__(
        self, store: Store, sink: AuditSink, background: BackgroundWriter, clock: Clock, operator: Principal
    ) -> None:
        """Prepare.

        Args:
            store: where uses are noted.
            sink: where entries go.
            background: writes them.
            clock: returns the current time, aware.
            operator: whom the operating system says we run as: who fails at this terminal, and not at an address.
        """
        self._store = store
        self._sink = sink
        self._background = background
        self._clock = clock
        self._operator = operator
        self._epoch = 0
        """Changes when the journal is closed: what was to be done later is done."""
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child: what was counted is logged by the parent."""
        self._lock = threading.Lock()
        self._flood = Flood()
        self._counted: Counter[str] = Counter()
        self._is_scheduled = False

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
        entry = _clean_entry(entry)
        self._background.submit(lambda: self._record(entry))

    def _record(self, entry: AuditEntry) -> None:
        with contextlib.suppress(AuditUnavailable):
            self._sink.record(entry, durable=False)

    def note_failure(
        self,
        code: str,
        now: datetime,
        address: str,
        agent: str,
        *,
        event: AuditEvent = AuditEvent.FAIL,
        token_id: str = "",
        **details: str,
    ) -> None:
        """Note a refused credential.

        Args:
            code: why it was refused.
            now: the time (UTC).
            address: where it was presented, or "" at this terminal.
            agent: what the caller calls itself.
            event: what kind of sign-in failed.
            token_id: the token that it proved to be, or "".
            details: what else there is to say.
        """
        by = "anonymous" if address else self._operator.subject
        seat = Caller(principal=self._operator, address=address).describe_seat()
        self.note_refusal(
            AuditEntry(
                timestamp=now,
                event=event,
                user_id=token_id or by,
                resource_type="auth",
                resource_id=token_id,
                token_id=token_id,
                ip_address=address,
                user_agent=agent,
                success=False,
                error=code,
                details={**details, **seat},
            )
        )

    def note_refusal(self, entry: AuditEntry) -> None:
        """Note that something was refused: singly, or counted by its code when there were too many in this minute."""
        with self._lock:
            if self._flood.is_used_up(entry.timestamp):
                self._counted[entry.error] += 1
                self._schedule()
                return
        entry = _clean_entry(entry)
        if not self._background.submit(lambda: self._record_failure(entry)):
            with self._lock:
                self._counted[entry.error] += 1

    def _record_failure(self, entry: AuditEntry | None, *, is_end: bool = False) -> None:
        """Give a failure and what was counted here to the log; what it does not take now stays counted."""
        now = self._clock() if entry is None else entry.timestamp
        with self._lock:
            if entry is not None and self._flood.is_used_up(now):
                self._counted[entry.error] += 1
                self._schedule()
                return
            counted, self._counted = self._counted, Counter()
        try:
            flood = self._sink.record_failures(entry, counted, now, is_end=is_end)
        except AuditUnavailable:
            with self._lock:
                self._counted += counted
                if entry is not None:
                    self._counted[entry.error] += 1
                self._schedule()
            return
        with self._lock:
            self._flood = flood
            if flood.counted:
                self._schedule()

    def _schedule(self) -> None:
        """See to it that what is only counted so far is said in a minute, though nothing else fails."""
        if self._is_scheduled:
            return
        self._is_scheduled, epoch = True, self._epoch

        def tell() -> None:
            with self._lock:
                self._is_scheduled = False
                is_due = epoch == self._epoch and bool(self._counted or self._flood.counted)
            if is_due:
                self._record_failure(None)

        self._background.submit_later(_MINUTE.total_seconds(), tell)

    def close(self) -> None:
        """Log what was only counted so far, and wait until everything is written (two seconds at most)."""
        if not self._background.submit(self._tell_at_end):
            self._tell_at_end()
        self._background.flush()

    def _tell_at_end(self) -> None:
        self._epoch += 1
        if self._counted or self._flood.counted:
            self._record_failure(None, is_end=True)


def _clean(text: str) -> str:
    return clean_text(text, limit=LONGEST_FIELD)


def _clean_entry(entry: AuditEntry) -> AuditEntry:
    return replace(entry, ip_address=_clean(entry.ip_address), user_agent=_clean(entry.user_agent))

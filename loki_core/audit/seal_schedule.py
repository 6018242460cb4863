"""When the log is sealed: after so many lines, so much time, at the end of a day and at the end of the program.

Whatever can be signed a little later is signed in the background. What cannot be signed now is signed later: neither
appending nor closing ever fails for it.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.heads import Head
from loki_core.audit.log_end import LogEnd
from loki_core.audit.retention import Pruning, Retention, describe_pruning
from loki_core.audit.seal_findings import diagnose_seals
from loki_core.audit.sealer import Sealer
from loki_core.audit.sealing import SealedLog
from loki_core.audit.second_sink import SecondSink
from loki_core.audit.signing import load_cryptography
from loki_core.disk.directory import PrivateDirectory
from loki_core.forks import renew_after_fork
from loki_core.interfaces import Clock, Finding

_AT_ONCE = 192
"""Lines; the last of them waits until they are signed. So there are at most 256 also after a few crashes in a row."""
_SOON = 128
"""Lines from which on they are signed in the background, so that nobody has to wait."""
_LONGEST_WAIT = timedelta(seconds=60)
_CLOSING_SECONDS = 2.0

Later = Callable[[float, Callable[[], None]], object]
"""Runs a job in the background, after so many seconds."""


class SealSchedule:
    """Seals one log. Fulfils Sealing."""

    def __init__(
        self,
        sealer: Sealer,
        clock: Clock,
        *,
        user_id: str,
        later: Later | None = None,
        retention: Retention | None = None,
        second_sink: SecondSink | None = None,
    ) -> None:
        """Prepare; nothing is read or made.

        Args:
            sealer: signs.
            clock: returns the current time, aware.
            user_id: who is named in entries about the log itself.
            later: runs jobs in the background; without it everything is done at once.
            retention: removes old days, or None to keep them all.
            second_sink: where heads go as well, or None.
        """
        self._sealer = sealer
        self._clock = clock
        self._user_id = user_id
        self._later = later
        self._retention = retention
        self._second_sink = second_sink
        self._log: SealedLog | None = None
        self._epoch = 0
        """Changes when the log is closed: jobs from before do nothing."""
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child: what was written before is sealed by the parent."""
        self._newest: Head | None = None
        self._has_unsealed = False
        self._has_prepared = False
        self._failed = False
        self._waiting: set[bool] = set()
        """Whether a job waits that is to run soon (True), or one that is to run later (False)."""
        self._pruning: Pruning | None = None
        self._news: deque[AuditEntry] = deque()
        """What is to be said in the log about the log."""
        self._first: list[AuditEntry] = []
        """The news that come first in a new file, until they are written."""
        self._sealer.unsent.clear()
        self._working = threading.Lock()
        """Held while something is sealed and told: who closes the log waits for it."""

    def attach(self, log: SealedLog) -> None:
        """Seal this log."""
        self._log = log

    @property
    def first_key_made(self) -> str:
        """The first public key of the log (hex) when it was made here, else ""."""
        return self._sealer.first_key_made

    # -- under the log's lock

    def count_sealed(self, directory: PrivateDirectory) -> int:
        """Return how many lines the newest head covers, or 0."""
        self._refresh(directory)
        return self._newest.count if self._newest is not None else 0

    def _refresh(self, directory: PrivateDirectory) -> None:
        with contextlib.suppress(Exception):
            self._newest = self._sealer.find_newest(directory)

    @contextlib.contextmanager
    def _enduring_failure(self, directory: PrivateDirectory) -> Iterator[None]:
        try:
            yield
            self._failed = False
        except Exception:  # noqa: BLE001 - whatever it is, it is tried again
            self._failed = True
        if self._sealer.key_was_lost:
            self._sealer.key_was_lost = False
            self._news.append(_describe_lost_key(self._user_id, self._clock()))
        self._refresh(directory)

    def begin_period(self, directory: PrivateDirectory, end: LogEnd, period: str) -> Sequence[AuditEntry]:
        """Close the days before, make the key of this one, and return the entries that come first in it."""
        self._pruning = None
        with self._enduring_failure(directory):
            if end.seq:  # a new log gets its key when there is something to sign
                self._sealer.begin_period(directory, period, self._clock())
            if self._retention is not None:
                self._pruning = self._retention.plan(directory, end, period)
        while self._news:
            self._first.append(self._news.popleft())
        if self._pruning is None:
            return tuple(self._first)
        return (*self._first, describe_pruning(self._pruning, self._user_id, self._clock()))

    def note_written(self, directory: PrivateDirectory, end: LogEnd) -> None:
        """Take note of lines that were appended, and seal when that is due."""
        if not self._has_prepared and self._later is not None:
            self._has_prepared = True
            self._later(0, load_cryptography)  # while the caller waits for the disk
        self._has_unsealed = True
        self._first.clear()
        pruning, self._pruning = self._pruning, None
        if self._retention is not None and pruning is not None:
            with contextlib.suppress(Exception):
                self._retention.prune(directory, pruning, end.name, self._clock())
        wait = self._find_wait(end)
        if wait == 0 and (self._later is None or self._count_unsigned(end) >= _AT_ONCE):
            self._seal(directory)
            wait = _LONGEST_WAIT.total_seconds() if self._has_unsealed else 0
        if self._has_unsealed or self._news or self._sealer.unsent:
            self._call_later(wait)

    def _find_wait(self, end: LogEnd) -> float:
        """Return in how many seconds the log is to be sealed."""
        longest = _LONGEST_WAIT.total_seconds()
        if self._failed:
            return longest
        if self._newest is None or self._count_unsigned(end) >= (_AT_ONCE if self._later is None else _SOON):
            return 0
        # Not longer than a minute, also when the clock was set back.
        return min(max((self._newest.at + _LONGEST_WAIT - self._clock()).total_seconds(), 0), longest)

    def _count_unsigned(self, end: LogEnd) -> int:
        if self._newest is None:
            return end.seq
        if self._newest.count > end.seq:  # the log was cut: nobody else needs to find that out
            return _AT_ONCE
        return end.seq - self._newest.count

    def _seal(self, directory: PrivateDirectory) -> None:
        with self._enduring_failure(directory):
            self._sealer.seal(directory, self._clock())
            self._has_unsealed = False

    # -- without the lock

    def _call_later(self, seconds: float) -> None:
        is_soon = seconds == 0
        if self._later is None or is_soon in self._waiting:
            return
        self._waiting.add(is_soon)
        epoch = self._epoch

        def seal() -> None:
            if epoch == self._epoch:
                self._waiting.discard(is_soon)
                self._seal_now()

        self._later(seconds, seal)

    def _seal_now(self, wait_seconds: float = -1) -> None:
        if self._log is not None and self._working.acquire(timeout=wait_seconds):
            try:
                self._seal_and_tell(self._log, wait_seconds if wait_seconds >= 0 else None)
            finally:
                self._working.release()

    def _seal_and_tell(self, log: SealedLog, wait_seconds: float | None) -> None:
        """Seal what is not sealed yet, then say in the log and elsewhere what there is to say."""
        if self._has_unsealed:
            try:
                load_cryptography()  # before anyone has to wait for us
                with log.hold(wait_seconds=wait_seconds) as (directory, _):
                    self._seal(directory)
            except Exception:  # noqa: BLE001 - whatever it is, it is tried again
                self._failed = True
        while self._news and not self._failed:
            with contextlib.suppress(Exception):
                log.record(self._news.popleft(), durable=False)
        while self._sealer.unsent:
            line = json.dumps(self._sealer.unsent.popleft(), sort_keys=True).encode("ascii")
            with contextlib.suppress(Exception):
                if self._second_sink is not None:
                    self._second_sink.send(line)

    def describe_newest(self, directory: PrivateDirectory) -> Mapping[str, Any] | None:
        """Return the newest head without its marks, and `first_key`; None without heads."""
        with contextlib.suppress(Exception):
            head = self._sealer.heads.find_newest(directory)
            return None if head is None else self._sealer.describe(directory, head)
        return None

    def diagnose(self, directory: PrivateDirectory, end: LogEnd) -> tuple[Finding, ...]:
        """Return what is wrong with the seals of a log that ends there."""
        return diagnose_seals(self._sealer, directory, end, self._second_sink)

    def close(self) -> None:
        """Seal what is not sealed yet; a second time when there was something to be said about it in the log."""
        self._seal_now(_CLOSING_SECONDS)
        if not self._failed:
            self._seal_now(_CLOSING_SECONDS)
        self._epoch += 1
        self._waiting.clear()


def _describe_lost_key(user_id: str, at: datetime) -> AuditEntry:
    return AuditEntry(
        timestamp=at,
        event=AuditEvent.RECOVER,
        user_id=user_id,
        resource_type="audit",
        success=False,
        error="key_lost",
        details={"reason": "the key that signs the log was lost: a new one, which nothing certifies, signs from here"},
    )

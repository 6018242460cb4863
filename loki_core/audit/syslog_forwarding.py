"""Forwarding in the background: from an entry on until all is sent, again after a failure, and for a moment at the end.

The thread is its own: a receiver that hangs delays no other note.
"""

from __future__ import annotations

import threading
import time

from loki_core.audit.heads import Head
from loki_core.audit.syslog_forwarder import SyslogForwarder
from loki_core.background import FLUSH_SECONDS, BackgroundWriter
from loki_core.forks import renew_after_fork
from loki_core.interfaces import Finding

PAUSE = 1.0
"""Seconds between two streams: what is logged meanwhile goes together."""
_BUSY_PAUSE = 0.02


class SyslogForwarding:
    """Lets a forwarder work when there is something to forward. Safe to use from several threads.

    As a `SecondSink` it is told of heads, which the forwarder finds beside the log.
    """

    def __init__(self, forwarder: SyslogForwarder, background: BackgroundWriter, *, pause: float = PAUSE) -> None:
        """Prepare; no thread is started.

        Args:
            forwarder: what forwards.
            background: runs it, and nothing else.
            pause: seconds between two streams.
        """
        self._forwarder = forwarder
        self._background = background
        self._pause = pause
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child: what waits is sent by the parent."""
        self._lock = threading.Lock()
        self._was_woken = False
        self._is_wanted = False
        self._is_active = False
        self._is_closed = False

    def wake(self) -> None:
        """Forward soon what waits; never waits and never raises."""
        with self._lock:
            self._was_woken = self._is_wanted = True
            if self._is_active or self._is_closed:
                return
            self._is_active = True
        self._background.submit(self._run)

    def send(self, line: bytes) -> None:
        """Forward a head soon; see SecondSink.send."""
        self.wake()

    def diagnose(self, newest: Head) -> tuple[Finding, ...]:
        """Return nothing: how forwarding is doing is found out for entries and heads together."""
        return ()

    def _run(self) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._is_wanted = False
        pause = self._forwarder.forward().pause
        with self._lock:
            if pause is None and self._is_wanted:
                pause = self._pause
            self._is_active = pause is not None
        if pause is not None:
            self._background.submit_later(pause, self._run)

    def close(self, seconds: float = FLUSH_SECONDS) -> None:
        """Forward what waits, for so many seconds at most; what takes longer is left to the next process."""
        with self._lock:
            self._is_closed = True
            if not self._was_woken:
                return
        until = time.monotonic() + seconds
        self._background.submit(lambda: self._finish(until))
        self._background.finish(seconds)

    def _finish(self, until: float) -> None:
        """Forward a last time; where another process is at it, see that it does not stop before our last entry."""
        while self._forwarder.forward().is_busy and time.monotonic() < until:
            time.sleep(_BUSY_PAUSE)

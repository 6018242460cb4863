"""The provider's documents, kept: when they are asked for anew, who waits for that, and who never does.

Rules:
    Fresh for five minutes. Then they are still served, for a day at most, while one thread asks in the background: a
    provider that is slow or down delays and fails nobody whose key is known.
    One request at a time, however many callers want it.
    A token that names an unknown key may be signed with a new one: it forces a request, but at most one in ten seconds,
    so that tokens with random names cannot make us flood the provider (the first after a cold start at once). Only a
    few may wait for that request; the others are refused.
    After a failure the provider is left alone: 1 second, 2, 4, and so on to 60.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from loki_core.errors import LokiError, ProviderUnavailable
from loki_core.forks import renew_after_fork
from loki_core.frozen import replace
from loki_core.oidc.documents import ProviderDocuments

FRESH_SECONDS = 300.0
STALE_SECONDS = 86_400.0
FORCED_SECONDS = 10.0
LONGEST_PAUSE = 60.0
MOST_WAITING = 16
"""How many callers wait for a forced request: more could take every thread of a server."""
_LONGEST_WAIT = 15.0
"""Seconds until a caller gives up waiting for another's request; two requests of five seconds fit in."""


class Keep(Protocol):
    """Where documents stay between processes. Neither method raises: it is a convenience."""

    def load(self) -> ProviderDocuments | None:
        """Return what was stored last, or None."""

    def store(self, documents: ProviderDocuments) -> None:
        """Keep them."""


class _Flight:
    """One request that is under way, and who waits for it."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.documents: ProviderDocuments | None = None
        self.error: LokiError | None = None
        self.waiting = 0


def start_thread(job: Callable[[], None]) -> bool:
    """Run a job in a daemon thread; return whether one could be had."""
    try:
        threading.Thread(target=job, name="loki-provider", daemon=True).start()
    except RuntimeError:
        return False
    return True


class KeyCache:
    """Serves the provider's documents. Safe to use from several threads."""

    def __init__(
        self,
        fetch: Callable[[], ProviderDocuments],
        read_seconds: Callable[[], float],
        *,
        keep: Keep | None = None,
        start: Callable[[Callable[[], None]], bool] = start_thread,
    ) -> None:
        """Prepare the cache; nothing is asked yet.

        Args:
            fetch: asks the provider; raises LokiError.
            read_seconds: the clock (seconds since the epoch).
            keep: where documents stay between processes, if anywhere.
            start: runs a job in the background.
        """
        self._fetch = fetch
        self._read_seconds = read_seconds
        self._keep = keep
        self._start = start
        self._documents: ProviderDocuments | None = None
        self._was_loaded = keep is None
        self._forced_at: float | None = None
        self._failures = 0
        self._failed_at = 0.0
        self._failure: LokiError | None = None
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child: a request that is under way is the parent's."""
        self._lock = threading.Lock()
        self._flight: _Flight | None = None

    def get(self) -> ProviderDocuments:
        """Return the documents, fresh ones or those of the last day while newer ones are asked for.

        Raises:
            ProviderUnavailable: there are none, and none can be had now.
            ConfigurationError: the provider cannot be asked as it is configured.
        """
        now = self._read_seconds()
        documents = self._documents
        if documents is not None and 0 <= now - documents.fetched_at < FRESH_SECONDS:
            return documents
        return self._get_slowly(now)

    def get_newer(self, than: ProviderDocuments) -> ProviderDocuments | None:
        """Return newer documents for a token that the ones given do not explain, or None when none can be had now.

        Raises:
            ConfigurationError: the provider cannot be asked as it is configured.
        """
        now = self._read_seconds()
        with self._lock:
            if self._documents is not than and self._documents is not None:
                return self._documents
            flight = self._flight
            if flight is None:
                is_early = self._forced_at is not None and 0 <= now - self._forced_at < FORCED_SECONDS
                if is_early or self._is_pausing(now):
                    return None
                self._forced_at = now
                flight = self._flight = _Flight()
                is_ours = True
            else:
                is_ours = False
                if flight.waiting >= MOST_WAITING:
                    return None
                flight.waiting += 1
        if is_ours:
            self._fly(flight)
        else:
            flight.landed.wait(_LONGEST_WAIT)
        return flight.documents

    def _get_slowly(self, now: float) -> ProviderDocuments:
        with self._lock:
            self._load()
            documents = self._documents
            age = now - documents.fetched_at if documents is not None else 0.0
            if documents is not None and 0 <= age < FRESH_SECONDS:
                return documents
            # A clock that was set back, by less than a day, makes them stale and not useless.
            usable = documents if abs(age) < STALE_SECONDS else None
            flight, is_ours = self._flight, False
            if flight is None and not self._is_pausing(now):
                flight, is_ours = _Flight(), True
                self._flight = flight
            failure = self._failure
        if usable is not None and not usable.is_kept:
            if is_ours and flight is not None:
                self._refresh(flight)
            return usable
        if flight is None:
            if usable is not None:
                return usable
            raise _copy(failure)
        if is_ours:
            self._fly(flight)
        else:
            flight.landed.wait(_LONGEST_WAIT)
        found = flight.documents or usable
        if found is None:
            raise _copy(flight.error)
        return found

    def _load(self) -> None:
        if not self._was_loaded and self._keep is not None:
            self._was_loaded = True
            self._documents = self._keep.load()

    def _is_pausing(self, now: float) -> bool:
        pause = min(2.0 ** (self._failures - 1), LONGEST_PAUSE)
        return self._failures > 0 and 0 <= now - self._failed_at < pause

    def _refresh(self, flight: _Flight) -> None:
        if not self._start(lambda: self._fly(flight)):
            with self._lock:
                self._flight = None
            flight.landed.set()

    def _fly(self, flight: _Flight) -> None:
        """Ask the provider; whatever comes of it, the flight lands and the next one may start."""
        try:
            flight.documents = self._fetch()
        except LokiError as error:
            flight.error = error
        finally:
            with self._lock:
                self._flight = None
                self._settle(flight)
            flight.landed.set()
        if flight.documents is not None and self._keep is not None:
            self._keep.store(flight.documents)

    def _settle(self, flight: _Flight) -> None:
        if flight.documents is not None:
            self._documents, self._failures, self._failure = flight.documents, 0, None
            return
        self._failures += 1
        self._failed_at = self._read_seconds()
        self._failure = flight.error
        if self._documents is not None and self._documents.is_kept:
            # Asked once in vain: from now on they are served at once, as if this process had fetched them.
            self._documents = replace(self._documents, is_kept=False)


def _copy(error: LokiError | None) -> LokiError:
    """Return an error of the same words: one instance raised in many threads would collect their tracebacks."""
    if error is None:
        return ProviderUnavailable("the identity provider does not answer", remedy="try again soon")
    return type(error)(error.message, code=error.code, remedy=error.remedy)

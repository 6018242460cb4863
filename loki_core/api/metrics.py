"""What a monitoring system reads: verifications as they happen, tokens and the log as they are when it asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from loki_core.errors import LokiError

if TYPE_CHECKING:
    from loki_core.services import Loki

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)
_OUTCOMES = frozenset(
    {
        "ok",
        "token_expired",
        "token_revoked",
        "token_locked",
        "token_unknown",
        "token_malformed",
        "token_auth_disabled",
        "invalid_token",
        "provider_unavailable",
    }
)


class Metrics:
    """The figures of one server process."""

    def __init__(self, loki: Loki) -> None:
        """Begin to count.

        Args:
            loki: the store whose tokens are counted when somebody asks.
        """
        self._registry = CollectorRegistry()
        self._verifications = Counter(
            "loki_verifications", "Credentials that were verified, by outcome", ["outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "loki_verification_seconds", "How long verifying took", buckets=_BUCKETS, registry=self._registry
        )
        self._registry.register(_State(loki))

    def observe(self, outcome: str, seconds: float) -> None:
        """Count a verification; what is no known outcome is `error`, so that the labels stay few."""
        self._verifications.labels(outcome if outcome in _OUTCOMES else "error").inc()
        self._seconds.observe(seconds)

    def format(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry)


class _State(Collector):
    """Tokens by status and the state of store and log, looked at when they are asked for."""

    def __init__(self, loki: Loki) -> None:
        self._loki = loki

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: registering must not read the store."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        store = GaugeMetricFamily("loki_store_up", "Whether the token store can be read")
        try:
            summary = self._loki.tokens.summary()
        except LokiError:
            store.add_metric([], 0)
        else:
            store.add_metric([], 1)
            tokens = GaugeMetricFamily("loki_tokens", "Tokens in the store, by status", labels=["status"])
            for status, count in summary.by_status.items():
                tokens.add_metric([str(status)], count)
            yield tokens
        yield store
        audit = GaugeMetricFamily("loki_audit_up", "Whether the audit log could be written")
        try:
            self._loki.check_audit()
            audit.add_metric([], 1)
        except LokiError:
            audit.add_metric([], 0)
        yield audit
        switched = GaugeMetricFamily("loki_audit_enabled", "Whether the audit log is switched on")
        switched.add_metric([], int(self._loki.settings.audit.enabled))
        yield switched

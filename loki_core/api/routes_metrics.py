"""`/metrics`."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from loki_core.api.documented import document_refusals
from loki_core.api.metrics import MEDIA_TYPE, Metrics
from loki_core.api.require import require_scope


def build_metrics_routes(metrics: Metrics) -> APIRouter:
    """Return the endpoint."""
    router = APIRouter(tags=["health"], dependencies=[Depends(require_scope("read"))])

    @router.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}, **document_refusals()},
    )
    def show_metrics() -> Response:
        """Show the figures of this process, for Prometheus."""
        return Response(metrics.format(), media_type=MEDIA_TYPE)

    return router

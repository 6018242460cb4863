"""Whether the server lives and is of use: for supervisors, without a credential and without details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from loki_core.api.bodies import HealthForm
from loki_core.api.documented import document_refusals
from loki_core.errors import LokiError

if TYPE_CHECKING:
    from loki_core.services import Loki

PUBLIC = ("/healthz", "/readyz")
_OPEN: dict[str, Any] = {"security": []}


def build_health_routes() -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", response_model=HealthForm, openapi_extra=_OPEN, responses=document_refusals())
    async def live() -> HealthForm:
        """Tell that the server answers."""
        return HealthForm(status="ok")

    @router.get(
        "/readyz",
        response_model=HealthForm,
        openapi_extra=_OPEN,
        responses={**document_refusals(), 503: {"model": HealthForm}},
    )
    def ready(request: Request, response: Response) -> HealthForm:
        """Tell whether tokens can be verified, and whether the log can be written."""
        loki: Loki = request.app.state.loki
        checks = {}
        for name, check in (("store", loki.check_store), ("audit", loki.check_audit)):
            try:
                check()
                checks[name] = "ok"
            except LokiError as error:
                checks[name] = error.code
        # Without the log nothing is granted, but whoever holds a token works on.
        is_ready = checks["store"] == "ok"
        response.status_code = 200 if is_ready else 503
        return HealthForm(status="ok" if is_ready else "unavailable", checks=checks)

    return router

"""Whether the server lives and is of use: for supervisors, without a credential and without details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from loki_core.api.bodies import HealthForm
from loki_core.errors import LokiError

if TYPE_CHECKING:
    from loki_core.services import Loki

PUBLIC = ("/healthz", "/readyz")


def build_health_routes() -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", response_model=HealthForm)
    async def live() -> HealthForm:
        """Tell that the server answers."""
        return HealthForm(status="ok")

    @router.get("/readyz", response_model=HealthForm, responses={503: {"model": HealthForm}})
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

"""What is switched on, and who is calling: for any caller that was proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends

import loki_core
from loki_core.api.bodies import EnterpriseForm, PrincipalForm
from loki_core.api.documented import document_refusals
from loki_core.api.require import get_caller, get_principal
from loki_core.json_forms import describe_principal

if TYPE_CHECKING:
    from loki_core.principal import Principal
    from loki_core.services import Loki


def build_enterprise_routes() -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(prefix="/api/enterprise", tags=["enterprise"])

    @router.get("/status", response_model=EnterpriseForm, responses=document_refusals())
    async def show_status(loki: Annotated[Any, Depends(get_caller)]) -> dict[str, Any]:
        """Show which parts are switched on."""
        caller: Loki = loki
        settings = caller.settings
        auth = settings.auth
        return {
            "auth_enabled": auth.is_on,
            "audit_enabled": settings.audit.enabled,
            "enterprise_mode": auth.is_on or settings.audit.enabled,
            "oidc_enabled": auth.accepts_oidc,
            "oidc_issuer": auth.oidc.issuer if auth.accepts_oidc else None,
            "oidc_client_id": auth.oidc.client_id if auth.accepts_oidc else None,
            "version": loki_core.__version__,
        }

    @router.get("/whoami", response_model=PrincipalForm, responses=document_refusals())
    async def who_am_i(principal: Annotated[Any, Depends(get_principal)]) -> dict[str, Any]:
        """Show who is calling."""
        caller: Principal = principal
        return describe_principal(caller)

    return router

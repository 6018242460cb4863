"""`/`: what this is, for whoever opens it in a browser or asks without knowing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import HTMLResponse, JSONResponse

import loki_core
from loki_core.api.bodies import FrontForm

PUBLIC = ("/",)
_OPEN: dict[str, Any] = {"security": []}
_PAGE = f"""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Loki Mode access</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 12vh auto; padding: 0 1.5rem; }}
  code {{ font-family: ui-monospace, monospace; }}
</style>
<h1>Loki Mode access</h1>
<p>This is the access API, version {loki_core.__version__}. It is for programs that hold a token:</p>
<p><code>curl -H "Authorization: Bearer $LOKI_TOKEN" …/api/status</code></p>
<p>People manage tokens in the terminal: <code>loki-tui</code>, or <code>loki enterprise token list</code>.</p>
</html>
"""


def build_front_routes() -> APIRouter:
    """Return the endpoint."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/",
        response_model=FrontForm,
        openapi_extra=_OPEN,
        responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
    )
    async def show(accept: Annotated[str, Header()] = "") -> Response:
        """Tell what this is: to a browser as a page, else as JSON."""
        if "text/html" in accept.lower():
            return HTMLResponse(_PAGE)
        return JSONResponse({"service": "loki-access", "version": loki_core.__version__, "openapi": "/openapi.json"})

    return router

"""Any app, guarded with three lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

import loki_core
from loki_core.api import AuthMiddleware, require_scope
from tests.core.api.stage import ApiStage, check_problem


def _connect(app: Any, secret: str | None) -> httpx.AsyncClient:
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://anywhere", headers=headers)


async def test_a_fastapi_app_is_guarded(stage: ApiStage) -> None:
    app = FastAPI()
    app.add_middleware(AuthMiddleware, loki=stage.loki)

    @app.post("/jobs")
    async def create(principal: Annotated[Any, Depends(require_scope("write"))]) -> dict[str, str]:
        return {"by": principal.name}

    writer, reader = stage.mint("writer", role="operator"), stage.mint("reader", role="viewer")
    async with _connect(app, writer) as client:
        assert (await client.post("/jobs")).json() == {"by": "writer"}
        assert (await client.get("/nowhere")).status_code == 404
    async with _connect(app, reader) as client:
        refused = await client.post("/jobs")
        assert refused.status_code == 403
        assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    async with _connect(app, None) as client:
        for path in ("/jobs", "/nowhere", "/openapi.json", "/docs"):
            assert (await client.get(path)).status_code == 401  # what was not said to be public is not
    stage.loki.close()
    denied = [line.entry for line in stage.loki.audit.entries() if line.entry.event == "permission.denied"]
    assert [entry.details["needed"] for entry in denied] == ["write"]


async def test_a_starlette_app_is_guarded(stage: ApiStage) -> None:
    check = require_scope("read")

    async def show(request: Request) -> JSONResponse:
        return JSONResponse({"by": (await check(request)).name})

    app = Starlette(routes=[Route("/", show), Route("/open", lambda _: JSONResponse({}))])
    app.add_middleware(AuthMiddleware, loki=stage.loki, public=["/open"])
    async with _connect(app, stage.mint("reader", role="viewer")) as client:
        assert (await client.get("/")).json() == {"by": "reader"}
    async with _connect(app, None) as client:
        assert (await client.get("/")).status_code == 401
        assert (await client.get("/open")).status_code == 200
    async with _connect(app, "loki_nonsense") as client:
        assert (await client.get("/open")).status_code == 401  # a wrong credential is never ignored


async def test_a_websocket_without_a_credential_is_closed_before_it_opens(stage: ApiStage) -> None:
    async def echo(socket: WebSocket) -> None:
        raise AssertionError("nobody was proved")

    app = Starlette(routes=[WebSocketRoute("/ws", echo)])
    app.add_middleware(AuthMiddleware, loki=stage.loki)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/ws", "headers": [], "client": ("192.0.2.1", 1), "query_string": b""}
    await app(scope, receive, send)
    assert [(message["type"], message.get("code")) for message in sent] == [("websocket.close", 1008)]


async def test_a_store_that_cannot_be_read_lets_nobody_in_and_says_so(tmp_path: Path) -> None:
    stage = ApiStage(tmp_path)
    secret = stage.mint("bot", role="viewer")
    (stage.home / "loki" / "dashboard" / "tokens.json").write_text("{")
    async with stage.connect(secret) as client:
        check_problem(await client.get("/api/status"), 503, "store_corrupt")
        ready = await client.get("/readyz")
    assert (ready.status_code, loki_core.__version__ != "") == (503, True)
    stage.close()

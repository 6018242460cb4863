"""Sending a problem as an ASGI app does, over HTTP or in place of a WebSocket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from loki_core.api.problems import MEDIA_TYPE, Problem

REQUEST_ID = "loki.request_id"


async def send_problem(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    problem: Problem,
) -> None:
    """Answer a request with a problem; a WebSocket is closed with 1008 (RFC 6455, 7.4.1)."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": problem.code})
        return
    body = problem.encode(scope.get(REQUEST_ID, ""))
    headers = [
        (b"content-type", MEDIA_TYPE.encode("ascii")),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"cache-control", b"no-store"),
        *((name.lower().encode("ascii"), value.encode("latin-1", "replace")) for name, value in problem.headers),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

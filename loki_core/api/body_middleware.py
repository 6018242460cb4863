"""A request's body: read whole, within a size and a time, before anything is done with it."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from loki_core.api.auth_middleware import App, Receive, Scope, Send
from loki_core.api.problems import Problem
from loki_core.api.sending import send_problem

LARGEST_BODY = 64 * 1024
"""Bytes."""
SLOWEST_BODY = 10.0
"""Seconds in which the whole body has to arrive."""
_JSON = b"application/json"
_TOO_LARGE = Problem(
    status=413, code="body_too_large", detail=f"the body is larger than {LARGEST_BODY // 1024} KiB", remedy="send less"
)
_TOO_SLOW = Problem(
    status=408,
    code="body_too_slow",
    detail="the body did not arrive in time",
    headers=(("Connection", "close"),),
)
_NOT_JSON = Problem(
    status=415,
    code="unsupported_media_type",
    detail="the body is not said to be JSON",
    remedy="send Content-Type: application/json",
)


class BodyMiddleware:
    """Reads bodies within their bounds, and sees to it that JSON is what they are read as."""

    def __init__(self, app: App, *, needs_type: bool, slowest_body: float = SLOWEST_BODY) -> None:
        """Guard an app.

        Args:
            app: what is guarded.
            needs_type: whether a body must be declared as JSON. A page of another site can send other types without
                asking; a caller with a bearer is no such page, and the guide's curl lines declare nothing.
            slowest_body: seconds in which a body has to arrive.
        """
        self.app = app
        self._needs_type = needs_type
        self._slowest_body = slowest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length, media_type, is_chunked = b"", b"", False
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = value
            elif name == b"content-type":
                media_type = value
            elif name == b"transfer-encoding":
                is_chunked = True
        if not is_chunked and not int(length or b"0"):  # the server refuses what is no number
            await self.app(scope, receive, send)
            return
        problem = _TOO_LARGE if int(length or b"0") > LARGEST_BODY else None
        if problem is None and self._needs_type and media_type.partition(b";")[0].strip().lower() != _JSON:
            problem = _NOT_JSON
        body: bytes | None = None
        if problem is None:
            body, problem = await self._read(receive)
        if problem is not None:
            await send_problem(scope, receive, send, problem)
        elif body is not None:
            others = [header for header in scope["headers"] if header[0] != b"content-type"]
            scope["headers"] = [*others, (b"content-type", _JSON)]
            await self.app(scope, _Replay(body, receive), send)

    async def _read(self, receive: Receive) -> tuple[bytes | None, Problem | None]:
        """Return the body, or why it is refused, or neither when the client is gone."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._slowest_body):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return None, None
                    part = message.get("body", b"")
                    size += len(part)
                    if size > LARGEST_BODY:
                        return None, _TOO_LARGE
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts), None
        except TimeoutError:
            return None, _TOO_SLOW


class _Replay:
    """Gives the app the body that was read, then what the server says."""

    __slots__ = ("_body", "_receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> MutableMapping[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        return await self._receive()

"""The outermost layer: every request gets an id, every answer the headers that keep it safe in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from typing import Any

from loki_core.api.auth_middleware import App, Receive, Scope, Send
from loki_core.api.sending import REQUEST_ID

_ID = re.compile(rb"[0-9A-Za-z._-]{1,64}\Z")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
)


class GuardMiddleware:
    """Numbers requests and finishes answers."""

    def __init__(self, app: App, *, make_id: Callable[[], str]) -> None:
        """Guard an app.

        Args:
            app: what is guarded.
            make_id: returns a new random id for a request that brings no sensible one.
        """
        self.app = app
        self._make_id = make_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given.decode("ascii") if _ID.match(given) else self._make_id()
        scope[REQUEST_ID] = request_id
        await self.app(scope, receive, _Finish(send, request_id.encode("ascii")))


class _Finish:
    """Adds the headers that every answer carries."""

    __slots__ = ("_request_id", "_send")

    def __init__(self, send: Send, request_id: bytes) -> None:
        self._send = send
        self._request_id = request_id

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), *_HEADERS, (b"x-request-id", self._request_id)]
            message = {**message, "headers": headers}
        await self._send(message)

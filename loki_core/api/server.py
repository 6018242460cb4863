"""Serving the API: uvicorn on one address, with TLS where configured, until a signal ends it in order."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.supervisors import Multiprocess

import loki_core
from loki_core.api.app import create_app
from loki_core.api.tls import Certificate
from loki_core.errors import ConfigurationError
from loki_core.text import safe_text

if TYPE_CHECKING:
    from fastapi import FastAPI

    from loki_core.settings import Settings

GRACE_SECONDS = 10
"""For requests that are being answered when the server is told to end."""
_TLS_CHECK_SECONDS = 5
_MOST_CONNECTIONS = 1_000
_log = logging.getLogger("uvicorn.error")


def serve(settings: Settings, bound: socket.socket, *, workers: int = 1) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: what is configured.
        bound: what `listen` returned.
        workers: how many processes answer.
    """
    tls = settings.tls
    config = uvicorn.Config(
        "loki_core.api.server:build_app",
        factory=True,
        workers=workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # ours believes the configured proxies alone
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_SECONDS,
        limit_concurrency=_MOST_CONNECTIONS,
        ssl_context_factory=partial(_make_context, tls.cert, tls.key) if tls.enabled else None,
        timeout_notify=_TLS_CHECK_SECONDS,
        callback_notify=_reload_certificates if tls.enabled else None,
    )
    if workers == 1:
        uvicorn.Server(config).run(sockets=[bound])
    else:
        Multiprocess(config, sockets=[bound]).run()


def build_app() -> FastAPI:
    """Return the app of one worker, which opens the store and closes it at the end."""
    loki = loki_core.open()
    app = create_app(loki)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def live(given: FastAPI) -> AsyncIterator[Any]:
        try:
            async with inner(given) as state:
                yield state
        finally:
            loki.close()

    app.router.lifespan_context = live
    return app


_certificates: list[Certificate] = []
"""Those in use by this process: a worker makes its own."""


def _make_context(cert: Path | None, key: Path | None, *_: object) -> ssl.SSLContext:
    certificate = Certificate(cert, key)
    _certificates.append(certificate)
    return certificate.context


async def _reload_certificates() -> None:
    for certificate in _certificates:
        try:
            if certificate.reload_when_changed():
                _log.warning("a new certificate is in use")
        except ConfigurationError as error:
            _log.error("the new certificate cannot be used: %s", safe_text(error, limit=300))

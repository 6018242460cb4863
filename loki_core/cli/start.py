"""`start`: the HTTP API."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Protocol

from loki_core.cli import output
from loki_core.cli.failure import UsageError, clean
from loki_core.cli.opening import open_local

if TYPE_CHECKING:
    from argparse import Namespace
    from socket import socket

    from loki_core import Loki, Settings
    from loki_core.cli.arguments import Parser


class Serve(Protocol):
    """Serves until a signal ends it."""

    def __call__(self, settings: Settings, bound: socket, *, workers: int) -> None:
        """See loki_core.api.server.serve."""


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "prd", metavar="PRD", nargs="?", help="a file of the project to begin work on, such as ./prd.md"
    )
    parser.add_argument("--host", metavar="ADDRESS", help="the address to listen on; 127.0.0.1 by default")
    parser.add_argument("--port", metavar="N", type=int, help="the port to listen on; 57374 by default")
    parser.add_argument("--workers", metavar="N", type=int, default=1, help="how many processes answer; 1 by default")


def run(options: Namespace) -> int:
    """Serve until a signal ends it, and return the exit status."""
    if options.port is not None and not 0 <= options.port <= 65_535:
        raise UsageError("--port is no port", remedy="give a number from 0 to 65535")
    if not 1 <= options.workers <= 64:
        raise UsageError("--workers is out of range", remedy="give a number from 1 to 64")
    from loki_core.api.listening import listen

    with open_local() as loki:
        settings = loki.settings
        host = options.host or settings.server.host
        with listen(settings, host, settings.server.port if options.port is None else options.port) as bound:
            loki.check_store()
            serve = _get_server()
            told = _begin_work(loki, options.prd) if options.prd is not None else ""
            loki.close()
            _announce(settings, host, bound.getsockname()[1], told, as_json=options.json)
            serve(settings, bound, workers=options.workers)
    return 0


def _get_server() -> Serve:
    try:
        from loki_core.api.server import serve
    except ImportError:
        raise UsageError(
            "the HTTP API is not installed", code="not_installed", remedy="pip install 'loki-tui[api]'"
        ) from None
    return serve


def _begin_work(loki: Loki, given: str) -> str:
    """Start work on a file of the project; return why it was not started, or ""."""
    from loki_core import AuditEvent
    from loki_core.work.prd import resolve_prd
    from loki_core.work.runner import SessionRunner

    project = os.getcwd()
    prd = resolve_prd(given, project)
    runner = SessionRunner(loki.settings.session.command, project, os.environ)
    if not runner.is_configured:
        return "no work was begun: set session.command in the configuration"
    loki.log_event(AuditEvent.WORK_START, "session", prd)
    runner.start(prd, loki.actor.subject, loki.clock())
    return f"work on {prd} has begun"


def _announce(settings: Settings, host: str, port: int, told: str, *, as_json: bool) -> None:
    scheme = "https" if settings.tls.enabled else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    ways = [
        name
        for name, is_on in (("tokens", settings.auth.accepts_tokens), ("sign-in", settings.auth.accepts_oidc))
        if is_on
    ]
    if as_json:
        output.write(json.dumps({"event": "serving", "url": url, "auth": ways, "work": told or None}) + "\n")
        return
    auth = f"authentication is on: {' and '.join(ways)}" if ways else "authentication is OFF: this machine only"
    output.write(f"Serving on {clean(url)} ({auth}). Ctrl+C ends it.\n")
    if told:
        output.write(f"{clean(told[0].upper() + told[1:])}.\n")

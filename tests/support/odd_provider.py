"""A provider that differs from the standards and from every other one, on loopback: it says what it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl


class Said(NamedTuple):
    """One answer."""

    status: int
    body: Any = b""
    type: str = "application/json"


class Request(NamedTuple):
    """One request: its path, and the fields of its form."""

    path: str
    form: Mapping[str, str]


class OddProvider:
    """Answers each path with what is next in its list; the last of a list stays.

    Attributes:
        url: its address, and its issuer.
        answers: what it says, by path.
        requests: what was asked, in order.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Said]] = {}
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="odd-provider", daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def asked(self, path: str) -> list[Mapping[str, str]]:
        """Return the forms that were sent to a path."""
        return [request.form for request in self.requests if request.path == path]

    def _answer(self, path: str, body: bytes) -> Said:
        with self._lock:
            self.requests.append(Request(path, dict(parse_qsl(body.decode(), keep_blank_values=True))))
            listed = self.answers.get(path)
            if not listed:
                return Said(404)
            return listed.pop(0) if len(listed) > 1 else listed[0]

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(provider._answer(self.path, b""))

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                self._say(provider._answer(self.path, self.rfile.read(length)))

            def _say(self, said: Said) -> None:
                body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
                self.send_response(said.status)
                self.send_header("content-type", said.type)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler

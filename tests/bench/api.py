"""What our middleware and an endpoint cost, against the bare app under the same server: processor time per request."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import loki_core
from loki_core.tokens.document import dump_document
from tests.bench.verification import make_tokens

ROUNDS = 7
REQUESTS = 3_000
_SERVER = """
    import os, socket, sys
    import uvicorn
    import loki_core
    from loki_core.api import AuthMiddleware, create_app

    async def bare(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    loki = loki_core.open()
    app = {"bare": lambda: bare, "guarded": lambda: AuthMiddleware(bare, loki=loki), "api": lambda: create_app(loki)}
    bound = socket.socket(fileno=int(sys.argv[2]))
    config = uvicorn.Config(
        app[sys.argv[1]](), loop="uvloop", http="httptools", ws="none", log_level="error", access_log=False,
        proxy_headers=False, server_header=False,
    )
    uvicorn.Server(config).run(sockets=[bound])
"""


class Share:
    """A throughput as a share of another, from processor time; with the latencies that a caller saw."""

    def __init__(self, name: str, bound: float, ours: list[float], bare: list[float], waits: list[float]) -> None:
        self.name, self.bound = name, bound
        self.share = statistics.median(theirs / mine for mine, theirs in zip(ours, bare, strict=True))
        self.cost = statistics.median(ours)
        waits = sorted(waits)
        self.median, self.late = waits[len(waits) // 2], waits[len(waits) * 99 // 100]

    def __str__(self) -> str:
        return (
            f"{self.name:<66} {self.share:5.2f} x  (at least {self.bound:g}; {self.cost * 1e6:.0f} us a request;"
            f" median {self.median * 1e6:.0f} us, 99 % below {self.late * 1e6:.0f} us)"
        )


def measure() -> Iterator[Share]:
    """Yield the shares at 10 and at 10,000 tokens."""
    for count in (10, 10_000):
        with tempfile.TemporaryDirectory(prefix="loki-bench-") as place:
            secret = _fill(place, count)
            with contextlib.ExitStack() as stack:
                servers = {kind: stack.enter_context(_Server(kind, place)) for kind in ("bare", "guarded", "api")}
                costs: dict[str, list[float]] = {kind: [] for kind in servers}
                waits: dict[str, list[float]] = {kind: [] for kind in servers}
                for server in servers.values():
                    server.ask(secret, 300, [])
                for _ in range(ROUNDS):
                    for kind, server in servers.items():
                        costs[kind].append(server.ask(secret, REQUESTS, waits[kind]))
            yield Share(
                f"a bare app behind the middleware, {count:,} tokens",
                0.6,
                costs["guarded"],
                costs["bare"],
                waits["guarded"],
            )
            yield Share(f"GET /api/status, {count:,} tokens", 0.15, costs["api"], costs["bare"], waits["api"])


def _fill(place: str, count: int) -> str:
    """Store that many tokens, and return the secret of one that lives long enough."""
    dashboard = Path(place) / "dashboard"
    dashboard.mkdir(mode=0o700)
    document, _ = make_tokens(count)
    file = dashboard / "tokens.json"
    file.write_bytes(b"".join(dump_document(document)))
    file.chmod(0o600)
    with loki_core.open(environ={"LOKI_HOME": place}) as loki:
        return loki.tokens.generate("caller", role="admin").secret.reveal()


class _Server:
    def __init__(self, kind: str, place: str) -> None:
        self._kind = kind
        self._place = place

    def __enter__(self) -> _Server:
        bound = socket.create_server(("127.0.0.1", 0))
        self._port = bound.getsockname()[1]
        environ = {**os.environ, "HOME": self._place, "LOKI_HOME": self._place, "LOKI_ENTERPRISE_AUTH": "true"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_SERVER), self._kind, str(bound.fileno())],
            env=environ,
            cwd=self._place,
            pass_fds=[bound.fileno()],
        )
        bound.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def ask(self, secret: str, times: int, waits: list[float]) -> float:
        """Return the processor seconds of the server for each of so many requests."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        headers = {"Authorization": f"Bearer {secret}"}
        before = self._find_seconds()
        for _ in range(times):
            began = time.perf_counter()
            connection.request("GET", "/api/status", headers=headers)
            answer = connection.getresponse()
            answer.read()
            waits.append(time.perf_counter() - began)
            assert answer.status == 200, answer.status
        spent = self._find_seconds() - before
        connection.close()
        return spent / times

    def _find_seconds(self) -> float:
        # Nanoseconds on a processor, of all threads (proc(5), /proc/pid/task/tid/schedstat).
        tasks = Path(f"/proc/{self._process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

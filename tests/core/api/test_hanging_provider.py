"""An identity provider that accepts every connection and answers none: who does not need it does not notice."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.core.api.server import Server

PATIENCE = 4.0
"""Seconds in which everybody else must have been served; the provider is given up after five."""


@pytest.fixture
def hanging_issuer() -> Iterator[str]:
    """A provider that hangs, on this machine."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def _make_jwt(issuer: str, kid: str) -> str:
    def encode(part: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")

    now = int(time.time())
    claims = {"iss": issuer, "aud": "loki", "sub": "a", "iat": now, "exp": now + 600}
    return f"{encode({'alg': 'RS256', 'kid': kid})}.{encode(claims)}.{'A' * 342}"


def test_it_delays_nothing_but_the_sign_ins_that_need_it(child_environ: dict[str, str], hanging_issuer: str) -> None:
    environ = {
        **child_environ,
        "LOKI_OIDC_ISSUER": hanging_issuer,
        "LOKI_OIDC_CLIENT_ID": "loki",
        "LOKI_OIDC_DEFAULT_ROLE": "viewer",
    }
    with Server(environ) as server:
        secret = server.mint("bot", role="admin")
        answers: list[tuple[int, str]] = []

        def sign_in(number: int) -> None:
            with server.connect(_make_jwt(hanging_issuer, f"key-{number}")) as client:
                answer = client.get("/api/status")
                answers.append((answer.status_code, answer.json()["code"]))

        waiting = [threading.Thread(target=sign_in, args=(number,)) for number in range(40)]
        for thread in waiting:
            thread.start()
        with server.connect(secret) as client:
            served = 0
            limit = time.monotonic() + PATIENCE
            while time.monotonic() < limit and not answers:
                assert client.get("/api/status").status_code == 200
                assert client.get("/readyz").status_code == 200
                assert client.get("/api/enterprise/tokens").status_code == 200
                served += 1
            assert served >= 1
        for thread in waiting:
            thread.join(120)
    # Unavailable is not invalid: such sign-ins count against nobody.
    assert set(answers) == {(503, "provider_unavailable")}

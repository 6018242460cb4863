"""The app in this process, spoken to over ASGI, with a credential of every kind."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

import loki_core
from loki_core.api.app import create_app
from loki_core.settings import AuthSettings, Settings
from loki_core.settings.sections import SessionSettings
from tests.core.workshop import HandClock

AUTH_ON = AuthSettings(enabled=True)
AUTH_OFF = AuthSettings()


class ApiStage:
    """An installation and its API."""

    def __init__(
        self, home: Path, *, auth: AuthSettings = AUTH_ON, command: tuple[str, ...] = (), **settings: Any
    ) -> None:
        self.home = home
        self.project = home / "project"
        self.project.mkdir(parents=True, exist_ok=True)
        self.clock = HandClock()
        self.settings = Settings(home=home / "loki", auth=auth, session=SessionSettings(command=command), **settings)
        self.loki = loki_core.open(self.settings, clock=self.clock, environ={})
        self.app = create_app(self.loki, project=str(self.project))

    def mint(self, name: str, *, role: str) -> str:
        """Return the secret of a new token."""
        return self.loki.tokens.generate(name, role=role).secret.reveal()

    def close(self) -> None:
        self.loki.close()

    @contextlib.asynccontextmanager
    async def connect(
        self, secret: str | None = None, *, address: str = "192.0.2.1"
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Give a client that presents a secret."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 40_000), raise_app_exceptions=False)
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:57374", headers=headers) as client:
            yield client


def check_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem that an answer is, after a look at its form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response.headers["x-request-id"]
    return problem


def with_oidc(auth: AuthSettings, **oidc: Any) -> AuthSettings:
    """Return settings with an identity provider."""
    return dataclasses.replace(auth, oidc=dataclasses.replace(auth.oidc, **oidc))

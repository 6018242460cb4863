"""Every endpoint, asked by everybody."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.core.api.stage import AUTH_OFF, ApiStage, check_problem

TOKENS = "/api/enterprise/tokens"
# method, path, body, the scope that it needs ("" for none, "any" for any principal)
ENDPOINTS = [
    ("GET", "/", None, ""),
    ("GET", "/healthz", None, ""),
    ("GET", "/readyz", None, ""),
    ("GET", "/metrics", None, "read"),
    ("GET", "/api/enterprise/status", None, "any"),
    ("GET", "/api/enterprise/whoami", None, "any"),
    ("GET", TOKENS, None, "*"),
    ("POST", TOKENS, {"name": "new"}, "*"),
    ("GET", f"{TOKENS}/target", None, "*"),
    ("POST", f"{TOKENS}/target/rotate", {}, "*"),
    ("DELETE", f"{TOKENS}/target", None, "*"),
    ("GET", "/api/enterprise/audit", None, "audit"),
    ("GET", "/api/enterprise/audit/summary", None, "audit"),
    ("GET", "/api/enterprise/audit/verify", None, "audit"),
    ("GET", "/api/status", None, "read"),
    ("GET", "/api/tasks", None, "read"),
    ("POST", "/api/tasks/create", {"title": "do it"}, "write"),
    ("POST", "/api/tasks", {"title": "do it"}, "write"),
    ("POST", "/api/control/start", {"prd": "./prd.md"}, "control"),
    ("POST", "/api/control/stop", None, "control"),
]
HOLDS = {
    "viewer": {"read"},
    "operator": {"read", "write", "control"},
    "auditor": {"read", "audit"},
    "admin": {"read", "write", "control", "audit", "*"},
}
IDS = [f"{method} {path}" for method, path, _, _ in ENDPOINTS]


@pytest.fixture(autouse=True)
def prepare(stage: ApiStage) -> None:
    (stage.project / "prd.md").write_text("build it\n")
    stage.mint("target", role="viewer")


@pytest.mark.parametrize(("method", "path", "body", "scope"), ENDPOINTS, ids=IDS)
@pytest.mark.parametrize("role", HOLDS)
async def test_a_role_is_let_in_where_it_holds_the_scope_and_nowhere_else(
    stage: ApiStage, method: str, path: str, body: dict[str, str] | None, scope: str, role: str
) -> None:
    async with stage.connect(stage.mint("caller", role=role)) as client:
        response = await client.request(method, path, json=body)
    if scope in {"", "any"} or scope in HOLDS[role]:
        # No command is configured here that would do the work.
        assert response.status_code < 400 or response.json()["code"] == "session_not_configured", response.text
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-loki-scopes"]
        assert response.headers["x-loki-token-expires"]
    else:
        check_problem(response, 403, "insufficient_scope")
        assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
        assert f'scope="{scope}"' in response.headers["www-authenticate"]


REFUSED = {
    "no credential": (None, "authentication_required"),
    "malformed": ("not a token", "invalid_token"),
    "unknown": ("loki_" + "A" * 43 + "000000", "invalid_token"),
    "a JWT": ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "invalid_token"),
    "expired": ("expired", "token_expired"),
    "revoked": ("revoked", "token_revoked"),
}


@pytest.mark.parametrize(("method", "path", "body", "scope"), ENDPOINTS, ids=IDS)
@pytest.mark.parametrize("kind", REFUSED)
async def test_who_proves_nobody_is_refused_everywhere_but_where_supervisors_look(
    stage: ApiStage, method: str, path: str, body: dict[str, str] | None, scope: str, kind: str
) -> None:
    secret, code = REFUSED[kind]
    if kind == "revoked":
        secret = stage.mint("gone", role="admin")
        stage.loki.tokens.revoke("gone")
    elif kind == "expired":
        secret = stage.mint("old", role="admin")
        stage.clock.move(days=91)
    async with stage.connect(secret) as client:
        response = await client.request(method, path, json=body)
    if scope == "" and secret is None:
        assert response.status_code == 200
        return
    check_problem(response, 401, code)
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="loki"')
    # RFC 6750, 3.1: no error code for a request that lacks any authentication information
    assert ("error=" in challenge) is (secret is not None)


@pytest.mark.parametrize(("method", "path", "body", "scope"), ENDPOINTS, ids=IDS)
async def test_with_authentication_off_everything_but_the_management_of_access_is_open_to_this_machine(
    tmp_path: Path, method: str, path: str, body: dict[str, str] | None, scope: str
) -> None:
    with contextlib.closing(ApiStage(tmp_path / "off", auth=AUTH_OFF)) as stage:
        (stage.project / "prd.md").write_text("build it\n")
        async with stage.connect() as client:
            response = await client.request(method, path, json=body)
            foreign = await client.request(method, path, json=body, headers={"Host": "evil.example"})
            planted = await client.request(method, path, json=body, headers={"Origin": "https://evil.example"})
    if path.startswith("/api/enterprise/"):
        check_problem(response, 403, "auth_disabled")
    else:
        assert response.status_code < 400 or response.json()["code"] == "session_not_configured", response.text
    check_problem(foreign, 403, "foreign_site")
    check_problem(planted, 403, "foreign_site")

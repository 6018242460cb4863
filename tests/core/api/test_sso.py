"""A JWT of a real provider at every endpoint: a person with a role, beside tokens, and instead of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loki_core.settings import AuthSettings
from loki_core.settings.sections import OidcSettings
from tests.core.api.stage import ApiStage, check_problem
from tests.core.api.test_table import ENDPOINTS, HOLDS, IDS
from tests.support.idp.process import Idp

MAPPING = {"loki-admins": "admin", "loki-operators": "operator", "loki-viewers": "viewer", "loki-auditors": "auditor"}
PEOPLE = {"alice": "admin", "oscar": "operator", "vera": "viewer", "aude": "auditor"}


@pytest.fixture(scope="module")
def tokens(shared_idp: Idp) -> dict[str, str]:
    """What each person's sign-in gave."""
    return {login: shared_idp.sign_in(login)["id_token"] for login in PEOPLE}


def _make_stage(home: Path, idp: Idp, *, enabled: bool) -> ApiStage:
    oidc = OidcSettings(issuer=idp.issuer, client_id="loki-cli", audience="loki-cli", role_mapping=MAPPING)
    stage = ApiStage(home, auth=AuthSettings(enabled=enabled, oidc=oidc))
    stage.clock.now = datetime.now(UTC)
    (stage.project / "prd.md").write_text("build it\n")
    stage.mint("target", role="viewer")
    return stage


@pytest.fixture
def sso(tmp_path: Path, shared_idp: Idp) -> Iterator[ApiStage]:
    """An installation that takes tokens and JWTs."""
    with contextlib.closing(_make_stage(tmp_path, shared_idp, enabled=True)) as stage:
        yield stage


@pytest.mark.parametrize("login", PEOPLE)
async def test_a_person_is_let_in_where_the_role_holds_the_scope_and_nowhere_else(
    sso: ApiStage, tokens: dict[str, str], login: str
) -> None:
    held = HOLDS[PEOPLE[login]]
    async with sso.connect(tokens[login]) as client:
        for (method, path, body, scope), name in zip(ENDPOINTS, IDS, strict=True):
            answer = await client.request(method, path, json=body)
            if scope in {"", "any"} or scope in held:
                problem = answer.json()["code"] if answer.status_code >= 400 else ""
                assert problem in {"", "session_not_configured", "not_found"}, (name, answer.text)
            else:
                check_problem(answer, 403, "insufficient_scope")
        me = (await client.get("/api/enterprise/whoami")).json()
    assert (me["subject"], me["role"], me["method"]) == (login, PEOPLE[login], "oidc")


async def test_a_jwt_that_was_tampered_with_is_invalid_and_the_answer_does_not_say_why(
    sso: ApiStage, tokens: dict[str, str]
) -> None:
    header, payload, signature = tokens["vera"].split(".")
    async with sso.connect(f"{header}.{payload}.{signature[::-1]}") as client:
        problem = check_problem(await client.get("/api/status"), 401, "invalid_token")
    assert "signature" not in problem["detail"]


async def test_where_only_sign_in_is_on_a_token_is_refused_as_such(
    tmp_path: Path, shared_idp: Idp, tokens: dict[str, str]
) -> None:
    with contextlib.closing(_make_stage(tmp_path / "only", shared_idp, enabled=False)) as stage:
        secret = stage.mint("bot", role="admin")
        async with stage.connect(secret) as client:
            check_problem(await client.get("/api/status"), 401, "token_auth_disabled")
        async with stage.connect(tokens["vera"]) as client:
            assert (await client.get("/api/status")).status_code == 200

"""Attacks on the API, by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from loki_core.api.body_middleware import LARGEST_BODY, BodyMiddleware
from tests.core.api.stage import ApiStage, check_problem

TOKENS = "/api/enterprise/tokens"


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "..", ".", "a/../../x", "link", "linkdir/x", "fifo", "x\u0000y"]
)
async def test_path_tricks_in_prd_reach_nothing_outside_of_the_project(tmp_path: Path, path: str) -> None:
    stage = ApiStage(tmp_path, command=("cat", "{prd}"))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("secret")
    (tmp_path / "secret").write_text("secret")
    (stage.project / "link").symlink_to(tmp_path / "secret")
    (stage.project / "linkdir").symlink_to(outside)
    (stage.project / "fifo").parent.joinpath("fifo").unlink(missing_ok=True)
    import os

    os.mkfifo(stage.project / "fifo")
    try:
        async with stage.connect(stage.mint("op", role="operator")) as client:
            check_problem(await client.post("/api/control/start", json={"prd": path}), 422, "invalid_prd")
    finally:
        stage.close()
    assert not (stage.project / ".loki").exists()


async def test_whether_a_file_outside_of_the_project_exists_is_not_told(tmp_path: Path) -> None:
    stage = ApiStage(tmp_path, command=("cat", "{prd}"))
    (tmp_path / "there").write_text("secret")
    try:
        async with stage.connect(stage.mint("op", role="operator")) as client:
            answers = [
                (await client.post("/api/control/start", json={"prd": prd})).json() for prd in ("../there", "../absent")
            ]
    finally:
        stage.close()
    assert answers[0]["detail"] == answers[1]["detail"]


@pytest.mark.parametrize("name", ["..", "../x", "%2e%2e%2f", "tok-../../x", "x/rotate", "%00"])
async def test_path_tricks_in_token_names_find_no_token_and_no_other_endpoint(stage: ApiStage, name: str) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        answer = await client.get(f"http://localhost{TOKENS}/" + httpx.URL(path=name).raw_path.decode().lstrip("/"))
    assert answer.status_code in {404, 422}, answer.text


async def test_header_injection_nothing_of_a_request_becomes_a_header_of_its_answer(stage: ApiStage) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        for given in ("a\r\nX-Evil: 1", "x" * 65, "Ã¼", "<script>"):
            answer = await client.get("/healthz", headers={b"X-Request-Id": given.encode("latin-1", "replace")})
            assert answer.headers["x-request-id"] != given
            assert "x-evil" not in answer.headers
        made = await client.post(TOKENS, json={"name": "bot\r\nX-Evil: 1"})
        check_problem(made, 422, "invalid_name")
        page = await client.get(TOKENS, params={"q": "\r\nX-Evil: 1", "limit": 1})
        assert "x-evil" not in page.headers


async def test_oversized_bodies_are_refused_by_their_length_and_by_what_comes(stage: ApiStage) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_BODY // 1024 + 2):
            yield b"x" * 1024

    async with stage.connect(stage.mint("adm", role="admin")) as client:
        check_problem(await client.post(TOKENS, content=b"x" * (LARGEST_BODY + 1)), 413, "body_too_large")
        check_problem(await client.post(TOKENS, content=endless()), 413, "body_too_large")
        deep = b"[" * (LARGEST_BODY - 1)
        check_problem(await client.post(TOKENS, content=deep), 400, "invalid_json")


async def test_slow_bodies_are_given_up() -> None:
    async def app(*_: object) -> None:
        raise AssertionError("nothing of it was to be seen")

    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        await asyncio.sleep(3600)
        return {}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    guarded = BodyMiddleware(app, needs_type=False, slowest_body=0.01)
    scope = {"type": "http", "path": "/", "headers": [(b"content-length", b"10")]}
    await guarded(scope, receive, send)
    assert sent[0]["status"] == 408


async def test_without_a_bearer_a_body_that_is_not_declared_as_json_is_refused(tmp_path: Path) -> None:
    from tests.core.api.stage import AUTH_OFF

    stage = ApiStage(tmp_path, auth=AUTH_OFF)
    try:
        async with stage.connect() as client:
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
                answer = await client.post(
                    "/api/tasks/create", content=b'{"title": "x"}', headers={"Content-Type": kind}
                )
                check_problem(answer, 415, "unsupported_media_type")
            answer = await client.post("/api/tasks/create", json={"title": "x"})
            assert answer.status_code == 201
    finally:
        stage.close()


async def test_authenticated_answers_are_kept_out_of_caches_and_frames(stage: ApiStage) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        for path in ("/api/status", TOKENS, "/nothing", "/api/enterprise/whoami"):
            headers = (await client.get(path)).headers
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_cors_no_page_of_another_site_is_ever_allowed_to_read(stage: ApiStage) -> None:
    async with stage.connect() as client:
        preflight = await client.options(
            "/api/status", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
        )
    assert "access-control-allow-origin" not in preflight.headers
    assert preflight.status_code in {401, 405}


async def test_a_mistake_of_ours_tells_nothing_of_itself(stage: ApiStage, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = stage.mint("adm", role="admin")

    def fail(*_: object) -> None:
        raise RuntimeError(f"holds {secret}")

    monkeypatch.setattr("loki_core.services.Loki.check_audit", fail)
    async with stage.connect(secret) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 500
    assert secret not in answer.text
    assert "RuntimeError" not in answer.text

"""The first thing that a browser, or a curious program, is shown."""

from __future__ import annotations

from tests.core.api.stage import ApiStage


async def test_a_browser_is_shown_a_page_that_loads_nothing_and_runs_nothing(stage: ApiStage) -> None:
    async with stage.connect() as client:
        page = await client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    assert "loki-tui" in page.text
    for loading in ("<script", "src=", "href=", "url(", "http:"):
        assert loading not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_a_program_is_told_as_json(stage: ApiStage) -> None:
    async with stage.connect() as client:
        answer = await client.get("/")
    assert answer.json()["service"] == "loki-access"

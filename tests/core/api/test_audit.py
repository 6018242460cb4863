"""The audit log over HTTP: read by pages, counted, verified."""

from __future__ import annotations

from tests.core.api.stage import ApiStage, check_problem

PATH = "/api/enterprise/audit"


async def test_entries_come_newest_first_and_pages_hold_each_once_while_the_log_grows(stage: ApiStage) -> None:
    secret = stage.mint("auditor", role="auditor")
    for number in range(7):
        stage.mint(f"bot-{number}", role="viewer")
    seen: list[int] = []
    async with stage.connect(secret) as client:
        cursor = ""
        while True:
            page = await client.get(PATH, params={"limit": 3, "cursor": cursor, "event": "auth.token.create"})
            assert page.status_code == 200
            seen += [entry["seq"] for entry in page.json()]
            if len(seen) == 3:
                stage.mint("late", role="viewer")
            cursor = page.headers.get("x-next-cursor", "")
            if not cursor:
                break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 8


async def test_entries_are_asked_for_by_event_actor_token_outcome_and_time(stage: ApiStage) -> None:
    secret = stage.mint("auditor", role="auditor")
    stage.clock.move(hours=1)
    stage.mint("bot", role="viewer")
    stage.loki.tokens.revoke("bot")
    actor = stage.loki.actor.subject
    async with stage.connect(secret) as client:

        async def ask(**parameters: str) -> list[str]:
            answer = await client.get(PATH, params=parameters)
            return [entry["event"] for entry in answer.json() if entry["event"] != "auth.token.use"]

        assert await ask(event="auth.token.revoke") == ["auth.token.revoke"]
        assert await ask(token="bot") == ["auth.token.revoke", "auth.token.create"]
        assert await ask(**{"from": "2026-03-01T12:30:00Z"}) == ["auth.token.revoke", "auth.token.create"]
        assert await ask(to="2026-03-01T12:30:00Z", actor=actor) == ["auth.token.create"]
        assert await ask(failed="true") == []
        check_problem(await client.get(PATH, params={"from": "2026-03-01T12:30:00"}), 422, "invalid_time")
        check_problem(await client.get(PATH, params={"from": "yesterday"}), 422, "invalid_input")
        check_problem(await client.get(PATH, params={"cursor": "0" * 64}), 422, "invalid_cursor")


async def test_the_verdict_is_the_commands_and_a_changed_line_is_named(stage: ApiStage) -> None:
    secret = stage.mint("auditor", role="auditor")
    stage.mint("bot", role="viewer")
    stage.loki.close()
    async with stage.connect(secret) as client:
        whole = (await client.get(f"{PATH}/verify")).json()
        assert whole["ok"] is True
        check_problem(await client.get(f"{PATH}/verify", params={"head": "no such words"}), 422, "invalid_head")
        noted = await client.get(f"{PATH}/verify", params={"head": whole["words"]})
        assert "note" in noted.json()["witnesses"]
        (file,) = (stage.home / "loki" / "dashboard" / "audit").glob("audit-*.jsonl")
        file.write_bytes(file.read_bytes().replace(b'"name": "bot"', b'"name": "bat"'))
        told = (await client.get(f"{PATH}/verify")).json()
    assert told["ok"] is False
    assert [(problem["kind"], problem["file"], problem["line"]) for problem in told["problems"]] == [
        ("edited", file.name, 2)
    ]


async def test_the_summary_counts_failed_sign_ins(stage: ApiStage) -> None:
    secret = stage.mint("auditor", role="auditor")
    async with stage.connect("loki_nonsense") as client:
        await client.get("/api/status")
    stage.loki.close()
    async with stage.connect(secret) as client:
        summary = (await client.get(f"{PATH}/summary")).json()
    assert summary["failed_sign_ins"]["by_address"] == {"192.0.2.1": 1}

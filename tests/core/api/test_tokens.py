"""Tokens over HTTP: made, listed by pages, rotated, revoked, deleted."""

from __future__ import annotations

import pytest

from tests.core.api.stage import ApiStage, check_problem

PATH = "/api/enterprise/tokens"


async def test_a_token_is_made_as_the_guide_says_and_works_at_once(stage: ApiStage) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        made = await client.post(PATH, json={"name": "ci-bot", "scopes": ["read", "write"], "expires_days": 30})
    assert made.status_code == 201
    token = made.json()
    assert made.headers["location"] == f"{PATH}/{token['id']}"
    assert (token["name"], token["scopes"], token["revoked"]) == ("ci-bot", ["read", "write"], False)
    assert token["expires_at"] == "2026-03-31T12:00:00+00:00"
    async with stage.connect(token["token"]) as client:
        me = (await client.get("/api/enterprise/whoami")).json()
    assert (me["subject"], me["scopes"], me["method"]) == (token["id"], ["read", "write"], "token")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
async def test_a_body_is_read_as_json_whatever_its_type_when_a_bearer_is_present(
    stage: ApiStage, content_type: str | None
) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        headers = {} if content_type is None else {"Content-Type": content_type}
        made = await client.post(PATH, content=b'{"name": "ci-bot"}', headers=headers)
    assert made.status_code == 201


@pytest.mark.parametrize(
    ("body", "expires"),
    [
        ({}, "2026-05-30T12:00:00+00:00"),
        ({"expires_days": None}, None),
        ({"expires_days": 1}, "2026-03-02T12:00:00+00:00"),
    ],
)
async def test_no_expiry_means_the_default_and_null_means_never(
    stage: ApiStage, body: dict[str, object], expires: str | None
) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        made = await client.post(PATH, json={"name": "ci-bot", **body})
    assert made.json()["expires_at"] == expires


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "x", "scopes": ["raed"]}, 422, "unknown_scope"),
        ({"name": "x", "role": "root"}, 422, "unknown_role"),
        ({"name": ""}, 422, "invalid_input"),
        ({"name": "x", "expires_days": 0}, 422, "invalid_input"),
        ({"name": "x", "expires_days": "30"}, 422, "invalid_input"),
        ({"name": "x", "expires_days": True}, 422, "invalid_input"),
        ({"name": "x", "scope": ["read"]}, 422, "invalid_input"),
        ({"scopes": ["read"]}, 422, "invalid_input"),
        ([], 422, "invalid_input"),
        ({"name": "adm"}, 409, "name_taken"),
        ({"name": "a\u202eb"}, 422, "invalid_name"),
    ],
)
async def test_what_is_wrong_is_refused_and_nothing_is_made(
    stage: ApiStage, body: object, status: int, code: str
) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        problem = check_problem(await client.post(PATH, json=body), status, code)
        assert len((await client.get(PATH)).json()) == 1
    assert problem.get("remedy") or problem["errors"]


async def test_a_secret_given_for_a_name_is_refused_and_not_repeated(stage: ApiStage) -> None:
    secret = stage.mint("adm", role="admin")
    async with stage.connect(secret) as client:
        for body in ({"name": secret}, {"name": "x", "note": secret}, {"name": "x", "role": secret}, {secret: 1}):
            answer = await client.post(PATH, json=body)
            assert answer.status_code == 422
            assert secret not in answer.text


async def test_pages_hold_every_token_once_whatever_is_made_or_deleted_meanwhile(stage: ApiStage) -> None:
    secret = stage.mint("adm", role="admin")
    names = [f"bot-{number}" for number in range(7)]
    for name in names:
        stage.clock.move(seconds=1)
        stage.mint(name, role="viewer")
    seen: list[str] = []
    async with stage.connect(secret) as client:
        url: str | None = f"{PATH}?limit=3&q=bot"
        while url:
            page = await client.get(url)
            seen += [token["name"] for token in page.json()]
            url = page.links.get("next", {}).get("url")
            if len(seen) == 3:
                stage.loki.tokens.revoke("bot-1")  # was given already
                stage.clock.move(seconds=1)
                stage.mint("bot-7", role="viewer")
    assert seen == [*names, "bot-7"]


async def test_a_cursor_of_somebody_elses_making_is_refused(stage: ApiStage) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        for cursor in ("x", "%%%", "AAAA", "bm90LWEtdGltZQp0b2s"):
            check_problem(await client.get(PATH, params={"cursor": cursor}), 422, "invalid_cursor")


async def test_lists_can_be_filtered(stage: ApiStage) -> None:
    secret = stage.mint("adm", role="admin")
    stage.clock.move(seconds=1)
    stage.mint("gone", role="viewer")
    stage.loki.tokens.revoke("gone")
    async with stage.connect(secret) as client:

        async def ask(**parameters: str) -> list[str]:
            return [token["name"] for token in (await client.get(PATH, params=parameters)).json()]

        assert await ask() == ["adm"]
        assert await ask(include_revoked="true") == ["adm", "gone"]
        assert await ask(status="revoked") == ["gone"]
        assert await ask(q="ad") == ["adm"]
        check_problem(await client.get(PATH, params={"status": "dead"}), 422, "invalid_input")


@pytest.mark.parametrize("by", ["id", "name"])
async def test_a_token_is_shown_rotated_revoked_and_deleted_by_id_or_name(stage: ApiStage, by: str) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        made = (await client.post(PATH, json={"name": "team a/ci bot?", "role": "operator"})).json()
        target = f"{PATH}/{made['id'] if by == 'id' else 'team%20a%2Fci%20bot%3F'}"
        assert (await client.get(target)).json()["id"] == made["id"]
        rotated = await client.post(f"{target}/rotate", json={"grace_hours": 1})
        assert rotated.status_code == 201
        assert rotated.json()["token"] != made["token"]
        new = f"{PATH}/{rotated.json()['id']}"
        check_problem(await client.delete(f"{new}?permanent=true"), 409, "not_deletable")
        revoked = await client.delete(new)
        assert revoked.json()["already_revoked"] is False
        assert (await client.delete(new)).json()["already_revoked"] is True
        assert (await client.delete(f"{new}?permanent=true")).json()["deleted"] is True
        check_problem(await client.get(new), 404, "not_found")


async def test_revoking_oneself_is_the_last_thing_that_a_token_does(stage: ApiStage) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        assert (await client.delete(f"{PATH}/adm")).status_code == 200
        check_problem(await client.get("/api/enterprise/whoami"), 401, "token_revoked")


async def test_a_revocation_elsewhere_holds_on_the_next_request(stage: ApiStage) -> None:
    async with stage.connect(stage.mint("bot", role="viewer")) as client:
        assert (await client.get("/api/status")).status_code == 200
        stage.loki.tokens.revoke("bot")
        check_problem(await client.get("/api/status"), 401, "token_revoked")


async def test_every_change_names_the_token_and_the_address_that_asked_for_it(stage: ApiStage) -> None:
    async with stage.connect(stage.mint("adm", role="admin"), address="203.0.113.9") as client:
        caller = (await client.get("/api/enterprise/whoami")).json()["subject"]
        made = (await client.post(PATH, json={"name": "bot"}, headers={"User-Agent": "curl/8"})).json()
        assert made["owner"] == caller
    entry = next(stage.loki.audit.entries()).entry
    assert (entry.event, entry.user_id, entry.ip_address, entry.user_agent) == (
        "auth.token.create",
        caller,
        "203.0.113.9",
        "curl/8",
    )


async def test_a_refusal_for_want_of_a_scope_is_logged(stage: ApiStage) -> None:
    async with stage.connect(stage.mint("viewer", role="viewer"), address="203.0.113.9") as client:
        caller = (await client.get("/api/enterprise/whoami")).json()["subject"]
        await client.get(PATH)
    stage.loki.close()
    events = [line.entry for line in stage.loki.audit.entries()]
    denied = [entry for entry in events if entry.event == "permission.denied"]
    assert [(entry.user_id, entry.ip_address, entry.details["needed"]) for entry in denied] == [
        (caller, "203.0.113.9", "*")
    ]


async def test_too_many_new_tokens_from_one_address_are_refused_for_a_while(stage: ApiStage) -> None:
    async with stage.connect(stage.mint("adm", role="admin")) as client:
        answers = [await client.post(PATH, json={"name": f"bot-{number}"}) for number in range(61)]
    assert [answer.status_code for answer in answers[:60]] == [201] * 60
    check_problem(answers[60], 429, "too_many_requests")
    assert 1 <= int(answers[60].headers["retry-after"]) <= 60

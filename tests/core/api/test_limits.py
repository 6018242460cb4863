"""Bad sign-ins: ten a minute an address, and a good token is never locked out."""

from __future__ import annotations

import httpx

from tests.core.api.stage import ApiStage, check_problem

UNKNOWN = "loki_" + "A" * 43 + "000000"


async def _fail(client: httpx.AsyncClient, times: int, credential: str = UNKNOWN) -> list[httpx.Response]:
    headers = {"Authorization": f"Bearer {credential}"}
    return [await client.get("/api/status", headers=headers) for _ in range(times)]


async def test_ten_bad_sign_ins_pass_the_eleventh_is_refused_and_a_good_token_still_works(stage: ApiStage) -> None:
    good = stage.mint("bot", role="viewer")
    async with stage.connect() as client:
        for answer in await _fail(client, 10):
            check_problem(answer, 401, "invalid_token")
        (eleventh,) = await _fail(client, 1)
        check_problem(eleventh, 429, "too_many_requests")
        assert 1 <= int(eleventh.headers["retry-after"]) <= 60
        ok = await client.get("/api/status", headers={"Authorization": f"Bearer {good}"})
        assert ok.status_code == 200


async def test_refused_jwts_and_malformed_headers_count_but_missing_expired_and_revoked_ones_do_not(
    stage: ApiStage,
) -> None:
    old, gone = stage.mint("old", role="viewer"), stage.mint("gone", role="viewer")
    stage.loki.tokens.revoke("gone")
    stage.clock.move(days=91)
    async with stage.connect() as client:
        for _ in range(12):
            check_problem(await client.get("/api/status"), 401, "authentication_required")
        for answer in [*await _fail(client, 12, old), *await _fail(client, 12, gone)]:
            assert answer.status_code == 401
        jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."
        answers = [*await _fail(client, 5, jwt), *await _fail(client, 5, "two words"), *await _fail(client, 1)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]


async def test_another_address_has_its_own_ten_but_the_addresses_of_one_ipv6_network_share_them(
    stage: ApiStage,
) -> None:
    async with stage.connect(address="2001:db8:0:1::1") as client:
        await _fail(client, 10)
    async with stage.connect(address="2001:db8:0:1::2") as client:
        assert (await _fail(client, 1))[0].status_code == 429
    async with stage.connect(address="2001:db8:0:2::1") as client:
        assert (await _fail(client, 1))[0].status_code == 401


async def test_an_address_that_is_only_claimed_does_not_reset_the_count(stage: ApiStage) -> None:
    async with stage.connect() as client:
        headers = {"Authorization": f"Bearer {UNKNOWN}"}
        answers = [
            await client.get("/api/status", headers={**headers, "X-Forwarded-For": f"198.51.100.{number}"})
            for number in range(11)
        ]
    assert answers[-1].status_code == 429

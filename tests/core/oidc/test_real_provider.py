"""`loki.authenticate` with a certified provider: secrets and JWTs side by side, new keys, a provider that is down."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import loki_core
from loki_core.errors import InvalidTokenError, ProviderUnavailable
from loki_core.oidc.base64url import decode_base64url
from loki_core.principal import Method
from tests.core.oidc.conftest import Open, read_log
from tests.core.workshop import HandClock, refuses
from tests.support.idp.process import Idp


def with_kid(token: str, kid: str) -> str:
    """The same token, whose header names another key."""
    header, *rest = token.split(".")
    fields = json.loads(decode_base64url(header.encode())) | {"kid": kid}
    return ".".join([base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("="), *rest])


PEOPLE = {
    "alice": ("admin", ("*",), "Alice Admin"),
    "oscar": ("operator", ("control", "read", "write"), "Oscar Operator"),
    "vera": ("viewer", ("read",), "Vera Viewer"),
    "aude": ("auditor", ("read", "audit"), "Aude Auditor"),
    "multi": ("operator", ("control", "read", "write"), "Multi Hat"),
}


@pytest.mark.parametrize("login", PEOPLE)
def test_a_person_gets_the_role_that_the_directory_gives(idp: Idp, open_loki: Open, login: str) -> None:
    loki = open_loki(idp)
    principal = loki.authenticate(idp.sign_in(login)["id_token"])
    assert (principal.role, principal.scopes, principal.name) == PEOPLE[login]
    assert (principal.subject, principal.method) == (login, Method.OIDC)
    assert principal.expires_at is not None


@pytest.mark.parametrize("client", ["loki-cli", "loki-cli-es256", "loki-cli-eddsa"])
def test_every_kind_of_signature_that_the_provider_makes_is_taken(idp: Idp, open_loki: Open, client: str) -> None:
    loki = open_loki(idp, client_id=client, audience=client)
    assert loki.authenticate(idp.sign_in("vera", client)["id_token"]).subject == "vera"


def test_a_secret_and_a_jwt_are_taken_side_by_side_and_each_leaves_its_entry(idp: Idp, open_loki: Open) -> None:
    loki = open_loki(idp)
    issued = loki.tokens.generate("ci-bot")
    token = idp.sign_in("vera")["id_token"]
    for _ in range(3):
        assert loki.authenticate(issued.secret.reveal(), address="10.0.0.1").method is Method.TOKEN
        assert loki.authenticate(token, address="10.0.0.2", agent="curl").method is Method.OIDC
    (entry,) = read_log(loki, "auth.oidc.success")
    assert (entry["user_id"], entry["ip_address"], entry["user_agent"]) == ("vera", "10.0.0.2", "curl")
    assert entry["details"]["role"] == "viewer"
    assert len(read_log(loki, "auth.token.use")) == 1


def test_the_log_learns_why_a_token_was_refused_and_the_caller_does_not(
    idp: Idp, open_loki: Open, clock: HandClock
) -> None:
    loki = open_loki(idp)
    token = idp.sign_in("vera")["id_token"]
    said = set()
    for seconds, presented in (
        (0, idp.sign_in("nobody")["id_token"]),
        (0, f"{token[:-8]}AAAAAAAA"),
        (0, "a.b.c"),
        (661, token),
    ):
        clock.move(seconds=seconds)
        with refuses("invalid_token") as caught:
            loki.authenticate(presented, address="10.0.0.9")
        assert type(caught.value) is InvalidTokenError
        assert caught.value.__context__ is None
        said.add(str(caught.value))
    assert len(said) == 1
    entries = read_log(loki, "auth.oidc.fail")
    assert {entry["error"] for entry in entries} == {"invalid_token"}
    assert {entry["ip_address"] for entry in entries} == {"10.0.0.9"}
    reasons = [entry["details"]["reason"] for entry in entries]
    assert [reason.split()[0] for reason in reasons] == ["role", "signature", "form", "expiry"]
    assert not any(part in json.dumps(entries) for part in token.split("."))


def test_a_token_of_ten_megabytes_is_refused_without_asking_anybody(idp: Idp, open_loki: Open) -> None:
    loki = open_loki(idp)
    with refuses("invalid_token"):
        loki.authenticate("eyJ" + "a" * (10 << 20))
    with refuses("token_malformed"):
        loki.authenticate("." * (10 << 20))
    assert idp.requests() == []
    (entry,) = read_log(loki, "auth.oidc.fail")
    assert entry["details"]["reason"].startswith("size")


def test_without_a_provider_a_jwt_is_invalid(loki: loki_core.Loki) -> None:
    with refuses("invalid_token"):
        loki.authenticate("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln")


def test_an_access_token_of_another_kind_is_not_taken_for_a_jwt(idp: Idp, open_loki: Open) -> None:
    with refuses("token_malformed"):
        open_loki(idp).authenticate(idp.sign_in("vera")["access_token"])


# -- keys


def test_key_rotation_no_valid_token_is_refused(idp: Idp, open_loki: Open) -> None:
    loki = open_loki(idp)
    old = idp.sign_in("vera")["id_token"]
    loki.authenticate(old)
    idp.rotate_keys(keep=True)
    new = idp.sign_in("vera")["id_token"]
    assert loki.authenticate(new).subject == "vera"
    assert loki.authenticate(old).subject == "vera"
    assert len(idp.requests("/jwks")) == 2


def test_key_rotation_a_key_that_was_withdrawn_is_not_believed_after_five_minutes(
    idp: Idp, open_loki: Open, clock: HandClock
) -> None:
    old = idp.sign_in("vera")["id_token"]
    loki = open_loki(idp)
    loki.authenticate(old)
    idp.rotate_keys()
    loki.authenticate(idp.sign_in("vera")["id_token"])  # who names the new key brings the new set
    with refuses("invalid_token"):
        loki.authenticate(old)


def test_stampede_twenty_cold_validations_at_once_are_one_request(idp: Idp, open_loki: Open) -> None:
    loki = open_loki(idp)
    token = idp.sign_in("vera")["id_token"]
    idp.reset()
    idp.fail("/jwks", delay=0.5)
    start, proved = threading.Barrier(20), []

    def validate() -> None:
        start.wait(20)
        proved.append(loki.authenticate(token).subject)

    threads = [threading.Thread(target=validate) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert proved == ["vera"] * 20
    assert [len(idp.requests(path)) for path in ("/.well-known/openid-configuration", "/jwks")] == [1, 1]


def test_a_thousand_tokens_with_random_kids_are_one_request_and_leave_known_keys_alone(
    idp: Idp, open_loki: Open, clock: HandClock
) -> None:
    loki = open_loki(idp)
    token = idp.sign_in("vera")["id_token"]
    loki.authenticate(token)
    idp.reset()
    for number in range(1000):
        with pytest.raises(InvalidTokenError):
            loki.authenticate(with_kid(token, secrets.token_hex(8)))
        if number % 100 == 0:
            assert loki.authenticate(token).subject == "vera"
    assert len(idp.requests("/jwks")) == 1
    clock.move(seconds=11)
    for _ in range(10):
        with pytest.raises(InvalidTokenError):
            loki.authenticate(with_kid(token, secrets.token_hex(8)))
    assert len(idp.requests("/jwks")) == 2


def test_a_provider_that_is_down_for_an_hour_fails_no_token_whose_key_is_known(
    start_idp: Callable[..., Idp], open_loki: Open, clock: HandClock
) -> None:
    idp = start_idp(ttl={"id": 7200})
    loki = open_loki(idp)
    token = idp.sign_in("vera")["id_token"]
    loki.authenticate(token)
    idp.close()
    end = clock.now + timedelta(hours=1)
    while clock.now < end:
        assert loki.authenticate(token).subject == "vera"
        clock.move(seconds=61)
    with pytest.raises(InvalidTokenError):
        loki.authenticate(with_kid(token, "new"))


def test_a_provider_that_was_never_reached_is_unavailable_and_not_a_wrong_token(
    start_idp: Callable[..., Idp], open_loki: Open
) -> None:
    idp = start_idp()
    token = idp.sign_in("vera")["id_token"]
    loki = open_loki(idp)
    idp.close()
    for _ in range(3):
        with pytest.raises(ProviderUnavailable, match="cannot be reached"):
            loki.authenticate(token)
    idp.restart()
    entry = read_log(loki, "auth.oidc.fail")[0]
    assert (entry["error"], "cannot be reached" in entry["details"]["reason"]) == ("provider_unavailable", True)


def test_what_one_process_fetched_serves_the_next_also_while_the_provider_is_down(
    start_idp: Callable[..., Idp], open_loki: Open, clock: HandClock
) -> None:
    idp = start_idp(ttl={"id": 7200})
    token = idp.sign_in("vera")["id_token"]
    open_loki(idp).authenticate(token)
    assert open_loki(idp).authenticate(token).subject == "vera"
    assert len(idp.requests("/jwks")) == 1
    idp.close()
    clock.move(hours=1)
    assert open_loki(idp).authenticate(token).subject == "vera"


FAULTS: dict[str, dict[str, Any]] = {
    "an error": {"status": 500},
    "a page instead of keys": {"status": 200, "body": "<html>", "type": "text/html"},
    "no keys": {"status": 200, "body": '{"keys": []}'},
    "a torn answer": {"drop": True},
    "a missing document": {"status": 404, "body": ""},
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("path", ["/jwks", "/.well-known/openid-configuration"])
def test_a_document_that_makes_no_sense_is_the_providers_fault(
    idp: Idp, open_loki: Open, clock: HandClock, name: str, path: str
) -> None:
    token = idp.sign_in("vera")["id_token"]
    loki = open_loki(idp)
    idp.fail(path, **FAULTS[name])
    with pytest.raises(ProviderUnavailable):
        loki.authenticate(token)
    clock.move(seconds=2)
    assert loki.authenticate(token).subject == "vera"

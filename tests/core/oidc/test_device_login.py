"""Device login with a certified provider: every way in which it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

import loki_core
from loki_core.errors import ProviderUnavailable
from loki_core.oidc.session import Session
from loki_core.pending_sign_in import PendingSignIn
from loki_core.principal import Method
from tests.core.oidc.conftest import Open, read_log
from tests.core.oidc.waiting import Waiting
from tests.core.workshop import HandClock, refuses
from tests.support.idp.person import Person
from tests.support.idp.process import Idp

SCOPES = ("openid", "profile", "email", "groups", "offline_access")
POLL = "device_code"


class Login:
    """One sign-in at one provider, and what happens during its waits."""

    def __init__(self, loki: loki_core.Loki, idp: Idp, clock: HandClock) -> None:
        self.loki = loki
        self.idp = idp
        self.waiting = Waiting(clock, idp)
        self.pending: PendingSignIn = loki.sign_in.start(self.waiting, read_seconds=self.waiting.read_seconds)

    @property
    def address(self) -> str:
        assert self.pending.verification_uri_complete is not None
        return self.pending.verification_uri_complete

    def approve(self, login: str = "oscar") -> None:
        Person(login).approve(self.address)

    def at(self, number: int, happening: Callable[[], object]) -> Login:
        """Let something happen during the wait of that number."""
        self.waiting.during[number] = happening
        return self

    def wait(self) -> Session:
        return self.pending.wait()

    @property
    def polls(self) -> list[int]:
        """The statuses of the token requests, in their order."""
        return [request["status"] for request in self.idp.requests("/token", POLL)]


@pytest.fixture
def login(idp: Idp, open_loki: Open, clock: HandClock) -> Callable[..., Login]:
    return lambda **changes: Login(open_loki(idp, **{"scopes": SCOPES, **changes}), idp, clock)


def test_approved_it_says_who_with_which_role_why_and_until_when(login: Callable[..., Login]) -> None:
    one = login()
    assert one.pending.user_code in one.address
    assert one.pending.verification_uri.startswith(one.idp.issuer)
    assert one.pending.life == 600
    session = one.at(2, one.approve).wait()
    principal = session.principal
    assert (principal.subject, principal.name, principal.role) == ("oscar", "Oscar Operator", "operator")
    assert (principal.scopes, principal.method) == (("control", "read", "write"), Method.OIDC)
    assert session.reasons[0] == "groups holds 'loki-operators'"
    assert session.reasons[-1] == "operator: control, read, write"
    assert session.renews
    assert not session.is_full_access
    assert one.polls == [400, 200]


def test_the_first_wait_is_one_interval_and_the_others_are_a_fifth_longer(login: Callable[..., Login]) -> None:
    one = login()
    one.at(4, one.approve).wait()
    assert one.waiting.waits == [5, 6, 6, 6]


def test_the_providers_interval_is_kept(start_idp: Callable[..., Idp], open_loki: Open, clock: HandClock) -> None:
    one = Login(open_loki(idp := start_idp(interval=2), scopes=SCOPES), idp, clock)
    one.at(2, one.approve).wait()
    assert one.waiting.waits == [2, 2.4]


def test_exactly_one_token_request_follows_the_approval(login: Callable[..., Login]) -> None:
    one = login()
    one.at(3, one.approve).wait()
    assert one.polls == [400, 400, 200]
    one.loki.close()
    assert one.polls == [400, 400, 200]


def test_slow_down_adds_five_seconds_for_good(start_idp: Callable[..., Idp], open_loki: Open, clock: HandClock) -> None:
    idp = start_idp(interval=1, pollSeconds=5)  # it asks for less than it wants
    one = Login(open_loki(idp, scopes=SCOPES), idp, clock)
    one.at(7, one.approve)
    one.wait()
    assert one.waiting.waits[0] == 1
    assert one.waiting.waits[1:3] == [1.2, 7.2]
    assert one.waiting.waits == sorted(one.waiting.waits)
    assert idp.requests("/token", POLL)[-1]["status"] == 200


def test_refused_at_the_provider_it_is_access_denied(login: Callable[..., Login]) -> None:
    one = login()
    with refuses("access_denied"):
        one.at(2, lambda: Person("oscar").refuse(one.address)).wait()
    assert one.polls == [400, 400]
    assert len(one.waiting.waits) == 2
    (entry,) = read_log(one.loki, "auth.oidc.fail")
    assert (entry["error"], entry["user_id"].startswith("os:")) == ("access_denied", True)


def test_nobody_approves_it_expires(start_idp: Callable[..., Idp], open_loki: Open, clock: HandClock) -> None:
    idp = start_idp(ttl={"device": 60})
    one = Login(open_loki(idp, scopes=SCOPES), idp, clock)
    with refuses("expired_token"):
        one.wait()
    assert 50 < sum(one.waiting.waits) <= 60
    assert set(one.polls) == {400}


def test_a_code_that_expires_at_the_provider_first_is_expired(
    start_idp: Callable[..., Idp], open_loki: Open, clock: HandClock
) -> None:
    idp = start_idp()
    one = Login(open_loki(idp, scopes=SCOPES), idp, clock)
    with refuses("expired_token"):
        one.at(1, lambda: idp.advance(700)).wait()
    assert one.polls == [400]


def test_cancelled_while_it_waits_nothing_more_is_asked(login: Callable[..., Login]) -> None:
    one = login()
    with refuses("cancelled"):
        one.at(2, one.pending.cancel).wait()
    assert one.polls == [400]
    assert read_log(one.loki, "auth.oidc.fail") == []


def test_cancelled_while_the_tokens_are_under_way_they_are_given_back(idp: Idp, login: Callable[..., Login]) -> None:
    one = login()
    idp.fail("/token", delay=0.5)

    def cancel_during_request() -> None:
        while not idp.requests("/token", POLL):
            pass
        one.pending.cancel()

    answers = threading.Thread(target=cancel_during_request)

    def approve_and_start() -> None:
        one.approve()
        answers.start()

    one.at(1, approve_and_start)
    with refuses("cancelled"):
        one.wait()
    answers.join(20)
    assert one.polls == [200]
    assert [request["status"] for request in idp.requests("/token/revocation")] == [200, 200]


def test_replayed_a_code_that_was_used_says_so_and_asks_no_more(login: Callable[..., Login]) -> None:
    one = login()
    one.at(1, one.approve).wait()
    with refuses("expired_token") as caught:
        one.wait()
    assert "does not know the code any more" in str(caught.value)
    assert one.polls == [200, 400]


def test_a_provider_restarted_in_the_middle_has_forgotten_the_code_and_that_is_said(
    start_idp: Callable[..., Idp], open_loki: Open, clock: HandClock
) -> None:
    idp = start_idp()
    one = Login(open_loki(idp, scopes=SCOPES), idp, clock)
    with refuses("expired_token") as caught:
        one.at(2, idp.restart).wait()
    assert "restart" in str(caught.value)


TRANSIENT: dict[str, dict[str, Any]] = {
    "an error": {"status": 503, "body": "<html>", "type": "text/html"},
    "too many requests": {"status": 429, "body": ""},
    "a torn answer": {"drop": True},
    "its own words": {"status": 400, "body": '{"error": "temporarily_unavailable"}'},
}


@pytest.mark.parametrize("name", TRANSIENT)
def test_what_passes_is_survived(login: Callable[..., Login], name: str) -> None:
    one = login()
    one.idp.fail("/token", times=3, **TRANSIENT[name])
    session = one.at(4, one.approve).wait()
    assert session.principal.subject == "oscar"
    assert one.waiting.waits == [5, 12, 24, 30]  # longer and longer


def test_a_provider_that_does_not_come_back_is_unavailable_when_the_code_expires(
    start_idp: Callable[..., Idp], open_loki: Open, clock: HandClock
) -> None:
    idp = start_idp()
    one = Login(open_loki(idp, scopes=SCOPES), idp, clock)
    idp.close()
    one.waiting._idp = None
    with pytest.raises(ProviderUnavailable, match="until the code expired"):
        one.wait()
    assert sum(one.waiting.waits) == 600


# -- before there is a code


def test_a_client_that_may_not_is_told_the_setting_at_the_provider(login: Callable[..., Login]) -> None:
    for client in ("no-device", "unknown"):
        with refuses("client_not_allowed") as caught:
            login(client_id=client, audience=client)
        assert "Device Authorization" in caught.value.remedy


def test_without_a_device_endpoint_the_setting_at_the_provider_is_named(idp: Idp, login: Callable[..., Login]) -> None:
    document = {"issuer": idp.issuer, "jwks_uri": f"{idp.issuer}/jwks", "token_endpoint": f"{idp.issuer}/token"}
    idp.fail("/.well-known/openid-configuration", status=200, body=json.dumps(document), times=2)
    with refuses("device_flow_unavailable") as caught:
        login()
    assert "device authorization grant" in caught.value.remedy


def test_a_device_endpoint_that_was_just_switched_on_is_found(idp: Idp, login: Callable[..., Login]) -> None:
    document = {"issuer": idp.issuer, "jwks_uri": f"{idp.issuer}/jwks"}
    idp.fail("/.well-known/openid-configuration", status=200, body=json.dumps(document))
    assert login().pending.user_code


def test_a_device_endpoint_that_is_not_there_is_device_flow_unavailable(idp: Idp, login: Callable[..., Login]) -> None:
    idp.fail("/device/auth", status=404, body="not found", type="text/plain")
    with refuses("device_flow_unavailable"):
        login()


def test_offline_access_is_asked_for_with_the_usual_scopes_alone(login: Callable[..., Login]) -> None:
    usual = login(scopes=("openid", "email", "profile"), role_mapping={}, default_role="viewer")
    assert usual.at(1, usual.approve).wait().renews
    own = login(scopes=("openid", "groups"))
    assert not own.at(1, own.approve).wait().renews


def test_offline_access_that_is_refused_is_left_out(idp: Idp, login: Callable[..., Login]) -> None:
    idp.fail("/device/auth", status=400, body='{"error": "invalid_scope"}')
    one = login(scopes=("openid", "email", "profile"), role_mapping={}, default_role="viewer")
    assert not one.at(1, one.approve).wait().renews
    assert len(idp.requests("/device/auth")) == 2


def test_another_scope_that_is_refused_is_named(idp: Idp, login: Callable[..., Login]) -> None:
    idp.fail("/device/auth", status=400, body='{"error": "invalid_scope", "error_description": "no groups"}')
    with refuses("client_not_allowed") as caught:
        login(scopes=("openid", "groups"))
    assert "no groups" in str(caught.value)
    assert "enterprise.auth.oidc.scopes" in caught.value.remedy


def test_a_client_secret_proves_the_client(idp: Idp, login: Callable[..., Login], tmp_path: Any) -> None:
    file = tmp_path / "secret"
    file.write_text("device-secret-0123456789abcdef/+ &\n")
    file.chmod(0o600)
    options = {"client_id": "loki-secret", "audience": "loki-secret"}
    one = login(**options, client_secret_file=file)
    assert one.at(1, one.approve).wait().principal.subject == "oscar"
    file.write_text("wrong")
    with refuses("client_not_allowed"):
        login(**options, client_secret_file=file)


# -- after the approval


def test_without_the_scope_openid_there_is_no_id_token(login: Callable[..., Login]) -> None:
    one = login(scopes=("profile", "groups"))
    with refuses("no_id_token") as caught:
        one.at(1, one.approve).wait()
    assert "openid" in caught.value.remedy


def test_somebody_without_a_role_is_denied_told_why_and_nothing_stays_at_the_provider(
    login: Callable[..., Login],
) -> None:
    one = login()
    with refuses("access_denied") as caught:
        one.at(1, lambda: one.approve("nobody")).wait()
    assert "groups" in str(caught.value)
    assert [request["status"] for request in one.idp.requests("/token/revocation")] == [200, 200]


def test_a_token_that_breaks_a_rule_is_invalid_and_the_rule_is_named(
    login: Callable[..., Login], clock: HandClock
) -> None:
    one = login()

    def approve_and_set_back() -> None:
        one.approve()
        clock.move(hours=-2)

    with refuses("invalid_token") as caught:
        one.at(1, approve_and_set_back).wait()
    assert "ahead" in str(caught.value) or "future" in str(caught.value)


def test_terminal_escapes_in_claims_reach_no_screen_through_reasons(login: Callable[..., Login]) -> None:
    one = login(role_mapping={}, default_role="viewer", roles_claim="groups")
    session = one.at(1, lambda: one.approve("hostile")).wait()
    assert all(reason.isprintable() for reason in session.reasons)

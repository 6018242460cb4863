"""Sign-in with a provider that differs in every detail: it works, or it fails in plain words."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

import loki_core
from loki_core.errors import LokiError, ProviderUnavailable
from loki_core.oidc.session import Session
from loki_core.settings import AuthSettings, OidcSettings, Settings
from tests.core.oidc.signer import CLIENT, NOW, get_signer, make_claims
from tests.core.oidc.waiting import Waiting
from tests.core.workshop import HandClock, refuses
from tests.support.odd_provider import OddProvider, Said

DEVICE, TOKEN, KEYS = "/oauth//device", "/oauth//token?v=2", "/oauth//keys"
PENDING = {"error": "authorization_pending"}


class Odd(OddProvider):
    """The odd provider, with what it says unless a test says otherwise: a sign-in that works at once."""

    def __init__(self) -> None:
        super().__init__()
        self.document: dict[str, Any] = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}{KEYS}",
            "token_endpoint": f"{self.url}{TOKEN}",
            "device_authorization_endpoint": f"{self.url}{DEVICE}",
            "revocation_endpoint": f"{self.url}/revoke",
            "scopes_supported": "openid",  # not even a list
        }
        self.code: dict[str, Any] = {
            "device_code": "d" * 40,
            "user_code": "ABCD 1234",
            "verification_url": f"{self.url}/activate",
            "expires_in": "600",
            "interval": "7",
        }
        self.answers |= {
            "/.well-known/openid-configuration": [Said(200, self.document, "text/plain")],
            KEYS: [Said(200, {"keys": [get_signer().jwk, {"kty": "oct", "k": "c2VjcmV0"}, "nonsense"]})],
            "/revoke": [Said(200, b"")],
            DEVICE: [Said(200, self.code)],
            TOKEN: [Said(200, self.tokens())],
        }

    def id_token(self, **claims: Any) -> str:
        return get_signer().sign(make_claims(**{"iss": self.url, **claims}))

    def tokens(self, *, claims: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        tokens = {"id_token": self.id_token(**(claims or {})), "access_token": "opaque", **changes}
        return {name: value for name, value in tokens.items() if value is not None}


class Desk:
    """Where somebody signs in at the odd provider."""

    def __init__(self, odd: Odd, home: Path, stack: ExitStack) -> None:
        self.odd = odd
        self.clock = HandClock(NOW)
        self._home = home
        self._stack = stack
        self.loki = self.open()

    def open(self, **changes: Any) -> loki_core.Loki:
        oidc = OidcSettings(
            **{"issuer": self.odd.url, "client_id": CLIENT, "audience": CLIENT, "default_role": "viewer", **changes}
        )
        settings = Settings(home=self._home, auth=AuthSettings(oidc=oidc))
        self.loki = self._stack.enter_context(loki_core.open(settings, clock=self.clock, environ={}))
        return self.loki

    def sign_in(self) -> Session:
        self.waiting = Waiting(self.clock)
        return self.loki.sign_in.start(self.waiting, read_seconds=self.waiting.read_seconds).wait()


@pytest.fixture
def odd() -> Iterator[Odd]:
    with closing(Odd()) as provider:
        yield provider


@pytest.fixture
def desk(odd: Odd, tmp_path: Path, isolated_home: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(odd, tmp_path / "loki", stack)


# -- what is taken


def test_numbers_as_text_old_names_and_double_slashes_are_taken(desk: Desk, odd: Odd) -> None:
    waiting = Waiting(desk.clock)
    pending = desk.loki.sign_in.start(waiting, read_seconds=waiting.read_seconds)
    assert pending.verification_uri == f"{odd.url}/activate"
    assert pending.verification_uri_complete is None
    assert (pending.user_code, pending.life) == ("ABCD 1234", 600)
    session = pending.wait()
    assert (session.principal.subject, session.principal.role) == ("248289761001", "viewer")
    assert waiting.waits == [7]
    assert not session.renews


@pytest.mark.parametrize("status", [200, 400, 401, 403, 428])
def test_pending_is_pending_with_any_status(desk: Desk, odd: Odd, status: int) -> None:
    odd.answers[TOKEN] = [Said(status, PENDING), Said(status, PENDING, "text/html"), *odd.answers[TOKEN]]
    desk.sign_in()
    assert len(odd.asked(TOKEN)) == 3


@pytest.mark.parametrize("status", [200, 403, 429])
def test_slow_down_is_slow_down_with_any_status(desk: Desk, odd: Odd, status: int) -> None:
    odd.answers[TOKEN] = [Said(status, {"error": "slow_down"}), *odd.answers[TOKEN]]
    desk.sign_in()
    assert desk.waiting.waits == [7, 14.4]


@pytest.mark.parametrize("error", ["access_denied", "authorization_declined"])
@pytest.mark.parametrize("status", [200, 400, 403])
def test_refused_is_access_denied_with_any_status(desk: Desk, odd: Odd, status: int, error: str) -> None:
    odd.answers[TOKEN] = [Said(status, {"error": error})]
    with refuses("access_denied"):
        desk.sign_in()


TOKENS: dict[str, dict[str, Any]] = {
    "an azp that is ours": {"claims": {"azp": CLIENT}},
    "auth_time at the beginning of time": {"claims": {"auth_time": 0}},
    "a nonce that nobody sent": {"claims": {"nonce": "n-0S6_WzA2Mj"}},
    "at_hash of the access token": {
        "claims": {"at_hash": base64.urlsafe_b64encode(hashlib.sha256(b"opaque").digest()[:16]).decode().rstrip("=")}
    },
    "no access token": {"access_token": None},
    "members that nobody knows": {"token_type": 7, "expires_in": "soon", "x": {"y": []}},
    "times with fractions": {"claims": {"iat": NOW.timestamp() - 0.5}},
    "a list of one audience": {"claims": {"aud": [CLIENT]}},
}


@pytest.mark.parametrize("name", TOKENS)
def test_what_only_looks_odd_signs_in(desk: Desk, odd: Odd, name: str) -> None:
    odd.answers[TOKEN] = [Said(200, odd.tokens(**TOKENS[name]), "application/x-json")]
    assert desk.sign_in().principal.subject == "248289761001"


# -- what is not


INVALID: dict[str, dict[str, Any]] = {
    "a foreign azp": {"claims": {"azp": "another-client"}},
    "at_hash of another access token": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "another audience besides ours": {"claims": {"aud": [CLIENT, "another"]}},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "no subject": {"claims": {"sub": ""}},
    "a token that has expired": {"claims": {"exp": NOW.timestamp() - 120}},
    "something that is no JWT": {"id_token": "opaque"},
}


@pytest.mark.parametrize("name", INVALID)
def test_an_id_token_that_breaks_a_rule_is_invalid_and_given_back(desk: Desk, odd: Odd, name: str) -> None:
    odd.answers[TOKEN] = [Said(200, odd.tokens(**INVALID[name]))]
    with refuses("invalid_token") as caught:
        desk.sign_in()
    assert "ID token" in str(caught.value)
    assert [form["token"] for form in odd.asked("/revoke")] == ["opaque"]
    assert len(odd.asked(TOKEN)) == 1


def test_an_access_token_in_the_place_of_the_id_token_is_invalid(desk: Desk, odd: Odd) -> None:
    signer = get_signer()
    claims = make_claims(iss=odd.url, client_id=CLIENT, scope="read")
    for header in ({"typ": "at+jwt"}, {"typ": "application/at+jwt"}):
        token = signer.sign(claims, signer.make_header(**header))
        odd.answers[TOKEN] = [Said(200, odd.tokens(id_token=token))]
        with refuses("invalid_token"):
            desk.sign_in()


def test_access_tokens_signed_with_the_same_key_are_not_taken_for_id_tokens(desk: Desk, odd: Odd) -> None:
    signer = get_signer()
    token = signer.sign(make_claims(iss=odd.url, azp=CLIENT), signer.make_header(typ="at+jwt"))
    odd.answers[TOKEN] = [Said(200, odd.tokens(access_token=token))]
    desk.sign_in()
    with refuses("invalid_token"):
        desk.loki.authenticate(token)
    access = desk.open(audience="https://api.example.com")
    good = signer.sign(make_claims(iss=odd.url, aud="https://api.example.com", azp=CLIENT), signer.make_header())
    assert access.authenticate(good).subject == "248289761001"
    with refuses("invalid_token"):
        access.authenticate(odd.id_token())


def test_no_id_token_is_said_and_what_was_given_is_given_back(desk: Desk, odd: Odd) -> None:
    odd.answers[TOKEN] = [Said(200, odd.tokens(id_token=None, refresh_token="r"))]
    with refuses("no_id_token"):
        desk.sign_in()
    assert [form["token"] for form in odd.asked("/revoke")] == ["r", "opaque"]


POLLS: dict[str, tuple[Said, str]] = {
    "403 for a bad code": (Said(403, {"error": "invalid_grant"}), "expired_token"),
    "another word for a bad code": (Said(400, {"error": "bad_verification_code"}), "expired_token"),
    "403 and nothing": (Said(403, b""), "provider_unavailable"),
    "401 and nothing": (Said(401, b""), "client_not_allowed"),
    "400 and a page": (Said(400, b"<html>\x1b[2J", "text/html"), "provider_unavailable"),
    "400 and a list": (Said(400, []), "provider_unavailable"),
    "400 and an error in an object": (Said(400, {"error": {"code": "authorization_pending"}}), "provider_unavailable"),
    "400 and an unknown error": (
        Said(400, {"error": "tea_time", "error_description": "\x1b[2J"}),
        "provider_unavailable",
    ),
    "success and nothing": (Said(200, b""), "provider_unavailable"),
    "success and no tokens": (Said(200, {}), "provider_unavailable"),
    "success and members twice": (Said(200, b'{"id_token":"a.b.c","id_token":"d.e.f"}'), "provider_unavailable"),
    "a token with a line break": (Said(200, {"access_token": "a\r\nb"}), "provider_unavailable"),
    "a redirect": (Said(302, b""), "provider_unavailable"),
    "a client that may not": (Said(400, {"error": "unauthorized_client"}), "client_not_allowed"),
    "another client's secret": (Said(401, {"error": "invalid_client"}), "client_not_allowed"),
}


@pytest.mark.parametrize("name", POLLS)
def test_an_answer_that_ends_it_ends_it_in_plain_words(desk: Desk, odd: Odd, name: str) -> None:
    said, code = POLLS[name]
    odd.answers[TOKEN] = [said, Said(200, odd.tokens())]
    with refuses(code) as caught:
        desk.sign_in()
    assert str(caught.value).isprintable()
    assert len(odd.asked(TOKEN)) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_an_answer_that_passes_is_survived_whatever_its_body(desk: Desk, odd: Odd, status: int) -> None:
    odd.answers[TOKEN] = [Said(status), Said(status, b"<html>", "text/html"), *odd.answers[TOKEN]]
    assert desk.sign_in().principal.role == "viewer"


CODES: dict[str, tuple[Said, str]] = {
    "403 and nothing": (Said(403), "client_not_allowed"),
    "401 and a page": (Said(401, b"<html>", "text/html"), "client_not_allowed"),
    "404 and nothing": (Said(404), "device_flow_unavailable"),
    "405 and a page": (Said(405, b"<html>"), "device_flow_unavailable"),
    "an unknown error": (Said(400, {"error": "tea_time"}), "provider_unavailable"),
    "a server's error": (Said(500), "provider_unavailable"),
    "success and nothing": (Said(200), "provider_unavailable"),
    "success with an error": (Said(200, {"error": "unauthorized_client"}), "client_not_allowed"),
    "tokens, unasked": (Said(201, {"access_token": "a"}), "provider_unavailable"),
}


@pytest.mark.parametrize("name", CODES)
def test_a_device_endpoint_that_gives_no_code_is_explained(desk: Desk, odd: Odd, name: str) -> None:
    said, code = CODES[name]
    odd.answers[DEVICE] = [said]
    with refuses(code) as caught:
        desk.sign_in()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "changes",
    [
        {"device_code": None},
        {"device_code": "a b"},
        {"user_code": "\x1b]0;owned\x07"},
        {"user_code": "\u202eABCD"},
        {"user_code": " "},
        {"user_code": "A" * 65},
        {"verification_url": "javascript:alert(1)"},
        {"verification_url": "http://evil.example/device"},
        {"verification_url": "https://user@evil.example/"},
        {"verification_url": "https://evil.example/\x1b[2J"},
        {"verification_url": "https://ev\u0456l.example/"},
        {"verification_url": None},
    ],
)
def test_a_code_that_could_fool_a_person_is_not_shown(desk: Desk, odd: Odd, changes: dict[str, Any]) -> None:
    odd.answers[DEVICE] = [Said(200, odd.code | changes)]
    with pytest.raises(ProviderUnavailable) as caught:
        desk.sign_in()
    assert str(caught.value).isprintable()


def test_an_address_with_the_code_in_it_that_could_fool_a_person_is_left_out(desk: Desk, odd: Odd) -> None:
    odd.answers[DEVICE] = [Said(200, odd.code | {"verification_uri_complete": "javascript:alert(1)"})]
    assert desk.loki.sign_in.start().verification_uri_complete is None


# -- afterwards


def keep_session(desk: Desk, odd: Odd, **tokens: Any) -> Session:
    odd.answers[TOKEN] = [Said(200, odd.tokens(refresh_token="first", **tokens))]
    session = desk.sign_in()
    desk.loki.sign_in.adopt(session)
    return session


def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one(desk: Desk, odd: Odd) -> None:
    keep_session(desk, odd)
    for _ in range(2):
        desk.clock.move(seconds=590)
        now = desk.clock.now.timestamp()
        odd.answers[TOKEN] = [Said(200, odd.tokens(claims={"iat": now, "exp": now + 600}))]
        session = desk.loki.sign_in.current()
        assert session is not None
        assert session.expires_at.timestamp() == now + 600
        assert odd.asked(TOKEN)[-1]["refresh_token"] == "first"


RENEWALS: dict[str, Said] = {
    "refused": Said(400, {"error": "invalid_grant"}),
    "refused without a word": Said(403),
    "no ID token": Said(200, {"access_token": "a"}),
}


@pytest.mark.parametrize("name", RENEWALS)
def test_a_renewal_that_fails_leaves_the_session_until_its_end_and_then_ends_it(
    desk: Desk, odd: Odd, name: str
) -> None:
    keep_session(desk, odd)
    odd.answers[TOKEN] = [RENEWALS[name]]
    desk.clock.move(seconds=590 - 7)
    assert desk.loki.sign_in.current() is not None
    desk.clock.move(seconds=20)
    with refuses("session_ended"):
        desk.loki.sign_in.current()


def test_a_renewal_for_somebody_else_is_not_taken(desk: Desk, odd: Odd) -> None:
    keep_session(desk, odd)
    desk.clock.move(seconds=600)
    now = desk.clock.now.timestamp()
    odd.answers[TOKEN] = [Said(200, odd.tokens(claims={"sub": "mallory", "iat": now, "exp": now + 600}))]
    with refuses("session_ended"):
        desk.loki.sign_in.current()
    assert [form["token"] for form in odd.asked("/revoke")] == ["opaque"]
    kept = desk.loki.sign_in.find()
    assert kept is not None
    assert kept.principal.subject == "248289761001"


def test_a_role_that_the_directory_took_away_is_gone_at_the_renewal(desk: Desk, odd: Odd) -> None:
    desk.open(default_role=None, roles_claim="groups", role_mapping={"ops": "operator", "guests": "viewer"})
    assert keep_session(desk, odd, claims={"groups": ["ops"]}).principal.role == "operator"
    for groups, role in ((["guests"], "viewer"), ([], None)):
        desk.clock.move(seconds=600)
        now = desk.clock.now.timestamp()
        odd.answers[TOKEN] = [Said(200, odd.tokens(claims={"iat": now, "exp": now + 600, "groups": groups}))]
        if role is None:
            with refuses("session_ended"):
                desk.loki.sign_in.current()
        else:
            session = desk.loki.sign_in.current()
            assert session is not None
            assert session.principal.role == role


@pytest.mark.parametrize("said", [Said(500), Said(503, b"<html>"), Said(200, b"")])
def test_a_provider_that_is_down_ends_no_session_before_its_end(desk: Desk, odd: Odd, said: Said) -> None:
    keep_session(desk, odd)
    odd.answers[TOKEN] = [said]
    desk.clock.move(seconds=590 - 7)
    assert desk.loki.sign_in.current() is not None
    desk.clock.move(seconds=20)
    with pytest.raises(ProviderUnavailable):
        desk.loki.sign_in.current()
    now = desk.clock.now.timestamp()
    odd.answers[TOKEN] = [Said(200, odd.tokens(claims={"iat": now, "exp": now + 600}))]
    assert desk.loki.sign_in.current() is not None  # it is back, and so is the session


@pytest.mark.parametrize("said", [Said(404), Said(503, b"<html>"), Said(400, {"error": "unsupported_token_type"})])
def test_a_sign_out_that_the_provider_does_not_take_is_still_one_here(desk: Desk, odd: Odd, said: Said) -> None:
    keep_session(desk, odd)
    odd.answers["/revoke"] = [said]
    done = desk.loki.sign_in.sign_out()
    assert done.session is not None
    assert (done.is_revoked, str(said.status) in done.problem) == (False, True)
    assert desk.loki.sign_in.find() is None


def test_an_access_token_that_cannot_be_revoked_is_no_problem_when_the_refresh_token_was(desk: Desk, odd: Odd) -> None:
    keep_session(desk, odd)
    odd.answers["/revoke"] = [Said(200), Said(400, {"error": "unsupported_token_type"})]
    assert desk.loki.sign_in.sign_out().is_revoked
    assert [form["token_type_hint"] for form in odd.asked("/revoke")] == ["refresh_token", "access_token"]


def test_without_a_revocation_endpoint_signing_out_says_so(desk: Desk, odd: Odd) -> None:
    del odd.document["revocation_endpoint"]
    keep_session(desk, odd)
    assert "no revocation endpoint" in desk.loki.sign_in.sign_out().problem


SUBJECTS = {"os:root": "oidc:os:root", "tok-0123456789ab": "oidc:tok-0123456789ab", "oidc:a": "oidc:oidc:a", "a": "a"}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_spoofing_a_providers_subject_cannot_pass_for_another_kind_of_actor(desk: Desk, odd: Odd, subject: str) -> None:
    assert desk.loki.authenticate(odd.id_token(sub=subject)).subject == SUBJECTS[subject]


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
def test_the_client_proves_itself_as_the_provider_takes_it(
    desk: Desk, odd: Odd, method: str, tmp_path: Path, make_sign_in: Callable[..., Session]
) -> None:
    odd.document["token_endpoint_auth_methods_supported"] = [method]
    file = tmp_path / "secret"
    file.write_text("s:e/c+r et")
    file.chmod(0o600)
    make_sign_in(client_secret_file=file)
    form = odd.asked(TOKEN)[0]
    assert ("client_secret" in form) is (method == "client_secret_post")
    assert ("client_id" in form) is (method == "client_secret_post")


@pytest.fixture
def make_sign_in(desk: Desk) -> Callable[..., Session]:
    def make(**changes: Any) -> Session:
        desk.open(**changes)
        return desk.sign_in()

    return make


def test_whatever_goes_wrong_is_an_error_of_ours(desk: Desk, odd: Odd) -> None:
    for path in ("/.well-known/openid-configuration", KEYS, DEVICE, TOKEN):
        before = odd.answers[path]
        for body in (b"\x00" * 10, b"[" * 100_000, b'{"keys":' * 9, b"\xff\xfe{\x00}\x00", b'"\\ud800"', b"1e999"):
            odd.answers[path] = [Said(200, body)]
            with pytest.raises(LokiError):
                desk.sign_in()
            desk.open()
        odd.answers[path] = before

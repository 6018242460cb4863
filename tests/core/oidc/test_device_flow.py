"""The rules of device login by themselves: every answer of a provider that hypothesis can think of."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.errors import LokiError, ProviderUnavailable, SignInFailed
from loki_core.oidc.answer import Answer, Unreachable
from loki_core.oidc.client_proof import ClientProof, prove_client
from loki_core.oidc.device_answer import DeviceCode, MalformedAnswer, parse_device_answer
from loki_core.oidc.device_flow import ask_for_code, poll_for_tokens
from loki_core.oidc.discovery import ProviderMetadata
from loki_core.oidc.exchange import Post, Reply, Wait
from loki_core.oidc.renewal import refresh_tokens, revoke_token
from loki_core.oidc.token_answer import OAuthError, Tokens, parse_token_answer

ISSUER = "https://id.example.com"
METADATA = ProviderMetadata(
    issuer=ISSUER,
    jwks_uri=f"{ISSUER}/keys",
    token_endpoint=f"{ISSUER}/token",
    device_endpoint=f"{ISSUER}/device",
    revocation_endpoint=f"{ISSUER}/revoke",
)
PROOF = ClientProof(form={"client_id": "loki-cli"})
CODE = DeviceCode(
    device_code="d",
    user_code="ABCD",
    verification_uri=f"{ISSUER}/activate",
    verification_uri_complete=None,
    life=120,
    interval=5,
)
DEVICE_ANSWER = {"device_code": "d", "user_code": "ABCD-EFGH", "verification_uri": f"{ISSUER}/activate"}

T = TypeVar("T")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(f"{ISSUER}/x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ERRORS = [
    "authorization_pending",
    "slow_down",
    "access_denied",
    "expired_token",
    "invalid_grant",
    "invalid_client",
    "temporarily_unavailable",
    "tea_time",
    "",
]
BODIES = (
    st.binary(max_size=40)
    | st.sampled_from(ERRORS).map(lambda error: json.dumps({"error": error}).encode())
    | st.dictionaries(
        st.sampled_from(["error", "error_description", "id_token", "access_token", "refresh_token", "x"]), JSON
    ).map(lambda value: json.dumps(value).encode())
)
ANSWERS = st.builds(Answer, status=st.integers(200, 599), body=BODIES, retry_after=st.integers(0, 99_999))
REPLIES = ANSWERS | st.just(Unreachable("no route")) | st.just(ProviderUnavailable("a redirect"))


class Run:
    """What an exchange asked and waited for, and how it ended."""

    def __init__(self, replies: list[Answer | ProviderUnavailable]) -> None:
        self.replies = list(replies)
        self.now = 0.0
        self.waits: list[float] = []
        self.posts: list[Post] = []
        self.asked_after_the_end = False

    def poll(self, code: DeviceCode = CODE) -> Tokens:
        exchange = poll_for_tokens(METADATA, PROOF, code, 0.0)
        step = next(exchange)
        try:
            while True:
                if isinstance(step, Wait):
                    self.waits.append(step.seconds)
                    self.now += step.seconds
                    step = exchange.send(Reply(now=self.now))
                    continue
                self.posts.append(step)
                said = self.replies.pop(0) if self.replies else Answer(status=400, body=pending())
                reply = Reply(now=self.now, answer=said) if isinstance(said, Answer) else None
                step = exchange.send(reply or Reply(now=self.now, problem=said))  # type: ignore[arg-type]
        except StopIteration as end:
            tokens: Tokens = end.value
            return tokens


def catch(deed: Callable[[], T]) -> tuple[T | None, LokiError | None]:
    """Return what a deed returns, and the error of ours that it ends with; another error is a failure of the test."""
    try:
        return deed(), None
    except LokiError as error:
        return None, error


def pending() -> bytes:
    return json.dumps({"error": "authorization_pending"}).encode()


@given(st.lists(REPLIES, max_size=12))
def test_whatever_a_provider_answers_the_rules_hold(replies: list[Answer | ProviderUnavailable]) -> None:
    run = Run(replies)
    tokens, error = catch(run.poll)
    if error is not None:
        assert str(error).isprintable()
        assert error.code in {"access_denied", "expired_token", "client_not_allowed", "provider_unavailable"}
        assert error.remedy or not isinstance(error, SignInFailed)
    elif tokens is not None:
        assert tokens.id_token or tokens.access_token
        assert run.posts, "tokens without a request"
    assert run.waits[0] == 5
    assert all(wait >= 6 for wait in run.waits[1:-1])
    assert sum(run.waits) <= CODE.life
    assert len(run.posts) in (len(run.waits), len(run.waits) - 1)


@given(st.integers(0, 8))
def test_slow_down_makes_every_later_wait_longer(number: int) -> None:
    said = [{"error": "slow_down"}] * number + [{"error": "authorization_pending"}] * 3
    run = Run([Answer(status=400, body=json.dumps(each).encode()) for each in said])
    with pytest.raises(SignInFailed):
        run.poll()
    expected = [5.0] + [(5 + 5 * min(count, number)) * 1.2 for count in range(1, len(run.waits))]
    assert run.waits[:-1] == expected[: len(run.waits) - 1]


def test_retry_after_is_kept_within_reason() -> None:
    for seconds, wait in ((20, 20), (99_999, 30), (1, 12)):
        run = Run([Answer(status=503, body=b"", retry_after=seconds), tokens_answer()])
        assert run.poll().id_token == "a.b.c"
        assert run.waits == [5, wait]


def tokens_answer() -> Answer:
    return Answer(status=200, body=b'{"id_token": "a.b.c"}')


def test_a_machine_that_slept_past_the_end_does_not_ask_with_a_dead_code() -> None:
    exchange = poll_for_tokens(METADATA, PROOF, CODE, 0.0)
    assert next(exchange) == Wait(seconds=5)
    with pytest.raises(SignInFailed) as caught:
        exchange.send(Reply(now=10_000.0))
    assert caught.value.code == "expired_token"


@given(st.dictionaries(st.sampled_from([*DEVICE_ANSWER, "interval", "expires_in", "verification_uri_complete"]), JSON))
def test_any_device_answer_is_a_code_that_can_be_shown_or_malformed(changes: dict[str, Any]) -> None:
    data = json.dumps(DEVICE_ANSWER | changes).encode()
    try:
        code = parse_device_answer(data, ISSUER)
    except MalformedAnswer:
        return
    for shown in (code.user_code, code.verification_uri, code.verification_uri_complete or ""):
        assert shown.isascii()
        assert shown.isprintable()
    assert code.verification_uri.startswith("https://")
    assert 1 <= code.interval <= 60
    assert 0 < code.life <= 3600


@given(st.binary(max_size=200))
def test_any_bytes_are_no_code(data: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        parse_device_answer(data, ISSUER)


TIMES: list[tuple[Any, float]] = [
    ("7", 7),
    (7, 7),
    (7.5, 7.5),
    ("7.5", 7.5),
    (0, 5),
    (-3, 5),
    ("", 5),
    ("soon", 5),
    ("1e3", 5),
    (True, 5),
    (None, 5),
    ([7], 5),
    ({}, 5),
    (1e300, 5),
    (0.2, 1),
    (999, 60),
]


@pytest.mark.parametrize(("value", "seconds"), TIMES, ids=map(repr, TIMES))
def test_an_interval_that_makes_no_sense_is_five_seconds(value: Any, seconds: float) -> None:
    data = json.dumps(DEVICE_ANSWER | {"interval": value}).encode()
    assert parse_device_answer(data, ISSUER).interval == seconds


@given(ANSWERS)
def test_any_token_answer_is_tokens_or_an_error_that_can_be_shown(answer: Answer) -> None:
    found = parse_token_answer(answer)
    if isinstance(found, Tokens):
        assert answer.status == 200
        for token in (found.id_token, found.access_token, found.refresh_token):
            assert token is None or (token.isascii() and token.isprintable() and " " not in token)
    else:
        assert str(found).isprintable()
        assert found.code.isascii()


@given(ANSWERS)
def test_any_answer_to_a_renewal_or_a_revocation_is_a_result_or_an_error_of_ours(answer: Answer) -> None:
    for exchange in (
        refresh_tokens(METADATA, PROOF, "secret-refresh"),
        revoke_token(METADATA, PROOF, "secret-refresh", "refresh_token"),
        ask_for_code(METADATA, PROOF, ["openid"]),
    ):
        next(exchange)
        with contextlib.suppress(StopIteration):
            _, error = catch(partial(exchange.send, Reply(now=0.0, answer=answer)))
            assert error is None or str(error).isprintable()
            assert "secret-refresh" not in str(error)


def test_secrets_are_not_in_the_repr_of_what_is_sent_and_received() -> None:
    proof = prove_client("loki-cli", "hidden", ["client_secret_post"])
    answer = Answer(status=200, body=b'{"access_token": "hidden"}')
    post = Post(url=f"{ISSUER}/token", form=proof.form | {"code": "hidden"}, authorization="hidden")
    tokens = parse_token_answer(answer)
    assert not isinstance(tokens, OAuthError)
    code = DeviceCode(
        device_code="hidden",
        user_code="A",
        verification_uri="x",
        verification_uri_complete=None,
        life=1,
        interval=1,
    )
    for thing in (proof, answer, post, tokens, code):
        assert "hidden" not in repr(thing)


def test_a_clients_name_and_secret_are_form_encoded_before_they_are_joined() -> None:
    assert prove_client("a:b", "s e/c+r:é", ["client_secret_basic"]).authorization == (
        "Basic YSUzQWI6cytlJTJGYyUyQnIlM0ElQzMlQTk="  # a%3Ab:s+e%2Fc%2Br%3A%C3%A9
    )
    assert prove_client("a", "s", []).authorization
    assert prove_client("a", "s", ["client_secret_post"]).form == {"client_id": "a", "client_secret": "s"}
    assert prove_client("a", None, ["client_secret_basic"]) == ClientProof(form={"client_id": "a"})

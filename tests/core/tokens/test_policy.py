"""What may be minted, as pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.errors import LokiError
from loki_core.tokens.policy import TokenPolicy, parse_expiry, resolve_expiry, resolve_grace, resolve_lifetime
from loki_core.tokens.record import Record
from tests.core.workshop import NOON, refuses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", 30),
        ("30d", 30),
        (" 7D ", 7),
        ("0", 0),
        ("never", None),
        ("Never", None),
        ("2026-03-31", datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)),  # the day is the last on which it works
        ("2024-02-29", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("999999999", 999_999_999),
    ],
)
def test_an_expiry_is_days_a_date_or_never(text: str, expected: object) -> None:
    assert parse_expiry(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "1_000",
        "٣٠",
        "soon",
        "30h",
        "d",
        "2026-02-30",
        "2026-3",
        "9" * 5000,
        "\x1b",
    ],
)
def test_anything_else_is_refused_in_one_printable_line(text: str) -> None:
    with refuses("invalid_expiry") as caught:
        parse_expiry(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@given(st.text())
def test_no_text_makes_reading_an_expiry_fail_with_a_foreign_error(text: str) -> None:
    code = ""
    try:
        parse_expiry(text)
    except LokiError as error:
        code = error.code
    assert code in {"", "invalid_expiry"}


@given(
    st.none() | st.integers(),
    st.builds(
        TokenPolicy,
        default_expiration_days=st.integers(1, 500),
        max_expiration_days=st.none() | st.integers(1, 500),
        allow_never=st.booleans(),
    ),
)
def test_no_token_outlives_the_policy(days: int | None, policy: TokenPolicy) -> None:
    try:
        end = resolve_expiry(NOON, policy, days)
    except LokiError as error:
        assert error.code in {"invalid_expiry", "expiry_too_far", "never_forbidden"}  # noqa: PT017
        return
    if end is None:
        assert policy.allow_never
        assert policy.max_expiration_days is None
    else:
        assert NOON < end <= NOON + timedelta(days=policy.max_expiration_days or 36_500)


@given(
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.integers(1, 500),
    st.booleans(),
)
def test_no_rotated_token_outlives_the_policy_whatever_the_old_record_says(
    created: datetime | None, expires: datetime | None, longest: int | None, may_be_endless: bool
) -> None:
    old = Record(id="x", name="x", hash="0" * 64, scopes=(), created_at=created, expires_at=expires)
    policy = TokenPolicy(default_expiration_days=5, max_expiration_days=longest, allow_never=may_be_endless)
    end = resolve_lifetime(NOON, policy, old)
    if end is None:
        assert expires is None
        assert may_be_endless
        assert longest is None
    else:
        assert NOON < end <= NOON + timedelta(days=longest or 36_500)


@pytest.mark.parametrize("hours", [0, 1, 720])
def test_a_grace_is_whole_hours_up_to_thirty_days(hours: int) -> None:
    assert resolve_grace(TokenPolicy(), hours) == timedelta(hours=hours)

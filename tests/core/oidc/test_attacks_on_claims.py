"""Attacks by what a token claims, all of it signed by the provider."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.core.oidc.refused import refuse
from tests.core.oidc.signer import (
    CLIENT,
    ISSUER,
    SECONDS,
    check,
    get_signer,
    make_claims,
    sign_text,
)


def sign(**changes: Any) -> str:
    """Return a good ID token with these changes."""
    return get_signer().sign(make_claims(**changes))


TIMES_THAT_ARE_NONE = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "1" + "0" * 300,
    "-1" + "0" * 300,
    "1" + "0" * 5000,
    "1e300",
    "1e15",
    "253402300800",
    "-1",
    "-1772366400",
    "-0.5",
    "true",
    "false",
    "null",
    '""',
    f'"{SECONDS + 600}"',
    '"2027-01-01T00:00:00Z"',
    "[]",
    f"[{SECONDS}]",
    "{}",
]


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("text", TIMES_THAT_ARE_NONE, ids=lambda text: f"{text[:20]} {len(text)}")
def test_nan_infinite_string_boolean_negative_and_huge_times(name: str, text: str) -> None:
    rules = {"exp": "expiry", "iat": "issued", "nbf": "not_before"}
    is_json = not any(sign in text for sign in ("NaN", "Infinity", "e999")) and len(text) < 5000
    refuse(sign_text(**{name: text}), rules[name] if is_json else "claims")


def test_missing_exp() -> None:
    assert refuse(sign(exp=None), "expiry") == "there is no exp"


def test_what_is_missing_is_told_apart_from_what_is_null() -> None:
    for name, rule in {"iss": "issuer", "aud": "audience", "sub": "subject"}.items():
        assert refuse(sign(**{name: None}), rule) == f"there is no {name}"
        assert refuse(sign_text(**{name: "null"}), rule).startswith(f"{name} is null")


def test_missing_iat() -> None:
    assert refuse(sign(iat=None), "issued") == "there is no iat"


def test_an_expired_token() -> None:
    assert refuse(sign(exp=SECONDS - 60), "expiry") == "it expired 60 s ago"
    assert check(sign(exp=SECONDS - 59))
    refuse(sign(exp=0), "expiry")


def test_a_token_of_the_future() -> None:
    refuse(sign(iat=SECONDS + 61), "issued")
    assert check(sign(iat=SECONDS + 60))
    refuse(sign(nbf=SECONDS + 61), "not_before")
    assert check(sign(nbf=SECONDS + 60))


@pytest.mark.parametrize(
    "subject", ["", " ", "\t", "\u2800", "\u3164", "a\0", "\0", "a\nb", "\x1b[2J", "a\u202eb", "a\u200e", "\ufeffa"]
)
def test_an_empty_sub_and_one_with_controls(subject: str) -> None:
    refuse(sign(sub=subject), "subject")


@pytest.mark.parametrize("subject", ["null", "0", "7", "true", "[]", '["alice"]', "{}", '{"alice":1}'])
def test_a_sub_that_is_not_text(subject: str) -> None:
    refuse(sign_text(sub=subject), "subject")


def test_a_missing_sub_and_one_that_is_too_long() -> None:
    refuse(sign(sub=None), "subject")
    refuse(sign(sub="a" * 256), "subject")
    assert check(sign(sub="a" * 255)).subject == "a" * 255


@pytest.mark.parametrize(
    "issuer",
    [
        None,
        "",
        "https://evil.test",
        f"{ISSUER}/",
        ISSUER.upper(),
        f"{ISSUER}#",
        f"{ISSUER}\0",
        f" {ISSUER}",
        ISSUER.replace("https", "http"),
        ISSUER.replace("example", "ex\u0430mple"),
        ISSUER[:-1],
        [ISSUER],
        {ISSUER: 1},
        7,
        True,
    ],
    ids=str,
)
def test_a_foreign_issuer(issuer: object) -> None:
    refuse(sign(iss=issuer), "issuer")


@pytest.mark.parametrize(
    "audience",
    [
        None,
        "",
        "another",
        CLIENT.upper(),
        f"{CLIENT} ",
        f"{CLIENT} another",
        f"{CLIENT},another",
        [],
        [[]],
        [[CLIENT]],
        {},
        {CLIENT: 1},
        7,
        True,
        [CLIENT, 7],
        [CLIENT, None],
        [None],
        ["another"],
        CLIENT[:-1],
    ],
    ids=str,
)
def test_a_foreign_audience(audience: object) -> None:
    refuse(sign(aud=audience), "audience")


def test_several_audiences() -> None:
    for audience in ([CLIENT, "another"], ["another", CLIENT], [CLIENT, ""], [CLIENT, "another", "third"]):
        refuse(sign(aud=audience), "other_audiences")
        refuse(sign(aud=audience, azp=CLIENT), "other_audiences")
    assert check(sign(aud=[CLIENT]))
    assert check(sign(aud=[CLIENT, CLIENT]))


@pytest.mark.parametrize("party", ["another", "", CLIENT.upper(), [CLIENT], [], {}, 7, True, None], ids=str)
def test_a_foreign_azp(party: object) -> None:
    refuse(sign_text(azp=json.dumps(party)), "party")


def test_what_is_wrong_is_told_without_the_attackers_bytes() -> None:
    reason = refuse(sign(aud="\x1b]0;x\x07" + "a" * 5000), "audience")
    assert len(reason) <= 300
    assert "\x1b" not in reason

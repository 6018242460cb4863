"""Attacks by what a token claims, all of it signed by the provider."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.core.oidc.refused import refuse
from tests.core.oidc.signer import (
    ACCESS_TOKEN,
    API,
    CLIENT,
    ID_TOKEN,
    ISSUER,
    SECONDS,
    check,
    get_signer,
    make_access_claims,
    make_claims,
)


def sign(**changes: Any) -> str:
    """Return a good ID token with these changes."""
    return get_signer().sign(make_claims(**changes))


def sign_text(**texts: str) -> str:
    """Return a good ID token in which these members are written as given."""
    members = {name: json.dumps(value) for name, value in make_claims().items()} | texts
    return get_signer().sign("{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}")


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


EVENTS: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}


@pytest.mark.parametrize("typ", ["JWT", "logout+jwt", "application/logout+jwt", "Logout+JWT", None])
def test_logout_tokens(typ: str | None) -> None:
    signer = get_signer()
    token = signer.sign(make_claims(events=EVENTS, jti="1", sid="s"), signer.make_header(typ=typ))
    refuse(token, "event")
    refuse(token, "event", ACCESS_TOKEN)
    bare = signer.sign(make_claims(jti="1", sid="s"), signer.make_header(typ="logout+jwt"))
    refuse(bare, "event")
    refuse(bare, "event", ACCESS_TOKEN)


@pytest.mark.parametrize("events", ["{}", "null", "[]", '"x"', "false"])
def test_security_event_tokens(events: str) -> None:
    refuse(sign_text(events=events), "event")
    signer = get_signer()
    refuse(signer.sign(make_claims(), signer.make_header(typ="secevent+jwt")), "event")


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "RFC 9068": ({"typ": "at+jwt"}, {}),
    "RFC 9068 in full": ({"typ": "application/at+jwt"}, {}),
    "another type": ({"typ": "dpop+jwt"}, {}),
    "Keycloak": ({}, {"typ": "Bearer"}),
    "Keycloak, DPoP": ({}, {"typ": "DPoP"}),
    "Keycloak, refresh": ({}, {"typ": "Refresh"}),
    "Keycloak, offline": ({}, {"typ": "Offline"}),
    "Keycloak, no text": ({}, {"typ": ["ID"]}),
    "Cognito": ({}, {"token_use": "access"}),
    "Cognito, no text": ({}, {"token_use": ["id"]}),
}


@pytest.mark.parametrize("provider", KINDS)
def test_an_access_token_in_the_place_of_an_id_token(provider: str) -> None:
    header, claims = KINDS[provider]
    signer = get_signer()
    refuse(signer.sign(make_claims(**claims), signer.make_header(**header)), "kind")


ID_KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Keycloak": ({}, {"typ": "ID"}),
    "Keycloak, refresh": ({}, {"typ": "Refresh"}),
    "Cognito": ({}, {"token_use": "id"}),
    "with the hash of an access token": ({}, {"at_hash": "x"}),
    "with the hash of a code": ({}, {"c_hash": "x"}),
    "another type": ({"typ": "id_token+jwt"}, {}),
}


@pytest.mark.parametrize("provider", ID_KINDS)
def test_an_id_token_in_the_place_of_an_access_token(provider: str) -> None:
    header, claims = ID_KINDS[provider]
    signer = get_signer()
    refuse(signer.sign(make_access_claims(**claims), signer.make_header(**header)), "kind", ACCESS_TOKEN)


def test_each_profiles_token_in_the_others_place_by_its_audience_alone() -> None:
    signer = get_signer()
    refuse(signer.sign(make_claims()), "audience", ACCESS_TOKEN)
    refuse(signer.sign(make_access_claims()), "audience", ID_TOKEN)
    refuse(signer.sign(make_access_claims(aud=[API, CLIENT])), "other_audiences", ID_TOKEN)


def test_an_access_token_of_a_client_that_nobody_allowed() -> None:
    signer = get_signer()
    for name in ("azp", "client_id", "cid", "appid"):
        refuse(signer.sign(make_access_claims(**({"azp": None} | {name: "another"}))), "party", ACCESS_TOKEN)
        assert check(signer.sign(make_access_claims(**({"azp": None} | {name: CLIENT}))), ACCESS_TOKEN)
    refuse(signer.sign(make_access_claims(azp=None)), "party", ACCESS_TOKEN)
    refuse(signer.sign(make_access_claims(azp="another", client_id=CLIENT)), "party", ACCESS_TOKEN)
    refuse(signer.sign(make_access_claims(azp=[CLIENT])), "party", ACCESS_TOKEN)


@pytest.mark.parametrize("name", ["sub", "exp", "aud", "iss", "x", "\\u0073ub"])
def test_duplicate_members_in_the_claims(name: str) -> None:
    claims = json.dumps(make_claims(x=1))
    twice = claims[:-1] + f',"{name}":"admin"}}'
    assert "twice" in refuse(get_signer().sign(twice), "claims")
    assert "twice" in refuse(get_signer().sign(claims[:-1] + ',"y":[{"a":1,"a":2}]}'), "claims")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7"])
def test_utf_16_and_bom_payloads(encoding: str) -> None:
    payload = json.dumps(make_claims(name="Zoë"), ensure_ascii=False).encode(encoding)
    if encoding == "utf-7":
        payload = payload.replace(b"{", b"+AHs-", 1)
    refuse(get_signer().sign(payload), "claims")


@pytest.mark.parametrize(
    "payload",
    [
        *(
            b"",
            b"null",
            b"7",
            b'"x"',
            b"[]",
            b"{",
            b"{}{}",
            b"{},",
            b"{'sub':'x'}",
            b'{"sub":"\xff"}',
            b'{"sub":"a\nb"}',
        ),
        *(
            b'{"a":1,}',
            b"{a:1}",
            b'{"a":01}',
            b'{"a":+1}',
            b'{"a":0x1}',
            b'{"a":.5}',
            b"// x\n{}",
            b"{}\0",
            b"\xc0\x80",
        ),
    ],
)
def test_a_payload_that_is_no_json_object(payload: bytes) -> None:
    refuse(get_signer().sign(payload), "claims")


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udfff"', '"\\ud800\\ud800"', '["\\udc00\\ud800"]', '{"\\ud800":1}'])
def test_lone_surrogates(text: str) -> None:
    assert "surrogate" in refuse(sign_text(x=text), "claims")
    assert check(sign_text(x='"\\ud83d\\ude00"')).values["x"] == "\U0001f600"


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_deep_nesting(opening: str) -> None:
    for depth in (40, 900, 10_000 // len(opening)):
        text = opening * depth
        refuse(get_signer().sign(text), "claims")
        refuse(sign_text(x=text), "claims")
    closing = "".join({"[": "]", "{": "}"}.get(sign, "") for sign in reversed(opening * 33))
    assert "deep" in refuse(sign_text(x=opening * 33 + "1" + closing), "claims")
    assert check(sign_text(x="[" * 31 + "]" * 31))
    assert check(sign_text(x=json.dumps(["[" * 500, '"{' * 100])))


def test_what_is_wrong_is_told_without_the_attackers_bytes() -> None:
    reason = refuse(sign(aud="\x1b]0;x\x07" + "a" * 5000), "audience")
    assert len(reason) <= 300
    assert "\x1b" not in reason

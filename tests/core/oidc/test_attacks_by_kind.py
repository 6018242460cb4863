"""Attacks by tokens of another kind: logout tokens, security events, and each profile's tokens in the other's place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.oidc.refused import refuse
from tests.core.oidc.signer import (
    ACCESS_TOKEN,
    API,
    CLIENT,
    ID_TOKEN,
    check,
    get_signer,
    make_access_claims,
    make_claims,
    sign_text,
)


def sign(**changes: Any) -> str:
    """Return a good ID token with these changes."""
    return get_signer().sign(make_claims(**changes))


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
    "Keycloak, no text": ({}, {"typ": ["Bearer"]}),
    "Cognito, no text": ({}, {"token_use": ["access"]}),
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

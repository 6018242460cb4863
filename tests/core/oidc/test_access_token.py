"""What access tokens of several providers look like, and whose are taken."""

from __future__ import annotations

from typing import Any

import pytest

from loki_core.frozen import replace
from tests.core.oidc.refused import refuse
from tests.core.oidc.signer import ACCESS_TOKEN, API, CLIENT, check, get_signer, make_access_claims

PROVIDERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "RFC 9068": ({"typ": "at+jwt"}, {"azp": None, "client_id": CLIENT, "scope": "openid read", "auth_time": 1}),
    "Keycloak": ({}, {"typ": "Bearer", "nonce": "n", "scope": "openid", "realm_access": {"roles": ["ops"]}}),
    "Auth0": ({}, {"gty": "client-credentials", "scope": "read"}),
    "Okta": ({"typ": None}, {"azp": None, "cid": CLIENT, "uid": "u", "ver": 1, "scp": ["openid"]}),
    "Entra 2": ({}, {"ver": "2.0", "scp": "access", "azpacr": "0"}),
    "Entra 1": ({}, {"azp": None, "appid": CLIENT, "ver": "1.0", "scp": "access"}),
    "Cognito": ({"typ": None}, {"azp": None, "client_id": CLIENT, "token_use": "access"}),
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_access_token_is_taken(provider: str) -> None:
    header, claims = PROVIDERS[provider]
    signer = get_signer()
    token = signer.sign(make_access_claims(**claims), signer.make_header(**header))
    assert check(token, ACCESS_TOKEN).subject == "248289761001"


def test_other_clients_tokens_are_taken_when_they_are_allowed() -> None:
    signer = get_signer()
    token = signer.sign(make_access_claims(azp="ci"))
    assert check(token, replace(ACCESS_TOKEN, allowed_clients=("ci",)))
    reason = refuse(token, "party", replace(ACCESS_TOKEN, allowed_clients=("cd",)))
    assert reason == "it was issued to 'ci' (azp), which is not in allowed_clients"


def test_an_audience_beside_ours_is_taken_when_it_is_allowed() -> None:
    signer = get_signer()
    token = signer.sign(make_access_claims(aud=[API, "https://idp.example.com/userinfo"]))
    assert check(token, replace(ACCESS_TOKEN, allowed_clients=("https://idp.example.com/userinfo",)))
    assert "also meant for" in refuse(token, "other_audiences", ACCESS_TOKEN)
    assert check(signer.sign(make_access_claims(aud=[API, CLIENT])), ACCESS_TOKEN)

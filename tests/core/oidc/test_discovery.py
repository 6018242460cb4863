"""What a provider says of itself, and what of it is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.errors import ProviderUnavailable
from loki_core.oidc.discovery import ProviderMetadata, make_discovery_url, parse_discovery

ISSUER = "https://id.example.com/realms/main"


def make_document(**changes: Any) -> dict[str, Any]:
    document = {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/keys",
        "token_endpoint": "https://login.example.com//token",
        "device_authorization_endpoint": f"{ISSUER}/device",
        "scopes_supported": ["openid", "offline_access"],
        **changes,
    }
    return {name: value for name, value in document.items() if value is not ...}


def parse(**changes: Any) -> ProviderMetadata:
    return parse_discovery(json.dumps(make_document(**changes)).encode(), ISSUER)


def test_endpoints_are_taken_to_the_letter() -> None:
    found = parse()
    assert found.jwks_uri == f"{ISSUER}/keys"
    assert found.token_endpoint == "https://login.example.com//token"
    assert found.revocation_endpoint is None
    assert found.scopes == frozenset({"openid", "offline_access"})
    assert found.token_auth_methods == frozenset({"client_secret_basic"})
    assert found.problems == ()


@pytest.mark.parametrize("issuer", ["https://a.example.com", "https://a.example.com/", "https://a.example.com/x/"])
def test_a_slash_at_the_issuers_end_is_not_doubled(issuer: str) -> None:
    assert make_discovery_url(issuer) == issuer.rstrip("/") + "/.well-known/openid-configuration"


ISSUERS: dict[str, tuple[Any, str]] = {
    "a slash more": (f"{ISSUER}/", "with a slash"),
    "another case": (ISSUER.upper(), "to the letter"),
    "another provider": ("https://evil.example", "to the letter"),
    "every tenant": ("https://login.microsoftonline.com/{tenantid}/v2.0", "tenant's id"),
    "a list": ([ISSUER], "to the letter"),
    "nothing": (..., "to the letter"),
}


@pytest.mark.parametrize("name", ISSUERS)
def test_mix_up_a_document_of_another_issuer_is_refused_and_what_is_meant_is_said(name: str) -> None:
    said, remedy = ISSUERS[name]
    with pytest.raises(ProviderUnavailable, match="calls itself") as caught:
        parse(issuer=said)
    assert remedy in caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", [..., None, "", 7, [], "http://id.example.com/keys", "https://127.0.0.1/keys", "https://169.254.169.254/"]
)
def test_without_an_address_of_keys_that_may_be_asked_there_is_no_provider(url: Any) -> None:
    with pytest.raises(ProviderUnavailable):
        parse(jwks_uri=url)


@pytest.mark.parametrize("url", ["http://id.example.com/t", "https://10.0.0.1/t", "file:///t", 7, {}])
def test_an_endpoint_that_may_not_be_asked_counts_as_absent_and_is_reported(url: Any) -> None:
    found = parse(token_endpoint=url, device_authorization_endpoint=None)
    assert found.token_endpoint is None
    assert found.device_endpoint is None
    (problem,) = found.problems
    assert problem.startswith("token_endpoint ")
    assert "is not asked" in problem


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b"<html>", b"\xff\xfe{}", b'{"issuer": "a", "issuer": "b"}', b'{"a": NaN}', b"[" * 100_000],
)
def test_what_is_not_one_json_object_is_no_document(data: bytes) -> None:
    with pytest.raises(ProviderUnavailable, match="document that describes the provider"):
        parse_discovery(data, ISSUER)


def test_terminal_escapes_in_a_document_do_not_reach_a_message() -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        parse(issuer="https://\x1b]0;owned\x07\u202e")
    assert str(caught.value).isprintable()
    (problem,) = parse(token_endpoint="https://\x1b[2J").problems
    assert problem.isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just(f"{ISSUER}/x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*make_document(), "grant_types_supported", "revocation_endpoint"]), JSON))
def test_any_json_is_metadata_or_an_error_of_ours(changes: dict[str, Any]) -> None:
    data = json.dumps(make_document(**changes)).encode()
    said: list[str] = []
    try:
        said += parse_discovery(data, ISSUER).problems
    except ProviderUnavailable as error:
        said.append(str(error))
    assert all(text.isprintable() for text in said)


@given(st.binary(max_size=200))
def test_any_bytes_are_metadata_or_an_error_of_ours(data: bytes) -> None:
    with pytest.raises(ProviderUnavailable):
        parse_discovery(data, ISSUER)

"""What is said about a configuration before any provider is asked."""

from __future__ import annotations

from typing import Any

import pytest

from loki_core.errors import ConfigurationError
from loki_core.oidc.configuration import check_configuration, judge_configuration
from tests.core.oidc.people import COMMON, ENTRA, GOOGLE, TENANT, expect, make_mapping
from tests.core.oidc.signer import API, CLIENT, ISSUER


def judge(issuer: str = ISSUER, audience: str = CLIENT, **settings: Any) -> list[tuple[str, str]]:
    """Return severity and code of what is said."""
    findings = judge_configuration(expect(issuer, audience), make_mapping(issuer=issuer, **settings))
    assert all(finding.message.isprintable() for finding in findings)
    assert all(finding.remedy for finding in findings if finding.severity in ("error", "warning"))
    return [(finding.severity, finding.code) for finding in findings]


def test_a_mapping_at_an_issuer_of_ones_own_is_fine() -> None:
    assert judge(role_mapping={"ops": "operator"}) == []
    check_configuration(expect(ISSUER), make_mapping(role_mapping={"ops": "operator"}))


def test_full_access_is_allowed_and_said_plainly() -> None:
    assert judge() == [("warning", "full_access")]
    check_configuration(expect(ISSUER), make_mapping())


@pytest.mark.parametrize("issuer", [GOOGLE, COMMON])
def test_a_shared_issuer_without_a_restriction_is_an_error_that_names_the_keys(issuer: str) -> None:
    assert judge(issuer)[0] == ("error", "strangers")
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(expect(issuer), make_mapping(issuer=issuer))
    for key in ("allowed_domains", "allowed_subjects", "role_mapping"):
        assert f"enterprise.auth.oidc.{key}" in caught.value.remedy


def test_a_default_role_for_all_the_world_is_a_warning() -> None:
    settings: dict[str, Any] = {"role_mapping": {"ops": "operator"}, "default_role": "viewer"}
    assert judge(GOOGLE, **settings) == [("warning", "strangers_default")]
    assert judge(GOOGLE, **settings, allowed_domains=("example.com",)) == []
    assert judge(GOOGLE, **settings, allowed_subjects=("alice",)) == []
    assert judge(GOOGLE, role_mapping={"ops": "operator"}) == []
    assert judge(ISSUER, **settings) == []


@pytest.mark.parametrize("placeholder", ["{tenant}", "{tenantid}", "{", "}", "{your tenant}"])
def test_a_placeholder_that_was_left_in_the_issuer_is_explained(placeholder: str) -> None:
    issuer = ENTRA.replace(TENANT, placeholder)
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(expect(issuer), make_mapping(issuer=issuer))
    assert placeholder in caught.value.message
    assert "Tenant ID" in caught.value.remedy


@pytest.mark.parametrize(
    ("issuer", "hint"),
    [
        (ENTRA.removesuffix("/v2.0"), "/v2.0"),
        (ENTRA.replace(TENANT, "example.onmicrosoft.com"), "instead of the domain"),
        ("https://example.eu.auth0.com", "slash"),
    ],
)
def test_an_issuer_that_the_provider_writes_otherwise_is_explained(issuer: str, hint: str) -> None:
    (finding,) = judge_configuration(expect(issuer), make_mapping(issuer=issuer, default_role="viewer"))
    assert (finding.severity, finding.code) == ("warning", "issuer_form")
    assert hint in finding.remedy


@pytest.mark.parametrize("host", ["example.okta.com", "example.oktapreview.com", "example.okta-emea.com"])
def test_access_tokens_of_oktas_organisation_server_are_an_error(host: str) -> None:
    settings = {"default_role": "viewer"}
    assert judge(f"https://{host}", API, **settings) == [("error", "okta_organisation")]
    assert judge(f"https://{host}/oauth2/default", API, **settings) == [("info", "access_tokens")]
    assert judge(f"https://{host}", **settings) == []


def test_entras_addresses_are_explained_where_domains_are_restricted() -> None:
    settings: dict[str, Any] = {"default_role": "viewer", "allowed_domains": ("example.com",)}
    assert judge(ENTRA, **settings) == [("info", "entra_domains")]
    assert judge(COMMON, **settings) == [("warning", "entra_domains")]
    assert judge(GOOGLE, **settings) == []

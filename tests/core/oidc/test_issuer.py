"""Which issuers are alike, which are shared, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from loki_core.oidc.issuer import get_published_name, is_shared
from loki_core.oidc.key_set import read_key_set
from tests.core.oidc.people import COMMON, ENTRA, GOOGLE, TENANT, expect
from tests.core.oidc.refused import refuse
from tests.core.oidc.signer import ISSUER, check, get_signer, make_claims

PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
ORGANIZATIONS = COMMON.replace("common", "organizations")
CONSUMERS = COMMON.replace("common", "consumers")


def sign(issuer: str, **changes: object) -> str:
    """Return an ID token of this issuer."""
    return get_signer().sign(make_claims(iss=issuer, **changes))


@pytest.mark.parametrize(
    "issuer",
    [ISSUER, ENTRA, "https://example.okta.com", f"{GOOGLE}.evil.test", "https://evil.test/common/v2.0", f"{GOOGLE}/x"],
)
def test_an_issuer_of_ones_own_is_not_shared(issuer: str) -> None:
    assert not is_shared(issuer)


def test_where_many_tenants_sign_in_each_tokens_issuer_is_its_own_tenants() -> None:
    assert check(sign(ENTRA, tid=TENANT), expect(COMMON)).issuer == ENTRA
    assert check(sign(ENTRA, tid=TENANT), expect(ORGANIZATIONS)).issuer == ENTRA
    personal = ENTRA.replace(TENANT, PERSONAL)
    assert check(sign(personal, tid=PERSONAL), expect(CONSUMERS)).issuer == personal
    assert check(sign(personal, tid=PERSONAL), expect(COMMON)).issuer == personal


@pytest.mark.parametrize("tenant", [None, "", PERSONAL, "../common", f"{TENANT}/v2.0", f"{TENANT}x", [TENANT], 7])
def test_a_tenant_that_does_not_fit_the_issuer_is_refused(tenant: object) -> None:
    refuse(sign(ENTRA, tid=tenant), "issuer", expect(COMMON))


def test_a_personal_account_is_none_of_an_organisation_and_the_reverse() -> None:
    personal = ENTRA.replace(TENANT, PERSONAL)
    refuse(sign(personal, tid=PERSONAL), "issuer", expect(ORGANIZATIONS))
    refuse(sign(ENTRA, tid=TENANT), "issuer", expect(CONSUMERS))


def test_where_many_tenants_sign_in_a_key_signs_only_for_whom_the_provider_says() -> None:
    personal = ENTRA.replace(TENANT, PERSONAL)
    for issuer, fits in {ENTRA: True, personal: False, ENTRA.replace(TENANT, "{tenantid}"): True, "": True}.items():
        keys = read_key_set({"keys": [{**get_signer().jwk, "issuer": issuer}]})
        if fits:
            assert check(sign(ENTRA, tid=TENANT), expect(COMMON), keys=keys)
        else:
            assert "its key is for" in refuse(sign(ENTRA, tid=TENANT), "issuer", expect(COMMON), keys=keys)
        assert check(sign(ENTRA, tid=TENANT), expect(ENTRA), keys=keys)


def test_a_shared_issuers_document_calls_it_by_a_name_with_a_place_for_the_tenant() -> None:
    template = ENTRA.replace(TENANT, "{tenantid}")
    assert get_published_name(COMMON) == get_published_name(ORGANIZATIONS) == template
    assert get_published_name(CONSUMERS) == ENTRA.replace(TENANT, PERSONAL)
    for issuer in (ISSUER, ENTRA, GOOGLE):
        assert get_published_name(issuer) == issuer


def test_no_token_is_of_a_shared_issuer_itself() -> None:
    for tenant in (None, TENANT, "{tenantid}"):
        for issuer in (COMMON, ENTRA.replace(TENANT, "{tenantid}")):
            refuse(sign(issuer, tid=tenant), "issuer", expect(COMMON))


def test_one_tenant_is_not_another() -> None:
    other = ENTRA.replace("1", "9")
    refuse(sign(other, tid=TENANT.replace("1", "9")), "issuer", expect(ENTRA))
    refuse(sign(other, tid=TENANT.replace("1", "9")), "issuer", expect("https://evil.test/common/v2.0"))


@pytest.mark.parametrize(
    ("found", "wanted", "hint"),
    [
        ("https://example.auth0.com/", "https://example.auth0.com", "the slash at the end"),
        ("https://example.auth0.com", "https://example.auth0.com/", "the slash at the end"),
        ("accounts.google.com", GOOGLE, "https://"),
        (f"https://sts.windows.net/{TENANT}/", ENTRA, "accessTokenAcceptedVersion"),
        (ENTRA, "https://login.microsoftonline.com/{tenant}/v2.0", "placeholder"),
        (ISSUER.replace("main", "Main"), ISSUER, "upper and lower case"),
        ("https://evil.test", ISSUER, "not 'https://idp.example.com/realms/main'"),
    ],
)
def test_the_reason_says_what_most_probably_happened(found: str, wanted: str, hint: str) -> None:
    assert hint in refuse(sign(found, tid=TENANT), "issuer", expect(wanted))

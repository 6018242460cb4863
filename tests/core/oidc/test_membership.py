"""Who may sign in at all: domains, subjects, and issuers that strangers share."""

from __future__ import annotations

import pytest

from tests.core.oidc.people import COMMON, ENTRA, GOOGLE, get_role, make_mapping, refuse

EXAMPLE = ("example.com",)
SHARED = (
    GOOGLE,
    f"{GOOGLE}/",
    COMMON,
    "https://login.microsoftonline.com/organizations/v2.0",
    "https://login.microsoftonline.com/consumers/v2.0",
    "https://login.microsoftonline.com/Common/v2.0",
    "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
)


@pytest.mark.parametrize("issuer", SHARED)
def test_an_issuer_that_strangers_share_gives_nobody_full_access(issuer: str) -> None:
    refuse(make_mapping(issuer=issuer), {"sub": "stranger"}, "strangers")
    refuse(make_mapping(issuer=issuer, default_role="viewer"), {"sub": "stranger"}, "strangers")


def test_with_a_restriction_a_shared_issuer_gives_full_access_as_any_other_does() -> None:
    person = {"sub": "1", "hd": "example.com"}
    assert get_role(make_mapping(issuer=GOOGLE, allowed_domains=EXAMPLE), person) == "admin"
    assert get_role(make_mapping(issuer=GOOGLE, allowed_subjects=("1",)), person) == "admin"
    mapping = make_mapping(issuer=GOOGLE, roles_claim="hd", role_mapping={"example.com": "viewer"})
    assert get_role(mapping, person) == "viewer"
    refuse(mapping, {"sub": "2"}, "role")


def test_a_subject_is_allowed_to_the_letter() -> None:
    mapping = make_mapping(allowed_subjects=("alice", "bob"))
    assert get_role(mapping, {"sub": "alice"}) == "admin"
    for subject in ("Alice", "alice ", "mallory", None, ["alice"]):
        refuse(mapping, {"sub": subject}, "subject_allowed")


def test_where_domains_and_subjects_are_restricted_both_must_hold() -> None:
    mapping = make_mapping(issuer=GOOGLE, allowed_subjects=("1",), allowed_domains=EXAMPLE)
    assert get_role(mapping, {"sub": "1", "hd": "example.com"}) == "admin"
    with pytest.raises(Exception, match="not valid"):
        mapping.suppose({"sub": "2", "hd": "example.com"})
    refuse(mapping, {"sub": "1", "hd": "example.org"}, "domain_allowed")


def test_a_restriction_holds_before_any_mapping_and_any_default_role() -> None:
    mapping = make_mapping(allowed_domains=EXAMPLE, role_mapping={"root": "admin"}, default_role="viewer")
    refuse(mapping, {"groups": ["root"], "email": "eve@example.org", "email_verified": True}, "domain_allowed")


def test_a_domain_is_that_of_a_verified_address() -> None:
    mapping = make_mapping(allowed_domains=EXAMPLE)
    for email in ("alice@example.com", "ALICE@EXAMPLE.COM", "alice+loki@Example.com"):
        assert get_role(mapping, {"email": email, "email_verified": True}) == "admin"
        assert get_role(mapping, {"email": email, "email_verified": "true"}) == "admin"
    for verified in (None, False, "false", "True", 1, "yes", [True]):
        reason = refuse(mapping, {"email": "alice@example.com", "email_verified": verified}, "domain_allowed")
        assert "email_verified" in reason
    assert "scope email" in refuse(mapping, {"email_verified": True}, "domain_allowed")


@pytest.mark.parametrize(
    "email",
    [
        "eve@sub.example.com",
        "e\x1bve@example.com",
        "eve@notexample.com",
        "eve@example.com.evil.test",
        "eve@example.com@evil.test",
        "eve@evil.test@example.com",
        '"eve@example.com"@evil.test',
        "eve@evil.test\n@example.com",
        "eve@example.com ",
        " @example.com",
        "eve @example.com",
        "@example.com",
        "example.com",
        "eve@example.com.",
        "eve@ex\u200bample.com",
        "eve@\u0435xample.com",
        ["eve@example.com"],
        {"example.com": "eve@example.com"},
        None,
        7,
    ],
)
def test_an_address_that_only_looks_like_the_domains_is_refused(email: object) -> None:
    refuse(make_mapping(allowed_domains=EXAMPLE), {"email": email, "email_verified": True}, "domain_allowed")


def test_a_letter_that_becomes_ascii_in_lower_case_makes_no_domain() -> None:
    mapping = make_mapping(allowed_domains=("kiosk.example",))
    assert "\u212aiosk.example".lower() == "kiosk.example"
    refuse(mapping, {"email": "eve@\u212aiosk.example", "email_verified": True}, "domain_allowed")


def test_with_google_only_the_organisation_of_the_account_counts() -> None:
    mapping = make_mapping(issuer=GOOGLE, allowed_domains=EXAMPLE)
    assert get_role(mapping, {"hd": "Example.com"}) == "admin"
    private = {"email": "eve@example.com", "email_verified": True}
    assert "no organisation" in refuse(mapping, private, "domain_allowed")
    refuse(mapping, {**private, "hd": "evil.test"}, "domain_allowed")
    for hd in (None, ["example.com"], "", "sub.example.com"):
        refuse(mapping, {**private, "hd": hd}, "domain_allowed")


def test_with_google_private_accounts_can_be_allowed_by_name() -> None:
    mapping = make_mapping(issuer=GOOGLE, allowed_domains=("gmail.com",))
    assert get_role(mapping, {"email": "alice@gmail.com", "email_verified": True}) == "admin"
    refuse(mapping, {"email": "alice@gmail.com", "email_verified": False}, "domain_allowed")


@pytest.mark.parametrize("issuer", [ENTRA, COMMON])
def test_with_entra_an_address_counts_only_when_its_domains_owner_is_verified(issuer: str) -> None:
    mapping = make_mapping(issuer=issuer, allowed_domains=EXAMPLE)
    typed = {"email": "admin@example.com", "preferred_username": "admin@example.com", "upn": "admin@example.com"}
    assert "xms_edov" in refuse(mapping, typed, "domain_allowed")
    refuse(mapping, {**typed, "xms_edov": False}, "domain_allowed")
    for verified in (True, "1", "true"):
        assert get_role(mapping, {**typed, "xms_edov": verified}) == "admin"


def test_elsewhere_googles_word_about_an_organisation_means_nothing() -> None:
    mapping = make_mapping(allowed_domains=EXAMPLE)
    refuse(mapping, {"hd": "example.com"}, "domain_allowed")
    refuse(mapping, {"hd": "example.com", "email": "eve@evil.test", "email_verified": True}, "domain_allowed")


def test_elsewhere_entras_word_about_an_address_means_nothing() -> None:
    mapping = make_mapping(allowed_domains=EXAMPLE)
    refuse(mapping, {"email": "eve@example.com", "xms_edov": True}, "domain_allowed")


def test_a_role_by_e_mail_address_needs_a_verified_one() -> None:
    mapping = make_mapping(issuer=COMMON, roles_claim="email", role_mapping={"root@example.com": "admin"})
    refuse(mapping, {"email": "root@example.com"}, "role")
    assert get_role(mapping, {"email": "root@example.com", "xms_edov": True}) == "admin"
    google = make_mapping(issuer=GOOGLE, roles_claim="email", role_mapping={"root@example.com": "admin"})
    person = {"email": "root@example.com", "email_verified": True}
    refuse(google, person, "role")
    assert get_role(google, {**person, "hd": "example.com"}) == "admin"
    with_default = make_mapping(roles_claim="email", role_mapping={"root@example.com": "admin"}, default_role="viewer")
    assert get_role(with_default, {}) == "viewer"
    refuse(with_default, {"email": "root@example.com"}, "role")

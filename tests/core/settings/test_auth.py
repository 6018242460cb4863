from __future__ import annotations

import pytest

from tests.core.settings.conftest import World

PROVIDER = "enterprise: {auth: {oidc: {issuer: 'https://idp.example', client_id: loki}}}"
VARIABLES = {"LOKI_OIDC_ISSUER": "https://idp.example", "LOKI_OIDC_CLIENT_ID": "loki"}


def test_auth_is_on_when_the_flag_is_true(world: World) -> None:
    auth = world.load(LOKI_ENTERPRISE_AUTH="true").auth
    assert (auth.is_on, auth.accepts_tokens, auth.accepts_oidc) == (True, True, False)


def test_auth_is_on_for_the_providers_users_alone_when_only_a_provider_is_configured(world: World) -> None:
    auth = world.load(**VARIABLES).auth
    assert (auth.is_on, auth.accepts_tokens, auth.accepts_oidc) == (True, False, True)


def test_the_variable_false_beats_the_files_flag(world: World) -> None:
    world.write_home("enterprise: {auth: {enabled: true}}")
    assert not world.load(LOKI_ENTERPRISE_AUTH="false").auth.is_on


def test_the_variable_false_beats_a_provider_that_only_the_file_names(world: World) -> None:
    world.write_home(PROVIDER)
    assert world.load().auth.is_on
    assert not world.load(LOKI_ENTERPRISE_AUTH="false").auth.is_on


def test_the_variable_false_beside_a_provider_in_the_environment_leaves_the_provider_on(world: World) -> None:
    assert world.load(LOKI_ENTERPRISE_AUTH="false", **VARIABLES).auth.is_on


@pytest.mark.parametrize("variable", VARIABLES)
def test_half_a_provider_is_an_error_that_names_the_other_half(world: World, variable: str) -> None:
    error = world.fail(**{variable: VARIABLES[variable]})
    (other,) = VARIABLES.keys() - {variable}
    assert error.message.startswith(variable)
    assert other in error.remedy


def test_the_audience_is_the_client_id_unless_another_is_set(world: World) -> None:
    assert world.load(**VARIABLES).auth.oidc.audience == "loki"
    assert world.load(**VARIABLES, LOKI_OIDC_AUDIENCE="api://x").auth.oidc.audience == "api://x"


def test_scopes_may_be_separated_by_commas_or_spaces(world: World) -> None:
    scopes = world.load(**VARIABLES, LOKI_OIDC_SCOPES="openid,email  groups, openid").auth.oidc.scopes
    assert scopes == ("openid", "email", "groups")


@pytest.mark.parametrize(
    "issuer",
    [
        *("http://idp.example", "idp.example", "https://", "https://u:p@idp.example", "https://idp.example?x"),
        *("https://idp.example#x", "https://[::1", "https://idp.example:99999", "javascript:alert(1)", "ftp://x"),
        "http://127.0.0.1.evil",
    ],
)
def test_an_issuer_that_is_not_https_or_loopback_is_refused(world: World, issuer: str) -> None:
    error = world.fail(**{**VARIABLES, "LOKI_OIDC_ISSUER": issuer})
    assert error.message.startswith("LOKI_OIDC_ISSUER is not an https URL")


@pytest.mark.parametrize(
    "issuer", ["http://localhost:8080/realms/x", "http://127.0.0.1:1", "http://[::1]:9", "https://a.b/"]
)
def test_an_issuer_is_kept_to_the_letter(world: World, issuer: str) -> None:
    assert world.load(**{**VARIABLES, "LOKI_OIDC_ISSUER": issuer}).auth.oidc.issuer == issuer


def test_every_key_of_the_provider_is_read(world: World) -> None:
    world.write_home(
        """
enterprise:
  auth:
    oidc:
      issuer: https://idp.example
      client_id: loki
      scopes: [openid, groups]
      client_secret_file: secrets/oidc
      ca_file: /etc/ca.pem
      roles_claim: https://example.com/claims.roles
      role_mapping: {loki-admins: admin, "007": viewer, on: viewer, 12: auditor}
      default_role: viewer
      allowed_domains: [Example.COM]
      allowed_subjects: [a b]
      allowed_clients: [other]
"""
    )
    oidc = world.load().auth.oidc
    assert oidc.scopes == ("openid", "groups")
    assert str(oidc.client_secret_file).endswith("/alice/.loki/secrets/oidc")
    assert oidc.roles_claim == "https://example.com/claims.roles"
    assert dict(oidc.role_mapping) == {"loki-admins": "admin", "007": "viewer", "on": "viewer", "12": "auditor"}
    assert (oidc.allowed_domains, oidc.allowed_subjects, oidc.allowed_clients) == (
        ("example.com",),
        ("a b",),
        ("other",),
    )


@pytest.mark.parametrize("key", ["allowed_domains", "allowed_subjects", "allowed_clients"])
@pytest.mark.parametrize("value", ["[]", "", "null", "nobody@", "{}"])
def test_a_restriction_that_names_nobody_is_an_error_and_not_no_restriction(world: World, key: str, value: str) -> None:
    world.write_home(f"enterprise:\n  auth:\n    oidc:\n      {key}: {value}\n")
    assert f"config.yaml:4: enterprise.auth.oidc.{key}" in world.fail().message


def test_a_mapping_to_a_role_that_does_not_exist_is_an_error_that_offers_the_nearest(world: World) -> None:
    world.write_home("enterprise: {auth: {oidc: {role_mapping: {ops: operater}}}}")
    error = world.fail()
    assert "role_mapping: unknown role 'operater'" in error.message
    assert "did you mean operator?" in error.remedy


def test_a_default_role_may_be_a_custom_role(world: World) -> None:
    world.write_home(
        "enterprise: {rbac: {custom_roles: {ops: {scopes: [control]}}}, auth: {oidc: {default_role: ops}}}"
    )
    assert world.load().auth.oidc.default_role == "ops"


def test_the_client_secret_of_a_stronger_layer_beats_the_file_of_a_weaker_one(world: World) -> None:
    world.write_home("enterprise: {auth: {oidc: {client_secret_file: /x}}}")
    oidc = world.load(LOKI_OIDC_CLIENT_SECRET="s3cret").auth.oidc
    assert oidc.client_secret is not None
    assert oidc.client_secret.reveal() == "s3cret"
    assert oidc.client_secret_file is None


def test_a_client_secret_given_twice_in_one_place_is_an_error(world: World) -> None:
    error = world.fail(LOKI_OIDC_CLIENT_SECRET="s3cret", LOKI_OIDC_CLIENT_SECRET_FILE="/x")
    assert "s3cret" not in str(error)


def test_the_audit_variables_mean_what_they_mean_to_loki_mode(world: World) -> None:
    assert world.load(LOKI_AUDIT_DISABLED="true").audit.enabled is False
    assert world.load(LOKI_AUDIT_DISABLED="true", LOKI_ENTERPRISE_AUDIT="true").audit.enabled is True
    assert world.load(LOKI_ENTERPRISE_AUDIT="false").audit.enabled is True
    world.write_home("enterprise: {audit: {enabled: false}}")
    assert world.load().audit.enabled is False
    assert world.load(LOKI_AUDIT_DISABLED="false").audit.enabled is True
    assert world.load(LOKI_ENTERPRISE_AUDIT="1").audit.enabled is True

"""Configurations of several providers, and what their people get by them."""

from __future__ import annotations

from typing import Any

import pytest

from loki_core.oidc.expectation import Expectation
from loki_core.oidc.refusal import Refusal
from loki_core.oidc.role_mapping import RoleDecision, RoleMapping
from loki_core.roles import Role
from loki_core.settings import OidcSettings, RbacSettings
from tests.core.oidc.signer import CLIENT, ISSUER

GOOGLE = "https://accounts.google.com"
TENANT = "11111111-2222-3333-4444-555555555555"
ENTRA = f"https://login.microsoftonline.com/{TENANT}/v2.0"
COMMON = "https://login.microsoftonline.com/common/v2.0"


def make_mapping(*, custom_roles: tuple[Role, ...] = (), issuer: str = ISSUER, **settings: Any) -> RoleMapping:
    """Return the rules about people of a configuration."""
    rbac = RbacSettings(custom_roles=custom_roles)
    scopes = rbac.build_scopes()
    oidc = OidcSettings(issuer=issuer, client_id=CLIENT, audience=CLIENT, **settings)
    return RoleMapping(oidc, rbac.build_roles(scopes), scopes)


def expect(issuer: str, audience: str = CLIENT) -> Expectation:
    """Return what a token of this issuer must be."""
    return Expectation(issuer=issuer, client_id=CLIENT, audience=audience)


def refuse(mapping: RoleMapping, claims: dict[str, Any], rule: str) -> str:
    """Return why these claims give no role, by this rule."""
    with pytest.raises(Refusal) as caught:
        mapping.suppose(claims)
    assert caught.value.rule.name == rule, caught.value.for_log
    return caught.value.reason


def get_role(mapping: RoleMapping, claims: dict[str, Any]) -> str:
    """Return the name of the role that these claims give."""
    return decide(mapping, claims).role.name


def decide(mapping: RoleMapping, claims: dict[str, Any]) -> RoleDecision:
    """Return the decision about these claims."""
    return mapping.suppose({"sub": "248289761001", **claims})

"""Roles, and what a grant comes to."""

from __future__ import annotations

import pytest

from loki_core.errors import ConfigurationError, InvalidInput
from loki_core.roles import Role, RoleCatalog
from loki_core.scopes import ScopeCatalog


@pytest.fixture
def roles() -> RoleCatalog:
    return RoleCatalog(ScopeCatalog())


def test_the_built_in_roles_are_the_guide_s(roles: RoleCatalog) -> None:
    assert {role.name: role.scopes for role in roles} == {
        "admin": ("*",),
        "operator": ("control", "read", "write"),
        "viewer": ("read",),
        "auditor": ("read", "audit"),
    }


def test_without_scopes_and_role_a_token_may_only_read(roles: RoleCatalog) -> None:
    assert roles.resolve_grant(None, None) == (("read",), None)


def test_a_role_gives_its_scopes_and_its_name_as_a_label(roles: RoleCatalog) -> None:
    assert roles.resolve_grant(None, "auditor") == (("read", "audit"), "auditor")


def test_scopes_are_kept_in_the_order_given_each_once(roles: RoleCatalog) -> None:
    assert roles.resolve_grant(["write", "read", "write"], None) == (("write", "read"), None)


@pytest.mark.parametrize("scopes", [["control"], ["control", "write"], ["read", "control"]])
def test_role_and_scopes_that_come_to_the_same_are_taken(roles: RoleCatalog, scopes: list[str]) -> None:
    assert roles.resolve_grant(scopes, "operator") == (tuple(scopes), "operator")


@pytest.mark.parametrize(("scopes", "role"), [(["*"], "viewer"), (["read"], "admin"), (["write"], "operator")])
def test_role_and_scopes_that_differ_are_refused(roles: RoleCatalog, scopes: list[str], role: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        roles.resolve_grant(scopes, role)
    assert caught.value.code == "role_scopes_differ"


def test_an_empty_list_of_scopes_is_refused_and_not_taken_for_none_given(roles: RoleCatalog) -> None:
    with pytest.raises(InvalidInput) as caught:
        roles.resolve_grant([], None)
    assert caught.value.code == "invalid_scopes"


def test_a_misspelt_role_is_refused_and_the_nearest_one_offered(roles: RoleCatalog) -> None:
    with pytest.raises(InvalidInput) as caught:
        roles.resolve_grant(None, "Opertor")
    assert caught.value.code == "unknown_role"
    assert "did you mean operator?" in caught.value.remedy


def test_a_secret_given_as_a_role_is_not_echoed(roles: RoleCatalog) -> None:
    with pytest.raises(InvalidInput) as caught:
        roles.get_role("loki_" + "b" * 49)
    assert "b" * 16 not in str(caught.value)


@pytest.mark.parametrize(
    "role",
    [
        Role(name="viewer", scopes=("read",)),
        Role(name="Release", scopes=("read",)),
        Role(name="release", scopes=()),
        Role(name="release", scopes=("wirte",)),
        Role(name="release\x1b", scopes=("read",)),
    ],
)
def test_custom_roles_that_make_no_sense_are_refused(role: Role) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RoleCatalog(ScopeCatalog(), [role])
    assert str(caught.value).isprintable()


def test_a_custom_role_can_be_granted() -> None:
    roles = RoleCatalog(ScopeCatalog(), [Role(name="release", scopes=("write", "audit"))])
    assert "release" in roles
    assert roles.resolve_grant(None, "release") == (("write", "audit"), "release")

from __future__ import annotations

import pytest

from loki_core.roles import Role
from loki_core.scopes import Scope
from tests.core.settings.conftest import World


def test_custom_scopes_and_roles_are_read_and_build_their_catalogues(world: World) -> None:
    world.write_home(
        """
enterprise:
  rbac:
    custom_scopes:
      deploy: {implies: [write], description: Ship releases}
      plain:
    custom_roles:
      deployer:
        scopes: [deploy, audit]
        description: Ships releases
      reader: {scopes: "read, audit"}
"""
    )
    rbac = world.load().rbac
    assert rbac.custom_scopes == (
        Scope(name="deploy", implies=("write",), description="Ship releases"),
        Scope(name="plain"),
    )
    assert rbac.custom_roles[0] == Role(name="deployer", scopes=("deploy", "audit"), description="Ships releases")
    scopes = rbac.build_scopes()
    assert scopes.covers(["deploy"], "read")
    assert rbac.build_roles(scopes).get_role("reader").scopes == ("read", "audit")


@pytest.mark.parametrize(
    ("rbac", "line", "what"),
    [
        ("custom_scopes:\n      read: {}", 3, "'read' already exists"),
        ("custom_scopes:\n      Ship it: {}", 3, "malformed"),
        ("custom_scopes:\n      a: {implies: ['*']}", 3, "implies *"),
        ("custom_scopes:\n      a: {implies: [b]}\n      b: {implies: [a]}", 3, "imply each other"),
        ("custom_roles:\n      admin: {scopes: [read]}", 3, "'admin' already exists"),
        ("custom_roles:\n      ops: {scopes: [wirte]}", 3, "unknown scope 'wirte'"),
        ("custom_roles:\n      ops: {scopes: []}", 4, "is empty"),
        ("custom_roles:\n      ops: {description: x}", 4, "has no scopes"),
        ("custom_roles:\n      ops: [read]", 4, "is a list, not a mapping"),
        ("custom_roles: [ops]", 3, "is a list, not a mapping"),
        ("custom_roles:\n      ops: {scopes: [read], description: 3}", 4, "description is a whole number, not text"),
    ],
)
def test_custom_grants_that_do_not_fit_are_refused_with_file_and_line(
    world: World, rbac: str, line: int, what: str
) -> None:
    world.write_home(f"enterprise:\n  rbac:\n    {rbac}\n")
    error = world.fail()
    assert error.message.startswith(f"~/.loki/config.yaml:{line}: enterprise.rbac.custom_")
    assert what in error.message

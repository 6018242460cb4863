"""Who is calling, and what it may do."""

from __future__ import annotations

import pytest

from loki_core.actor import find_os_actor
from loki_core.errors import AuthorizationError
from loki_core.principal import Method, Principal
from loki_core.scopes import Scope, ScopeCatalog


def _principal(*scopes: str, catalog: ScopeCatalog | None = None) -> Principal:
    catalog = catalog or ScopeCatalog()
    return Principal(
        subject="tok-000000000000",
        name="ci-bot",
        role=None,
        scopes=scopes,
        effective_scopes=catalog.sort(catalog.expand(scopes)),
        method=Method.TOKEN,
        catalog=catalog,
    )


def test_a_held_scope_and_all_below_it_can_be_required() -> None:
    principal = _principal("write")
    principal.require("write")
    principal.require("read")
    assert principal.effective_scopes == ("write", "read")


@pytest.mark.parametrize("scope", ["control", "*", "audit", "unknown"])
def test_a_scope_that_is_not_held_is_named_as_missing(scope: str) -> None:
    with pytest.raises(AuthorizationError) as caught:
        _principal("write").require(scope)
    assert caught.value.code == "insufficient_scope"
    assert caught.value.missing == scope


def test_who_holds_nothing_is_allowed_nothing() -> None:
    with pytest.raises(AuthorizationError):
        _principal().require("read")


def test_custom_scopes_count_by_the_catalogue_the_principal_came_with() -> None:
    catalog = ScopeCatalog([Scope(name="deploy", implies=("write",))])
    _principal("deploy", catalog=catalog).require("read")
    with pytest.raises(AuthorizationError):
        _principal("deploy").require("read")


def test_the_actor_of_a_local_store_is_the_system_s_user_whatever_the_environment_says() -> None:
    environ = {"USER": "mallory", "LOGNAME": "mallory", "SUDO_USER": "alice", "LOKI_TOKEN": "loki_" + "x" * 49}
    actor = find_os_actor(environ, ScopeCatalog())
    assert "mallory" not in actor.subject
    assert actor.subject.startswith("os:")
    assert actor.scopes == ("*",)
    assert actor.claimed == (("SUDO_USER", "alice"),)


def test_what_the_environment_claims_is_made_printable() -> None:
    actor = find_os_actor({"SUDO_USER": "\x1b[31mroot\n"}, ScopeCatalog())
    assert dict(actor.claimed)["SUDO_USER"].isprintable()

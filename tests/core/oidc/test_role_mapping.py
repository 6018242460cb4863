"""Which role the claims of a person give."""

from __future__ import annotations

from typing import Any

import pytest

from loki_core.roles import Role
from tests.core.oidc.people import ENTRA, TENANT, decide, get_role, make_mapping, refuse

MAPPED = {"ops": "operator", "all": "viewer", "books": "auditor", "root": "admin"}


def test_with_nothing_configured_whoever_signs_in_has_full_access_and_the_reason_says_so() -> None:
    decision = decide(make_mapping(), {})
    assert (decision.role.name, decision.scopes, decision.is_full_access) == ("admin", ("*",), True)
    assert decision.steps == (
        "no mapping and no default role is configured: whoever signs in has full access",
        "admin: *",
    )


def test_a_mapped_value_gives_its_role_and_the_reason_names_every_step() -> None:
    decision = decide(make_mapping(roles_claim="groups", role_mapping=MAPPED), {"groups": ["staff", "ops"]})
    assert (decision.role.name, decision.claim, decision.value) == ("operator", "groups", "ops")
    assert decision.steps == (
        "groups holds 'ops' and 1 more",
        "'ops' is mapped to operator",
        "operator: control, read, write",
    )
    assert not decision.is_full_access


def test_of_several_groups_the_strongest_role_wins_in_any_order() -> None:
    mapping = make_mapping(roles_claim="groups", role_mapping=MAPPED)
    for groups in (["all", "ops"], ["ops", "all"], ["ops", "all", "books"]):
        assert get_role(mapping, {"groups": groups}) == "operator"
    assert get_role(mapping, {"groups": ["books", "all", "root", "ops"]}) == "admin"
    assert get_role(mapping, {"groups": ["all", "books"]}) == "auditor"
    assert "viewer would fit too: operator is the strongest" in decide(mapping, {"groups": ["all", "ops"]}).steps


def test_full_access_is_stronger_than_any_custom_role() -> None:
    wide = Role(name="wide", scopes=("control", "audit"))
    mapping = make_mapping(role_mapping={"w": "wide", "root": "admin", "ops": "operator"}, custom_roles=(wide,))
    assert get_role(mapping, {"groups": ["w", "root"]}) == "admin"
    assert get_role(mapping, {"groups": ["ops", "w"]}) == "wide"


def test_of_equally_strong_roles_the_one_that_was_configured_first_wins() -> None:
    twins = Role(name="first", scopes=("read",)), Role(name="second", scopes=("read",))
    mapping = make_mapping(role_mapping={"b": "second", "a": "first"}, custom_roles=twins)
    for groups in (["a", "b"], ["b", "a"]):
        assert get_role(mapping, {"groups": groups}) == "first"


def test_the_unmapped_are_refused_and_told_what_their_claim_holds() -> None:
    mapping = make_mapping(roles_claim="groups", role_mapping=MAPPED)
    assert refuse(mapping, {"groups": ["x", "y"]}, "role") == (
        "groups holds 'x', 'y', and none of it is mapped to a role, and there is no default role"
    )
    assert refuse(mapping, {}, "role") == "there is no claim groups, and there is no default role"
    many = [f"g{number}" for number in range(250)]
    assert "'g4' and 245 more" in refuse(mapping, {"groups": many}, "role")


@pytest.mark.parametrize("groups", [None, 7, True, [], {}, [7, None, ["ops"], {"ops": 1}], "", ["OPS", "ops ", " ops"]])
def test_only_text_that_is_mapped_to_the_letter_gives_a_role(groups: object) -> None:
    refuse(make_mapping(roles_claim="groups", role_mapping=MAPPED), {"groups": groups}, "role")


def test_the_unmapped_get_the_default_role_where_there_is_one() -> None:
    mapping = make_mapping(roles_claim="groups", role_mapping=MAPPED, default_role="viewer")
    decision = decide(mapping, {"groups": ["x"]})
    assert (decision.role.name, decision.claim) == ("viewer", "")
    assert decision.steps[1:] == ("viewer is the default role", "viewer: read")
    assert get_role(mapping, {"groups": ["ops"]}) == "operator"
    assert get_role(make_mapping(default_role="viewer"), {"groups": ["ops"]}) == "viewer"


def test_without_a_claim_a_mapping_reads_groups_and_without_a_mapping_a_claim_names_roles() -> None:
    assert get_role(make_mapping(role_mapping=MAPPED), {"groups": ["ops"]}) == "operator"
    named = make_mapping(roles_claim="roles")
    assert get_role(named, {"roles": ["viewer", "uma_authorization"]}) == "viewer"
    assert "none of it is the name of a role" in refuse(named, {"roles": ["Admin"]}, "role")
    refuse(named, {}, "role")


def test_a_claim_may_be_one_text_scopes_with_spaces_or_an_object_whose_names_are_the_roles() -> None:
    assert get_role(make_mapping(role_mapping=MAPPED), {"groups": "ops"}) == "operator"
    refuse(make_mapping(role_mapping=MAPPED), {"groups": "all ops"}, "role")
    assert get_role(make_mapping(roles_claim="scope", role_mapping=MAPPED), {"scope": "openid ops"}) == "operator"
    zitadel = "urn:zitadel:iam:org:project:roles"
    assert get_role(make_mapping(roles_claim=zitadel), {zitadel: {"viewer": {"1": "example.com"}}}) == "viewer"


def test_entras_group_overage_is_an_error_of_its_own_even_with_a_default_role() -> None:
    mapping = make_mapping(issuer=ENTRA, roles_claim="groups", role_mapping=MAPPED, default_role="viewer")
    source = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example/"}}}
    for claims in (source, {"hasgroups": True}, {"hasgroups": "true"}):
        assert "too many groups" in refuse(mapping, claims, "overage")
    assert get_role(mapping, {"groups": ["ops"], **source}) == "operator"
    assert get_role(mapping, {"_claim_names": {"address": "src1"}}) == "viewer"
    roles = make_mapping(issuer=ENTRA, roles_claim="roles", default_role="viewer")
    assert get_role(roles, {"hasgroups": True}) == "viewer"


def test_group_ids_where_names_were_mapped_are_explained() -> None:
    mapping = make_mapping(issuer=ENTRA, role_mapping=MAPPED)
    assert "map these" in refuse(mapping, {"groups": [TENANT]}, "role")
    assert "map these" not in refuse(mapping, {"groups": [TENANT, "x"]}, "role")


def test_an_object_where_a_list_was_meant_is_explained() -> None:
    mapping = make_mapping(roles_claim="realm_access", role_mapping=MAPPED)
    assert "realm_access.roles" in refuse(mapping, {"realm_access": {"roles": ["ops"]}}, "role")


def test_what_providers_put_into_their_claims_is_found() -> None:
    sent: dict[str, dict[str, Any]] = {
        "realm_access.roles": {"realm_access": {"roles": ["ops"]}},
        "resource_access.loki.console.roles": {"resource_access": {"loki.console": {"roles": ["ops"]}}},
        "https://loki.example.com/roles": {"https://loki.example.com/roles": ["ops"]},
        "cognito:groups": {"cognito:groups": ["ops"]},
        "groups": {"groups": ["Everyone", "ops"]},
    }
    for claim, claims in sent.items():
        assert get_role(make_mapping(roles_claim=claim, role_mapping=MAPPED), claims) == "operator"

"""How a claim is found."""

from __future__ import annotations

from typing import Any

import pytest

from loki_core.oidc.claims import MISSING, find_claim

CLAIMS: dict[str, Any] = {
    "groups": ["a"],
    "realm_access": {"roles": ["b"]},
    "resource_access": {"loki": {"roles": ["c"]}, "loki.console": {"roles": ["d"]}},
    "https://example.com/roles": ["e"],
    "https://example.com/app": {"roles": ["f"]},
    "cognito:groups": ["g"],
    "urn:example:roles": ["h"],
    "a.b": {"c": "longest name first"},
    "a": {"b": {"c": "shorter", "d": "found all the same"}, "b.c": "x"},
    "null": None,
    "": {"": "empty"},
    "list": [{"roles": ["no"]}],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("groups", ["a"]),
        ("realm_access.roles", ["b"]),
        ("resource_access.loki.roles", ["c"]),
        ("resource_access.loki.console.roles", ["d"]),
        ("https://example.com/roles", ["e"]),
        ("https://example.com/app.roles", ["f"]),
        ("cognito:groups", ["g"]),
        ("urn:example:roles", ["h"]),
        ("a.b.c", "longest name first"),
        ("a.b.d", "found all the same"),
        ("null", None),
        (".", "empty"),
    ],
)
def test_a_claim_is_found_by_its_path(path: str, found: object) -> None:
    assert find_claim(CLAIMS, path) == found


@pytest.mark.parametrize(
    "path",
    ["roles", "realm_access.role", "groups.0", "groups.a", "list.roles", "null.x", "realm_access.", "a..b"],
)
def test_what_is_not_there_is_missing(path: str) -> None:
    assert find_claim(CLAIMS, path) is MISSING


def test_a_long_path_through_many_claims_ends() -> None:
    claims: dict[str, Any] = {}
    for _ in range(12):
        claims = {"a": claims, "a.a": claims, "a.a.a": claims}
    assert find_claim(claims, ".".join("a" * 20) + ".b") is MISSING

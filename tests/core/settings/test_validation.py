from __future__ import annotations

from pathlib import Path

from loki_core.settings.validation import Validation, validate_file
from tests.core.settings.conftest import World, write


def validate(world: World, path: Path) -> Validation:
    return validate_file(path, environ={}, user_home=world.user_home)


def test_a_file_in_order_has_no_problems_and_nothing_is_created(world: World) -> None:
    assert validate(world, world.write_home("server: {port: 81}")) == ((), ())


def test_all_problems_are_told_with_their_lines(world: World) -> None:
    path = world.write_home("server:\n  prot: 1\n  port: x\nenterprise:\n  tokens: 3\n")
    problems = validate(world, path).problems
    assert [problem.message.split(":")[1] for problem in problems] == ["2", "3", "5"]


def test_rules_between_keys_are_told_too(world: World) -> None:
    path = world.write_home("enterprise: {auth: {oidc: {issuer: 'https://idp.example'}}}")
    assert "is set without enterprise.auth.oidc.client_id" in validate(world, path).problems[0].message


def test_a_file_that_is_absent_unsafe_or_not_yaml_is_a_problem(world: World, tmp_path: Path) -> None:
    assert "no such file" in validate(world, tmp_path / "absent.yaml").problems[0].message
    assert "others can write" in validate(world, write(tmp_path / "x", "", mode=0o666)).problems[0].message
    assert "not YAML" in validate(world, write(tmp_path / "y", "a: b: c")).problems[0].message


def test_a_projects_file_is_held_to_a_projects_rules(world: World) -> None:
    path = world.write_project("enterprise: {auth: {oidc: {client_secret: hunter2}}}")
    assert "must not stand in a project's file" in validate(world, path).problems[0].message


def test_a_projects_file_is_judged_with_what_stands_below_it(world: World) -> None:
    world.write_home("enterprise: {rbac: {custom_roles: {ops: {scopes: [control]}}}}")
    path = world.write_project("enterprise: {auth: {oidc: {default_role: ops, client_id: x}}}")
    environ = {"LOKI_OIDC_ISSUER": "https://idp.example"}
    assert validate_file(path, environ=environ, user_home=world.user_home).problems == ()


def test_a_relative_path_starts_from_the_directory(world: World) -> None:
    world.write_project("server: {port: x}")
    validation = validate_file(
        Path(".loki/config.yaml"), environ={}, directory=world.project, user_home=world.user_home
    )
    assert validation.problems[0].message.startswith("./.loki/config.yaml:1: server.port")


def test_keys_that_are_left_alone_but_look_like_ours_are_pointed_out(world: World) -> None:
    path = world.write_home("tokens: {x: 1}\nEnterprise: {}\nenterprise:\n  token: {a: 1}\n  siem: 1\nmodel: x\n")
    notes = validate(world, path).notes
    assert [note.split(": ", 1)[1] for note in notes] == [
        "'tokens' is left alone; enterprise.tokens is ours",
        "'Enterprise' is left alone; enterprise is ours",
        "'enterprise.token' is left alone; enterprise.tokens is ours",
    ]

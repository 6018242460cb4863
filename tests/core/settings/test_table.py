"""The table of keys and the sections of Settings say the same."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from loki_core.settings import Settings
from loki_core.settings.description import describe, get_value
from loki_core.settings.keys import KEYS
from loki_core.settings.strictness import never
from tests.core.settings.conftest import World

_NOT_KEYS = {"home", "origins", "ignored", "files", "auth.is_forced_off"}

DESIGN_NEEDS_TRUST = """
enterprise.auth.oidc.issuer enterprise.auth.oidc.client_id enterprise.auth.oidc.audience enterprise.auth.oidc.scopes
enterprise.auth.oidc.client_secret enterprise.auth.oidc.client_secret_file enterprise.auth.oidc.ca_file
enterprise.auth.oidc.roles_claim enterprise.auth.oidc.role_mapping enterprise.auth.oidc.default_role
enterprise.auth.oidc.allowed_domains enterprise.auth.oidc.allowed_subjects enterprise.auth.oidc.allowed_clients
enterprise.rbac.custom_roles enterprise.rbac.custom_scopes enterprise.audit.second_sink
enterprise.audit.syslog.ca_file
enterprise.tls.cert enterprise.tls.key server.host server.public_url server.trusted_proxies
session.command session.sinks store.url
"""


def _list_paths(section: Any, prefix: str = "") -> set[str]:
    paths = set()
    for field in fields(section):
        name, value = prefix + field.name, getattr(section, field.name)
        paths |= _list_paths(value, f"{name}.") if is_dataclass(value) else {name}
    return paths


def test_every_key_has_its_field_and_every_field_its_key() -> None:
    settings = Settings(home=Path("/x"))
    assert {".".join(key.path) for key in KEYS} == _list_paths(settings) - _NOT_KEYS


def test_the_defaults_of_the_table_are_those_of_the_sections() -> None:
    settings = Settings(home=Path("/x"))
    assert {key.name: get_value(settings, key) for key in KEYS} == {key.name: key.default for key in KEYS}


def test_the_keys_that_need_trust_are_those_of_the_design() -> None:
    assert {key.name for key in KEYS if key.needs_trust} == set(DESIGN_NEEDS_TRUST.split())


def test_nothing_is_stricter_about_a_key_that_needs_trust() -> None:
    assert {key.is_stricter for key in KEYS if key.needs_trust} == {never}


def test_no_two_keys_share_a_variable() -> None:
    names = [variable.name for key in KEYS for variable in key.variables]
    assert len(names) == len(set(names))


def test_describe_shows_value_origin_and_what_is_ignored_with_secrets_masked(world: World) -> None:
    world.write_home("enterprise: {auth: {oidc: {client_secret: hunter2}}}\nserver:\n  port: 81\n")
    world.write_project("server:\n  port: 82\n")
    lines = {line.key: line for line in describe(world.load(LOKI_TLS_ENABLED="true"))}
    assert len(lines) == len(KEYS)
    assert lines["server.port"].value == "81"
    assert lines["server.port"].origin == "~/.loki/config.yaml:3"
    assert lines["server.port"].note.startswith("the project's line 2 is ignored: not stricter")
    assert lines["enterprise.tls.enabled"][1:3] == ("true", "environment variable LOKI_TLS_ENABLED")
    assert lines["enterprise.auth.oidc.client_secret"].value == "***"
    assert lines["enterprise.tokens.max_expiration_days"][1:] == ("not set", "default", "")
    assert lines["session.sinks"].value == "none"
    assert "hunter2" not in repr(lines)


def test_describe_lets_no_control_character_through(world: World) -> None:
    world.write_home('session: {command: [x, "\\e[31m"], sinks: {a: ["\\x9b", loki_AAAAAAAAAAAAAAAAAAAAAA]}}')
    for line in describe(world.load()):
        assert "".join(line).isprintable()
        assert "AAAAAAAAAAAA" not in "".join(line)

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from loki_core.errors import ConfigurationError, StorageError
from loki_core.settings.keys import KEYS
from loki_core.settings.trust import forget_project, trust_project
from tests.core.settings.conftest import World, write

PLANTED = """
enterprise:
  auth:
    enabled: false
    oidc:
      issuer: https://evil.example
      client_id: evil
      ca_file: evil.pem
      allowed_domains: [evil.example]
      default_role: admin
  tokens: {default_expiration_days: 3650, allow_never: true, rotation_grace_hours: 720}
  rbac:
    custom_roles: {viewers: {scopes: ["*"]}}
  sessions: {idle_minutes: 10000, absolute_hours: 700}
  audit:
    enabled: false
    retention_days: 1
    max_file_size: 1
    second_sink: evil
    syslog: {host: evil.example, port: 6514, proto: tcp}
  tls: {enabled: false, cert: evil.pem, key: evil.pem}
server: {host: 0.0.0.0, port: 8081, public_url: https://evil.example, trusted_proxies: [10.0.0.0/8]}
session: {command: [sh, -c, evil], sinks: {evil: [sh]}}
store: {url: "evil://x", allow_network_fs: true}
"""


def trust(world: World, **environ: str) -> None:
    trust_project({**world.environ, **environ}, world.project, user_home=world.user_home)


def test_a_planted_configuration_in_a_cloned_repository_changes_nothing_and_is_listed(world: World) -> None:
    world.write_home("enterprise: {auth: {enabled: true}, tls: {enabled: true}}")
    before = world.load()
    world.write_project(PLANTED)
    after = world.load()
    for section in ("auth", "tokens", "rbac", "sessions", "audit", "tls", "server", "session", "store"):
        assert getattr(after, section) == getattr(before, section)
    ignored = {entry.key: entry for entry in after.ignored}
    assert {"enterprise.auth.enabled", "session.command", "server.port", "store.url"} <= ignored.keys()
    assert ignored["enterprise.auth.oidc.issuer"].line == 6
    assert ignored["enterprise.auth.oidc.issuer"].file == world.project_file
    assert ignored["enterprise.auth.oidc.issuer"].reason == "not trusted"
    assert "not stricter" in ignored["enterprise.auth.enabled"].reason


def test_a_trusted_project_file_counts_in_full(world: World) -> None:
    world.write_project(PLANTED)
    trust(world)
    settings = world.load()
    assert settings.ignored == ()
    assert settings.auth.oidc.issuer == "https://evil.example"
    assert settings.session.command == ("sh", "-c", "evil")
    assert settings.audit.enabled is False


def test_a_trusted_file_that_changes_is_trusted_no_longer(world: World) -> None:
    world.write_project("server: {port: 81}")
    trust(world)
    assert world.load().server.port == 81
    world.write_project("server: {port: 82}")
    settings = world.load()
    assert settings.server.port == 57374
    assert settings.ignored[0].reason.endswith("changed since it was trusted")
    world.write_project("server: {port: 81}")
    assert world.load().server.port == 81


def test_trust_holds_for_one_path_and_not_for_a_copy_elsewhere(world: World, tmp_path: Path) -> None:
    world.write_project("server: {port: 81}")
    trust(world)
    copy = World(user_home=world.user_home, project=tmp_path / "copy")
    copy.write_project("server: {port: 81}")
    assert copy.load().server.port == 57374


def test_trust_is_not_laundered_through_a_linked_directory(world: World, tmp_path: Path) -> None:
    world.write_project("server: {port: 81}")
    trust(world)
    clone = World(user_home=world.user_home, project=tmp_path / "clone")
    clone.project.mkdir()
    (clone.project / ".loki").symlink_to(world.project / ".loki")
    assert clone.load().server.port == 57374


def test_a_project_that_is_reached_through_a_link_is_the_same_project(world: World, tmp_path: Path) -> None:
    world.write_project("server: {port: 81}")
    trust(world)
    (tmp_path / "link").symlink_to(world.project)
    assert World(user_home=world.user_home, project=tmp_path / "link").load().server.port == 81


def test_trust_can_be_taken_back(world: World) -> None:
    world.write_project("server: {port: 81}")
    trust(world)
    assert forget_project({}, world.project, user_home=world.user_home) is True
    assert forget_project({}, world.project, user_home=world.user_home) is False
    assert world.load().server.port == 57374


def test_what_changed_between_looking_and_trusting_is_not_trusted(world: World) -> None:
    world.write_project("server: {port: 81}")
    with pytest.raises(ConfigurationError, match="changed while you were looking"):
        trust_project({}, world.project, user_home=world.user_home, sha256="0" * 64)
    assert not (world.user_home / ".loki").exists()


def test_there_must_be_something_to_trust(world: World) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        trust(world)


def test_a_broken_project_file_is_not_trusted(world: World) -> None:
    world.write_project("server: {port: x}")
    with pytest.raises(ConfigurationError, match=r"\./\.loki/config\.yaml:1: server\.port"):
        trust(world)


def test_an_inline_secret_in_a_project_file_is_refused_trusted_or_not(world: World) -> None:
    world.write_project("enterprise: {auth: {oidc: {client_secret: hunter2}}}")
    error = world.fail()
    assert "enterprise.auth.oidc.client_secret: a secret must not stand in a project's file" in error.message
    assert "hunter2" not in str(error)
    with pytest.raises(ConfigurationError, match="must not stand"):
        trust(world)


def test_an_inline_secret_in_the_home_file_is_taken_when_only_the_owner_can_read_it(world: World) -> None:
    world.write_home("enterprise: {auth: {oidc: {client_secret: hunter2}}}")
    secret = world.load().auth.oidc.client_secret
    assert secret is not None
    assert secret.reveal() == "hunter2"
    assert "hunter2" not in repr(world.load())
    os.chmod(world.home_file, 0o644)
    assert world.fail().remedy == f"chmod 600 {world.home_file}"


# The table of what an untrusted project may tighten: key, what holds without it, what counts, what does not.
STRICTER = [
    ("enterprise.auth.enabled", "false", "true", None),
    ("enterprise.auth.enabled", "true", None, "false"),
    ("enterprise.tokens.default_expiration_days", "30", "29", "31"),
    ("enterprise.tokens.max_expiration_days", "100", "99", "101"),
    ("enterprise.tokens.max_expiration_days", "100", "99", "null"),
    ("enterprise.tokens.max_expiration_days", "null", "100", None),
    ("enterprise.tokens.max_active_per_user", "5", "4", "6"),
    ("enterprise.tokens.allow_never", "true", "false", None),
    ("enterprise.tokens.allow_never", "false", None, "true"),
    ("enterprise.tokens.rotation_grace_hours", "10", "0", "11"),
    ("enterprise.sessions.idle_minutes", "10", "9", "11"),
    ("enterprise.sessions.absolute_hours", "10", "9", "11"),
    ("enterprise.audit.enabled", "false", "true", None),
    ("enterprise.audit.enabled", "true", None, "false"),
    ("enterprise.audit.retention_days", "10", "11", "9"),
    ("enterprise.audit.max_file_size", "10", None, "9"),
    ("enterprise.audit.max_file_size", "10", None, "11"),
    ("enterprise.audit.syslog.host", "a", None, "b"),
    ("enterprise.audit.syslog.host", "a", None, "null"),
    ("enterprise.tls.enabled", "false", "true", None),
    ("enterprise.tls.enabled", "true", None, "false"),
    ("server.port", "81", None, "82"),
    ("store.allow_network_fs", "true", "false", None),
    ("store.allow_network_fs", "false", None, "true"),
]


def spell(key: str, value: str) -> str:
    *sections, name = key.split(".")
    return "".join(f"{section}: {{" for section in sections) + f"{name}: {value}" + "}" * len(sections)


@pytest.mark.parametrize(("key", "base", "stricter", "looser"), STRICTER)
def test_an_untrusted_project_may_tighten_and_not_loosen(
    world: World, key: str, base: str, stricter: str | None, looser: str | None
) -> None:
    world.write_home(spell(key, base))
    if stricter is not None:
        world.write_project(spell(key, stricter))
        settings = world.load()
        assert settings.ignored == ()
        assert settings.get_origin(key).file == world.project_file
    if looser is not None:
        world.write_project(spell(key, looser))
        settings = world.load()
        assert [entry.key for entry in settings.ignored] == [key]
        assert settings.get_origin(key).file == world.home_file


def test_every_key_that_needs_no_trust_is_in_the_table_of_what_may_be_tightened() -> None:
    listed = {row[0] for row in STRICTER}
    free = {key.name for key in KEYS if not key.needs_trust}
    assert free - listed == {"enterprise.audit.syslog.port", "enterprise.audit.syslog.proto"}


def test_a_project_does_not_open_the_door_to_tokens_where_only_the_provider_signs_in(world: World) -> None:
    world.write_home("enterprise: {auth: {oidc: {issuer: 'https://idp.example', client_id: loki}}}")
    world.write_project("enterprise: {auth: {enabled: true}}")
    settings = world.load()
    assert settings.auth.accepts_tokens is False
    assert [entry.key for entry in settings.ignored] == ["enterprise.auth.enabled"]


def test_a_project_that_repeats_what_holds_is_not_listed(world: World) -> None:
    world.write_home("server: {host: 0.0.0.0}")
    world.write_project("server: {host: 0.0.0.0, port: 57374}")
    assert world.load().ignored == ()


def test_a_projects_shorter_maximum_cuts_the_home_files_default_instead_of_failing(world: World) -> None:
    world.write_home("enterprise: {tokens: {default_expiration_days: 60}}")
    world.write_project("enterprise: {tokens: {max_expiration_days: 30}}")
    assert world.load().tokens.default_expiration_days == 30


def test_a_trusted_projects_default_above_the_home_files_maximum_is_an_error(world: World) -> None:
    world.write_home("enterprise: {tokens: {default_expiration_days: 20, max_expiration_days: 30}}")
    world.write_project("enterprise: {tokens: {default_expiration_days: 60}}")
    assert world.load().tokens.default_expiration_days == 20
    trust(world)
    assert "./.loki/config.yaml:1: enterprise.tokens.default_expiration_days is 60" in world.fail().message


def test_the_record_of_trust_is_private_and_written_whole(world: World) -> None:
    world.write_project("server: {port: 81}")
    old = os.umask(0)
    try:
        trust(world)
    finally:
        os.umask(old)
    record = world.user_home / ".loki" / "trusted.json"
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert stat.S_IMODE(record.parent.stat().st_mode) == 0o700
    assert sorted(os.listdir(record.parent)) == [".trusted.lock", "trusted.json"]
    assert list(json.loads(record.read_text())["files"]) == [str(world.project_file.resolve())]


def test_projects_that_are_trusted_at_once_are_all_remembered(world: World, tmp_path: Path) -> None:
    worlds = [World(user_home=world.user_home, project=tmp_path / f"p{number}") for number in range(12)]
    for each in worlds:
        each.write_project("server: {port: 81}")
    threads = [threading.Thread(target=trust, args=(each,)) for each in worlds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.load().server.port for each in worlds] == [81] * 12


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": {"a": 1}}', "\xff", "[" * 100_000])
def test_a_damaged_record_of_trust_is_an_error_and_not_no_trust(world: World, text: str) -> None:
    world.write_project("server: {port: 81}")
    write(world.user_home / ".loki" / "trusted.json", text)
    assert "~/.loki/trusted.json: damaged" in world.fail().message


def test_a_record_of_trust_that_others_can_write_is_not_believed(world: World) -> None:
    world.write_project("server: {port: 81}")
    trust(world)
    os.chmod(world.user_home / ".loki" / "trusted.json", 0o666)
    assert "others can write it" in world.fail().message


def test_a_record_of_trust_that_is_a_link_is_not_believed(world: World, tmp_path: Path) -> None:
    world.write_project("server: {port: 81}")
    trust(world)
    record = world.user_home / ".loki" / "trusted.json"
    record.rename(tmp_path / "planted.json")
    record.symlink_to(tmp_path / "planted.json")
    assert "symbolic link" in world.fail().message


def test_trust_that_cannot_be_written_is_a_storage_error(world: World) -> None:
    world.write_project("server: {port: 81}")
    write(world.user_home / ".loki", "a file")
    with pytest.raises(StorageError, match="cannot be written"):
        trust(world)

from __future__ import annotations

import os
from pathlib import Path

from loki_core.settings import Settings, load_settings
from loki_core.settings.assembly import assemble_settings
from loki_core.settings.places import find_places
from tests.core.settings.conftest import World, write

GUIDE = """
enterprise:
  auth:
    enabled: true
    oidc:
      issuer: https://accounts.google.com
      client_id: your-client-id.apps.googleusercontent.com
      audience: your-client-id.apps.googleusercontent.com
  tokens:
    default_expiration_days: 90
    max_active_per_user: 10
"""


def test_with_nothing_configured_the_defaults_hold_and_nothing_is_created(world: World) -> None:
    settings = world.load()
    assert settings == Settings(home=world.user_home / ".loki")
    assert settings.dashboard == world.user_home / ".loki" / "dashboard"
    assert not settings.auth.is_on
    assert os.listdir(world.user_home) == os.listdir(world.project) == []


def test_the_short_way_with_nothing_configured_gives_what_the_long_way_gives(world: World) -> None:
    long_way = assemble_settings({}, find_places({}, world.project, world.user_home))
    assert world.load() == long_way


def test_the_guides_file_works_as_typed(world: World) -> None:
    world.write_home(GUIDE)
    settings = world.load()
    assert settings.auth.is_on
    assert settings.auth.accepts_tokens
    assert settings.auth.accepts_oidc
    assert settings.auth.oidc.issuer == "https://accounts.google.com"
    assert settings.tokens.max_active_per_user == 10
    assert settings.files == (world.home_file,)


def test_the_environment_beats_the_project_which_beats_the_home_file(world: World) -> None:
    world.write_home(
        "enterprise: {tokens: {default_expiration_days: 80, rotation_grace_hours: 20}, tls: {enabled: no}}"
    )
    world.write_project("enterprise: {tokens: {default_expiration_days: 70}, tls: {enabled: true}}")
    settings = world.load(LOKI_TLS_ENABLED="false")
    assert settings.tokens.default_expiration_days == 70
    assert settings.tokens.rotation_grace_hours == 20
    assert settings.tls.enabled is False
    assert str(settings.get_origin("enterprise.tokens.default_expiration_days")) == "./.loki/config.yaml:1"
    assert str(settings.get_origin("enterprise.tokens.rotation_grace_hours")) == "~/.loki/config.yaml:1"
    assert str(settings.get_origin("enterprise.tls.enabled")) == "environment variable LOKI_TLS_ENABLED"
    assert str(settings.get_origin("enterprise.tokens.allow_never")) == "default"


def test_loki_config_names_one_file_instead_of_the_others(world: World, tmp_path: Path) -> None:
    world.write_home("enterprise: {tokens: {default_expiration_days: 80}}")
    world.write_project("enterprise: {tokens: {default_expiration_days: 70}}")
    named = write(tmp_path / "other.yaml", "server: {port: 9000, host: 0.0.0.0}")
    settings = world.load(LOKI_CONFIG=str(named))
    assert settings.tokens.default_expiration_days == 90
    assert (settings.server.port, settings.server.host) == (9000, "0.0.0.0")
    assert settings.files == (named,)


def test_a_file_that_loki_config_names_must_exist(world: World) -> None:
    assert "LOKI_CONFIG names ./absent.yaml" in world.fail(LOKI_CONFIG="absent.yaml").message


def test_the_null_device_as_loki_config_means_no_file(world: World) -> None:
    world.write_home("server: {port: 1}")
    assert world.load(LOKI_CONFIG="/dev/null").server.port == 57374


def test_loki_home_moves_the_home_file_and_the_store(world: World, tmp_path: Path) -> None:
    world.write_home("server: {port: 1}")
    write(tmp_path / "moved" / "config.yaml", "server: {port: 2}")
    settings = world.load(LOKI_HOME=str(tmp_path / "moved"))
    assert settings.server.port == 2
    assert settings.dashboard == tmp_path / "moved" / "dashboard"


def test_a_tilde_in_loki_home_is_the_users_home(world: World) -> None:
    assert world.load(LOKI_HOME="~/elsewhere").home == world.user_home / "elsewhere"


def test_in_the_home_directory_the_project_file_is_the_home_file_and_counts_once(world: World) -> None:
    world.write_home("server: {host: 0.0.0.0}")
    settings = load_settings({}, world.user_home, user_home=world.user_home)
    assert settings.server.host == "0.0.0.0"
    assert settings.files == (world.home_file,)
    assert settings.ignored == ()


def test_the_users_own_file_is_called_by_its_own_name_from_everywhere(world: World) -> None:
    world.write_home("server: {port: 81}")
    for directory in (world.user_home, world.project, Path("/")):
        settings = load_settings({}, directory, user_home=world.user_home)
        assert str(settings.get_origin("server.port")) == "~/.loki/config.yaml:1"


def test_in_the_home_directory_a_linked_home_file_is_not_taken_for_a_planted_link(world: World, tmp_path: Path) -> None:
    dotfile = write(tmp_path / "dotfiles" / "loki.yaml", "server: {port: 81}")
    world.home_file.parent.mkdir(mode=0o700)
    world.home_file.symlink_to(dotfile)
    assert load_settings({}, world.user_home, user_home=world.user_home).server.port == 81


def test_an_empty_variable_counts_as_absent(world: World) -> None:
    world.write_home("enterprise: {auth: {enabled: true}}")
    assert world.load(LOKI_ENTERPRISE_AUTH="", LOKI_HOME="", LOKI_CONFIG="", LOKI_PORT=" ").auth.enabled is True


def test_an_empty_file_or_one_with_comments_alone_says_nothing(world: World) -> None:
    for text in ("", "# nothing\n", "---\n", "~\n", "\ufeff", "enterprise:\n", "enterprise:\n  tokens:\n"):
        world.write_home(text)
        assert world.load().tokens == Settings(home=Path()).tokens


def test_relative_paths_start_beside_the_file_or_here_for_a_variable(world: World) -> None:
    world.write_home("enterprise: {tls: {cert: tls/cert.pem}}")
    settings = world.load(LOKI_TLS_KEY="key.pem")
    assert settings.tls.cert == world.user_home / ".loki" / "tls" / "cert.pem"
    assert settings.tls.key == world.project / "key.pem"


def test_a_default_life_that_nobody_set_gives_way_to_a_shorter_maximum(world: World) -> None:
    world.write_home("enterprise: {tokens: {max_expiration_days: 30}}")
    settings = world.load()
    assert settings.tokens.default_expiration_days == 30
    assert str(settings.get_origin("enterprise.tokens.default_expiration_days")) == "~/.loki/config.yaml:1"


def test_a_default_life_above_the_maximum_beside_it_is_an_error_with_its_line(world: World) -> None:
    world.write_home("enterprise:\n  tokens:\n    max_expiration_days: 30\n    default_expiration_days: 60\n")
    error = world.fail()
    assert error.message.startswith("~/.loki/config.yaml:4: enterprise.tokens.default_expiration_days is 60")
    assert "at most 30" in error.remedy


def test_the_public_url_follows_port_and_tls_unless_it_is_set(world: World) -> None:
    assert world.load(LOKI_PORT="8080", LOKI_TLS_ENABLED="1").server.public_url == "https://localhost:8080"
    assert world.load(LOKI_PUBLIC_URL="https://loki.example/").server.public_url == "https://loki.example"


def test_the_second_sink_is_a_path_or_the_word_syslog(world: World) -> None:
    for text, expected in [
        ("syslog", "syslog"),
        ("~/heads", world.user_home / "heads"),
        ("heads", world.user_home / ".loki" / "heads"),
        ("/var/log/loki/heads", Path("/var/log/loki/heads")),
    ]:
        world.write_home(f"enterprise: {{audit: {{second_sink: {text}}}}}")
        assert world.load(LOKI_AUDIT_SYSLOG_HOST="loghost").audit.second_sink == expected

from __future__ import annotations

import pytest

from tests.core.settings.conftest import World

SECRET = "loki_" + "A" * 49


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("abc", "is text, not a whole number"),
        ("true", "is true or false, not a whole number"),
        ("yes", "is true or false, not a whole number"),
        ("1.5", "is a number, not a whole number"),
        ("'30'", "is text, not a whole number"),
        ("null", "is nothing, not a whole number"),
        ("0", "is 0"),
        ("-5", "is -5"),
        ("99999999", "is 99999999"),
        ("0x10", "is not in plain digits"),
        ("1:30", "is not in plain digits"),
        ("9" * 5000, "is not in plain digits, or too long"),
        ("[30]", "is a list, not a whole number"),
        ("{a: 1}", "is a mapping, not a whole number"),
        ("!!int abc", "is not in plain digits"),
        ("!mine 30", "is a value with a tag, not a whole number"),
        (".inf", "is a number, not a whole number"),
        ("2026-01-01", "is text, not a whole number"),
    ],
)
def test_an_expiration_that_is_no_number_of_days_is_refused_with_file_and_line(
    world: World, value: str, what: str
) -> None:
    world.write_home(f"enterprise:\n  tokens:\n\n    default_expiration_days: {value}\n")
    error = world.fail()
    assert error.message.startswith(f"~/.loki/config.yaml:4: enterprise.tokens.default_expiration_days {what}")
    assert error.remedy == "write a whole number of days, 1 to 36500"
    assert error.code == "invalid_configuration"


@pytest.mark.parametrize("value", ["1", "'true'", "maybe", "null", "[true]"])
def test_a_flag_that_is_not_true_or_false_is_refused(world: World, value: str) -> None:
    world.write_home(f"enterprise: {{tokens: {{allow_never: {value}}}}}")
    assert world.fail().remedy == "write true or false"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LOKI_ENTERPRISE_AUTH", "maybe"),
        ("LOKI_TLS_ENABLED", "2"),
        ("LOKI_AUDIT_DISABLED", "nope"),
        ("LOKI_PORT", "http"),
        ("LOKI_PORT", "0"),
        ("LOKI_PORT", "70000"),
        ("LOKI_PORT", "1" * 30),
        ("LOKI_PORT", "٣"),
        ("LOKI_AUDIT_SYSLOG_PORT", "-1"),
        ("LOKI_AUDIT_SYSLOG_PROTO", "smtp"),
        ("LOKI_PUBLIC_URL", "localhost:1"),
        ("LOKI_STORE_URL", "postgres"),
        ("LOKI_HOST", "a b"),
        ("LOKI_OIDC_ALLOWED_DOMAINS", ","),
        ("LOKI_OIDC_ALLOWED_DOMAINS", "*"),
        ("LOKI_OIDC_SCOPES", 'a"b'),
        ("LOKI_OIDC_CLIENT_ID", "a\x1b[31mb"),
        ("LOKI_OIDC_CA_FILE", "a\nb"),
        ("LOKI_OIDC_DEFAULT_ROLE", "\udcff"),
    ],
)
def test_a_variable_with_a_bad_value_is_named_and_its_value_is_not_repeated(
    world: World, variable: str, value: str
) -> None:
    error = world.fail(**{variable: value})
    assert error.message.startswith(variable)
    assert str(error).isprintable()


@pytest.mark.parametrize("value", ["true", "TRUE", "yes", "on", "1", " True "])
def test_a_variable_is_true_in_every_usual_spelling(world: World, value: str) -> None:
    assert world.load(LOKI_ENTERPRISE_AUTH=value).auth.enabled is True


@pytest.mark.parametrize(
    ("text", "line", "nearest"),
    [
        ("enterprise:\n  tokens:\n    default_expiry_days: 3\n", 3, "did you mean default_expiration_days?"),
        ("enterprise:\n  auth:\n    oidc:\n      clientid: x\n", 4, "did you mean client_id?"),
        ("enterprise:\n  audit:\n    syslog:\n      hosts: x\n", 4, "did you mean host?"),
        ("server:\n  prot: 1\n", 2, "did you mean port?"),
        ("session:\n  zzz: 1\n", 2, "known: command, sinks"),
        ("enterprise:\n  rbac:\n    custom_roles:\n      ops: {scope: [read]}\n", 4, "did you mean scopes?"),
        ("store:\n  ? [a, b]\n  : 1\n", 2, "known: url, allow_network_fs"),
    ],
)
def test_an_unknown_key_in_our_sections_is_refused_with_the_nearest_offered(
    world: World, text: str, line: int, nearest: str
) -> None:
    world.write_home(text)
    error = world.fail()
    assert error.message.startswith(f"~/.loki/config.yaml:{line}: ")
    assert error.remedy == nearest


def test_what_is_not_ours_is_left_alone(world: World) -> None:
    world.write_home(
        "core: {x: !mine 1}\n? [a]\n: b\ncore: again\nenterprise:\n  siem: {<<: *a, <<: 3}\n  3: 4\n".replace(
            "*a", "{}"
        )
        + "model: &a {b: c}\nother: *a\nserver: {port: 81}\n"
    )
    assert world.load().server.port == 81


@pytest.mark.parametrize("text", ["server: 8080", "enterprise: true", "enterprise: {tokens: [90]}", "store: file"])
def test_a_section_of_ours_that_is_no_mapping_is_refused(world: World, text: str) -> None:
    world.write_home(text)
    assert "not a mapping" in world.fail().message


@pytest.mark.parametrize(
    "text",
    [
        "enterprise: {tokens: {allow_never: false, allow_never: true}}",
        "enterprise: {tokens: {allow_never: false, 'allow_never': true}}",
        "enterprise: {tokens: {allow_never: false}}\nenterprise: {tokens: {allow_never: true}}",
        "enterprise: {tokens: {allow_never: false}, tokens: {allow_never: true}}",
        "enterprise: {auth: {oidc: {role_mapping: {a: viewer, a: admin}}}}",
        "enterprise: {rbac: {custom_roles: {a: {scopes: [read]}, a: {scopes: ['*']}}}}",
        "enterprise: {rbac: {custom_roles: {a: {scopes: [read], scopes: ['*']}}}}",
        "session: {sinks: {a: [x], a: [y]}}",
    ],
)
def test_duplicate_key_smuggling_is_refused(world: World, text: str) -> None:
    world.write_home(text)
    assert "twice, first on line 1" in world.fail().message


@pytest.mark.parametrize(
    "text",
    [
        "x: &x {enabled: true}\nenterprise: {auth: {<<: *x}}",
        "x: &x {auth: {enabled: true}}\nenterprise: {<<: *x}",
        "x: &x {enterprise: {auth: {enabled: true}}}\n<<: *x",
        "x: &x {a: admin}\nenterprise: {auth: {oidc: {role_mapping: {<<: *x}}}}",
    ],
)
def test_merge_key_smuggling_is_refused(world: World, text: str) -> None:
    world.write_home(text)
    assert "merge key" in world.fail().message


def test_an_alias_to_a_value_is_followed(world: World) -> None:
    world.write_home("a: &days 30\nenterprise: {tokens: {default_expiration_days: *days}}")
    assert world.load().tokens.default_expiration_days == 30


@pytest.mark.parametrize(
    "text",
    [
        f"enterprise: {{tokens: {{{SECRET}: 1}}}}",
        f"enterprise: {{tokens: {{default_expiration_days: {SECRET}}}}}",
        f"enterprise: {{auth: {{oidc: {{default_role: {SECRET}}}}}}}",
        f"enterprise: {{auth: {{oidc: {{role_mapping: {{{SECRET}: nobody}}}}}}}}",
        f"enterprise: {{auth: {{oidc: {{role_mapping: {{{SECRET}: 3}}}}}}}}",
        f"enterprise: {{auth: {{oidc: {{role_mapping: {{a: {SECRET}}}}}}}}}",
        f"enterprise: {{auth: {{oidc: {{issuer: {SECRET}}}}}}}",
        f"enterprise: {{rbac: {{custom_roles: {{{SECRET}: {{}}}}}}}}",
        f"enterprise: {{rbac: {{custom_roles: {{a: {{scopes: {SECRET}}}}}}}}}",
        f"enterprise: {{rbac: {{custom_scopes: {{{SECRET}: }}}}}}",
        f"{SECRET}",
        f"server: {{port: *{SECRET}}}",
        f"server: {{port: !{SECRET} 1}}",
        f"server: {{host: '{SECRET} x'}}",
        f"a: b: {SECRET}",
        f"session: {{command: {SECRET}}}",
        f"store: {{url: {SECRET}}}",
    ],
)
def test_a_secret_in_the_wrong_line_is_not_repeated(world: World, text: str) -> None:
    world.write_home(text)
    error = world.fail()
    assert "A" * 10 not in str(error) + repr(error) + repr(error.__cause__)


def test_control_characters_of_a_key_do_not_reach_the_message(world: World) -> None:
    world.write_home('enterprise: {tokens: {"a\\e[31m\\nb\u202e": 1}}')
    assert str(world.fail()).isprintable()


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@h/db", "postgresql://h/db?password=hunter2"])
def test_a_store_address_does_not_show_its_password(world: World, url: str) -> None:
    from loki_core.settings.description import describe

    settings = world.load(LOKI_STORE_URL=url)
    assert settings.store.url == url
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(describe(settings))


@pytest.mark.parametrize("network", ["10.0.0.7", "10.0.0.0/24", "::1", "fd00::/8"])
def test_a_proxy_may_be_an_address_or_a_network(world: World, network: str) -> None:
    world.write_home(f"server: {{trusted_proxies: ['{network}']}}")
    assert world.load().server.trusted_proxies == (network,)


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "*", "proxy.example"])
def test_trusting_every_proxy_is_refused(world: World, network: str) -> None:
    world.write_home(f"server: {{trusted_proxies: ['{network}']}}")
    world.fail()


def test_commands_and_sinks_are_lists_of_arguments(world: World) -> None:
    world.write_home("session: {command: [run, --prd, '{prd}', ''], sinks: {gh: [gh, secret, set, X]}}")
    session = world.load().session
    assert session.command == ("run", "--prd", "{prd}", "")
    assert dict(session.sinks) == {"gh": ("gh", "secret", "set", "X")}


@pytest.mark.parametrize("command", ["run it", "[]", "[1]", "['']", "{a: b}", '["a\\0"]'])
def test_a_command_that_names_no_program_is_refused(world: World, command: str) -> None:
    world.write_home(f"session: {{command: {command}}}")
    assert "session.command" in world.fail().message

"""Bad input: one line with the remedy, its exit status, and a file that was not touched."""

from __future__ import annotations

import shlex

import pytest

from tests.core.cli.program import Program

# The line, its exit status, its code, and what its one line says.
BAD = [
    ("token generate x --scopes reed", 2, "unknown_scope", "unknown scope 'reed': did you mean read?"),
    ("token generate x --scopes 'read,wrte'", 2, "unknown_scope", "did you mean write?"),
    ("token generate x --scopes ','", 2, "invalid_scopes", "no scope is named"),
    ("token generate x --scopes ''", 2, "empty_argument", "--scopes is empty"),
    ("token generate x --role vewer", 2, "unknown_role", "unknown role 'vewer': did you mean viewer?"),
    ("token generate x --role viewer --scopes write", 2, "role_scopes_differ", "role viewer means read, not write"),
    ("token generate x --expires 0", 2, "invalid_expiry", "the expiry is 0 days"),
    ("token generate x --expires -5", 2, "invalid_expiry", "the expiry is not a number of days"),
    ("token generate x --expires=-5", 2, "invalid_expiry", "the expiry is not a number of days"),
    ("token generate x --expires soon", 2, "invalid_expiry", "the expiry is not a number of days"),
    ("token generate x --expires 1.5", 2, "invalid_expiry", "the expiry is not a number of days"),
    ("token generate x --expires ''", 2, "empty_argument", "--expires is empty"),
    ("token generate x --expires 36501", 2, "invalid_expiry", "more than a century away"),
    ("token generate x --expires 99999999999999999999", 2, "invalid_expiry", "the expiry is not a number of days"),
    ("token generate x --expires 2020-01-01", 2, "invalid_expiry", "the expiry is in the past"),
    ("token generate x --expires 2026-02-30", 2, "invalid_expiry", "the expiry is not a number of days"),
    ("token generate ''", 2, "invalid_name", "the name is empty"),
    ("token generate '  '", 2, "invalid_name", "the name is blank"),
    ("token generate ' x'", 2, "invalid_name", "begins or ends with white space"),
    (f"token generate {'n' * 300}", 2, "invalid_name", "the name has 300 characters: use at most 255"),
    (shlex.join(["token", "generate", "a\x1b[2Jb"]), 2, "invalid_name", "cannot be printed"),
    (shlex.join(["token", "generate", "a\nb"]), 2, "invalid_name", "cannot be printed"),
    (shlex.join(["token", "generate", "a\u202eb"]), 2, "invalid_name", "direction of text"),
    ("token generate tok-0123456789ab", 2, "invalid_name", "looks like a token's id"),
    ("token generate 0123456789ab", 2, "invalid_name", "looks like a token's id"),
    ("token generate taken", 1, "name_taken", "the name is taken by tok-"),
    ("token generate", 2, "usage", "required: NAME: see loki enterprise token generate --help"),
    ("token generate x y", 2, "usage", "there is an argument too many"),
    ("token generate x --scope read", 2, "usage", "unknown option --scope: did you mean --scopes?"),
    ("token generate x --scopes", 2, "usage", "--scopes expected one argument"),
    ("token generate x --json=yes", 2, "usage", "--json takes no value"),
    ("token generate x --sink vault", 2, "unknown_sink", "unknown sink 'vault': none is configured"),
    ("token generate x --secret-file a --sink b", 2, "usage", "not allowed with argument"),
    ("token revoke", 2, "nothing_named", "no token is named"),
    ("token revoke ''", 2, "empty_argument", "NAME_OR_ID is empty"),
    ("token revoke taken ''", 2, "empty_argument", "NAME_OR_ID is empty"),
    ("token revoke --owner ''", 2, "empty_argument", "--owner is empty"),
    ("token revoke takn", 1, "not_found", "no token has the name or id takn: did you mean taken?"),
    ("token revoke taken nobody", 1, "not_found", "no token has the name or id nobody"),
    ("token rotate nobody", 1, "not_found", "no token has the name or id nobody"),
    ("token rotate taken --grace 721", 2, "invalid_grace", "the grace is not a whole number of hours"),
    ("token rotate taken --grace soon", 2, "invalid_grace", "--grace is not a number of hours"),
    ("token rotate taken --expires 0", 2, "invalid_expiry", "the expiry is 0 days"),
    ("token delete taken", 2, "not_confirmed", "add --yes"),
    ("token delete taken --yes", 1, "not_deletable", "revoke it first"),
    ("token show nobody", 1, "not_found", "no token has the name or id nobody"),
    ("token show", 2, "usage", "required: NAME_OR_ID"),
    ("token list --status activ", 2, "unknown_status", "unknown status 'activ': did you mean active?"),
    ("token list --sort size", 2, "unknown_sort_key", "known: name, id"),
    ("token list --expiring soon", 2, "invalid_span", "such as --expiring 14d"),
    ("token list --unused 0", 2, "invalid_span", "such as --unused 14d"),
    ("token verify", 2, "nothing_to_verify", "there is nothing to verify"),
    ("token explain", 2, "usage", "required: SCOPE"),
    ("token explain reed", 2, "unknown_scope", "did you mean read?"),
    ("token lst", 2, "usage", "unknown command lst: did you mean list?"),
    ("token", 2, "usage", "no command is given: see loki enterprise token --help"),
    ("tokens list", 2, "usage", "unknown command tokens: did you mean token?"),
    ("policy check max_expiration_day=3", 2, "invalid_policy", "did you mean max_expiration_days?"),
    ("policy check max_expiration_days=soon", 2, "invalid_policy", "not a whole number"),
    ("policy check max_expiration_days", 2, "invalid_policy", "KEY=VALUE"),
    ("config trust", 2, "invalid_configuration", "there is no such file"),
]


@pytest.mark.parametrize(("line", "status", "code", "says"), BAD, ids=[f"{each[0][:50]!a}" for each in BAD])
def test_bad_input_is_refused_in_one_line_and_changes_nothing(
    stocked: Program, line: str, status: int, code: str, says: str
) -> None:
    loki = stocked
    before = loki.store.read_bytes(), loki.store.stat().st_mtime_ns
    answer = loki(line)
    assert (answer.status, answer.out) == (status, "")
    assert answer.err.startswith("loki: ")
    assert says in answer.err
    assert answer.err.endswith("\n")
    assert answer.err[:-1].isprintable()
    if "--json" not in line:
        as_json = loki(f"{line} --json")
        assert (as_json.status, as_json.err) == (status, "")
        assert as_json.json["error"].keys() == {"code", "message", "remedy"}
        assert as_json.json["error"]["code"] == code
        assert as_json.json["error"]["remedy"]
    assert (loki.store.read_bytes(), loki.store.stat().st_mtime_ns) == before


def test_bad_input_on_an_empty_home_creates_nothing(loki: Program) -> None:
    assert loki("token generate x --scopes reed").status == 2
    assert list(loki.home.iterdir()) == []


def _configure(loki: Program, text: str) -> None:
    (loki.home / ".loki").mkdir(mode=0o700, exist_ok=True)
    (loki.home / ".loki" / "config.yaml").write_text(text)


def test_limits_of_the_policy_are_refusals_with_a_remedy(loki: Program) -> None:
    _configure(loki, "enterprise: {tokens: {max_active_per_user: 1, max_expiration_days: 30, allow_never: false}}\n")
    loki.do("token generate first")
    before = loki.store.read_bytes()
    for line, says in (
        ("token generate second", "active tokens of 1 allowed: revoke one, or raise"),
        ("token generate second --expires 31", "the policy allows at most 30 days: --expires 30 or less"),
        ("token generate second --expires never", "the policy forbids tokens that never expire: ask for at most 30"),
    ):
        answer = loki(line)
        assert (answer.status, answer.out, answer.err.count("\n")) == (1, "", 1)
        assert says in answer.err
    assert loki.store.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("enterprise: {tokens: {default_expiration_day: 3}}", "did you mean default_expiration_days?"),
        (
            "enterprise:\n  tokens:\n    max_expiration_days: soon",
            "config.yaml:3: enterprise.tokens.max_expiration_days",
        ),
        ("enterprise: [", "config.yaml"),
        ("\x00\x1b[2J", "config.yaml"),
    ],
)
def test_a_malformed_configuration_is_named_with_its_line(stocked: Program, text: str, says: str) -> None:
    loki = stocked
    before = loki.store.read_bytes()
    _configure(loki, text)
    answer = loki("token generate x")
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert says in answer.err
    assert answer.err[:-1].isprintable()
    assert loki("token list --json").json["error"]["code"] == "invalid_configuration"
    assert loki.store.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b'{"tokens":', b'{"version":"1.0"}', '{"tokens":{}}'.encode("utf-16")]
)
def test_a_store_that_is_none_is_refused_in_two_lines_and_left_alone(loki: Program, content: bytes) -> None:
    loki.store.parent.mkdir(mode=0o700, parents=True)
    loki.store.write_bytes(content)
    loki.store.chmod(0o600)
    for line in ("token list", "token generate x", "token revoke x"):
        answer = loki(line)
        assert (answer.status, answer.out) == (4, ""), line
        assert len(answer.err.splitlines()) == 2
        assert "tokens.json" in answer.err
    assert loki("status --json").json["error"]["remedy"]
    assert loki.store.read_bytes() == content


def test_a_directory_that_is_gone_is_said_in_one_line(loki: Program) -> None:
    gone = loki.directory / "gone"
    gone.mkdir()
    loki.argv = ["sh", "-c", 'cd gone && rmdir ../gone && exec "$@"', "sh", *loki.argv]
    answer = loki("token list")
    assert (answer.status, answer.err) == (2, "loki: the current directory is gone: cd to another\n")

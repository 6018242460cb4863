"""`token verify` and `token explain`: where the secret comes from, and what is said about it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.core.cli.program import DEADLINE, Program
from tests.support.fixtures import StartPty

UNKNOWN = "loki_" + "a" * 43


def test_a_good_secret_is_described(loki: Program) -> None:
    issued = loki.do("token generate ci-bot --role operator --expires never")
    assert loki.do("token verify", stdin=issued.secret).out == (
        f"Valid: ci-bot ({issued.token_id})\n"
        "Role: operator\nScopes: control, read, write\nIncludes: control, write, read\nExpires: never\n"
    )
    assert loki.do("token verify --json", stdin=issued.secret).json == {
        "valid": True,
        "principal": {
            "subject": issued.token_id,
            "name": "ci-bot",
            "role": "operator",
            "scopes": ["control", "read", "write"],
            "effective_scopes": ["control", "write", "read"],
            "method": "token",
            "expires_at": None,
        },
    }


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (UNKNOWN, "token_unknown"),
        ("loki_short", "token_unknown"),
        ("hunter2", "token_malformed"),
        ("loki_ä", "token_malformed"),
        ("two\nlines", "token_malformed"),
        ("eyJhbGciOiJub25lIn0.e30.", "invalid_token"),
    ],
)
def test_a_bad_secret_has_a_code_and_is_not_repeated(loki: Program, secret: str, code: str) -> None:
    loki.do("token generate ci-bot")
    as_json = loki("token verify --json", stdin=secret)
    assert (as_json.status, as_json.json, as_json.err) == (1, {"valid": False, "code": code}, "")
    answer = loki("token verify", stdin=secret)
    assert (answer.status, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert secret not in answer.err


def test_expired_revoked_and_deleted_secrets_say_what_they_are(loki: Program) -> None:
    revoked = loki.do("token generate one").secret
    loki.do("token revoke one")
    assert loki("token verify --json", stdin=revoked).json["code"] == "token_revoked"
    loki.do("token delete one --yes")
    assert loki("token verify --json", stdin=revoked).json["code"] == "token_revoked"
    assert loki.records == {}


def test_the_environment_comes_before_a_pipe_and_a_dash_before_the_environment(loki: Program, tmp_path: Path) -> None:
    one = loki.do("token generate one").secret
    two = loki.do("token generate two").secret
    file = tmp_path / "two.token"
    file.write_text(f"{two}\n")
    file.chmod(0o600)
    assert "Valid: one " in loki.do("token verify", stdin=two, env={"LOKI_TOKEN": one}).out
    assert "Valid: two " in loki.do("token verify", stdin=one, env={"LOKI_TOKEN_FILE": str(file)}).out
    assert "Valid: two " in loki.do("token verify -", stdin=f"{two}\n", env={"LOKI_TOKEN": one}).out
    assert "Valid: two " in loki.do("token verify", stdin=f"{two}\r\n").out
    both = loki("token verify", env={"LOKI_TOKEN": one, "LOKI_TOKEN_FILE": str(file)})
    assert (both.status, both.err.count("\n")) == (2, 1)
    file.chmod(0o644)
    readable = loki("token verify", env={"LOKI_TOKEN_FILE": str(file)})
    # A file of root's is taken as it is: platforms mount secrets so.
    assert readable.status == (0 if os.geteuid() == 0 else 2)


def test_without_a_secret_or_a_standard_input_there_is_nothing_to_verify(loki: Program) -> None:
    assert loki("token verify").err == (
        "loki: there is nothing to verify: give a secret on standard input, or in LOKI_TOKEN\n"
    )
    assert loki("token verify", env={"LOKI_TOKEN": ""}).status == 2
    loki.argv = ["sh", "-c", 'exec "$@" <&-', "sh", *loki.argv]
    assert loki("token verify").status == 2
    assert loki("token verify -").status == 2


@pytest.mark.parametrize(
    "line", ["verify {}", "explain read {}", "show {}", "revoke {}", "generate {}", "list --query={}"]
)
@pytest.mark.parametrize("secret", [UNKNOWN, f"Bearer {UNKNOWN}", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"])
def test_a_secret_as_an_argument_is_refused_and_not_repeated(loki: Program, line: str, secret: str) -> None:
    answer = loki.run("enterprise", "token", *[word.format(secret) for word in line.split()])
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("loki: secrets are never arguments")
    assert answer.err.count("\n") == 1
    assert secret not in answer.err
    assert list(loki.home.iterdir()) == []


@pytest.mark.parametrize("argument", ["loki_abc", "hunter2", "./file"])
def test_verify_takes_no_argument_but_a_dash(loki: Program, argument: str) -> None:
    answer = loki(f"token verify {argument} --json")
    assert (answer.status, answer.json["error"]["code"]) == (2, "secret_in_argument")
    assert argument not in answer.out


def test_a_secret_typed_into_a_terminal_is_not_echoed(loki: Program, start_pty: StartPty) -> None:
    secret = loki.do("token generate ci-bot").secret
    terminal = start_pty([*loki.argv, "enterprise", "token", "verify"])
    terminal.wait_for("Secret (it is not shown)")
    terminal.send(f"{secret}\n")
    terminal.wait_for("Valid: ci-bot")
    assert terminal.wait() == 0
    assert secret.encode() not in terminal.raw


def test_ctrl_c_at_a_prompt_ends_quietly_with_130(loki: Program, start_pty: StartPty) -> None:
    terminal = start_pty([*loki.argv, "enterprise", "token", "verify"])
    terminal.wait_for("Secret (it is not shown)")
    terminal.send("\x03")
    assert terminal.wait() == 130
    assert "Traceback" not in terminal.text
    assert terminal.attributes == terminal.attributes_before


def test_explain_says_through_which_scope_or_what_is_missing(loki: Program) -> None:
    secret = loki.do("token generate ci-bot --scopes control").secret
    assert loki.do("token explain read", stdin=secret).out == "read: granted by control > write > read\n"
    missing = loki("token explain audit -", stdin=secret)
    assert (missing.status, missing.out, missing.err) == (1, "audit: missing; held: control\n", "")
    assert loki.do("token explain write --json", env={"LOKI_TOKEN": secret}).json == {
        "granted": True,
        "needed": "write",
        "chain": ["control", "write"],
        "held": ["control"],
    }
    assert loki("token explain read", stdin=UNKNOWN).status == 1


def test_whoami_is_the_local_user_unless_a_token_is_set(loki: Program) -> None:
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True, timeout=DEADLINE).stdout.strip()
    me = loki.do("whoami --json").json
    assert next(iter(me)) == "subject"
    assert (me["subject"], me["scopes"], me["method"]) == (f"os:{user}", ["*"], "os")
    assert f"Subject: os:{user}\n" in loki.do("whoami").out
    issued = loki.do("token generate ci-bot --scopes read")
    env = {"LOKI_TOKEN": issued.secret}
    assert loki.do("whoami --json", env=env).json["subject"] == issued.token_id
    assert "Proved by: LOKI_TOKEN\n" in loki.do("whoami", env=env).out
    loki.do("token revoke ci-bot", env=env)  # the token never changes who acts on the store
    refused = loki("whoami --json", env=env)
    assert (refused.status, refused.json["error"]["code"]) == (1, "token_revoked")

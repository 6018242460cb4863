"""Every token command of the guide, as typed there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.core.cli.program import Program

BLOCK = re.compile(
    r"Token generated successfully!\n"
    r"\n"
    r"Name: (?P<name>.+)\n"
    r"ID: (?P<id>tok-[0-9a-f]{12})\n"
    r"Token: (?P<secret>loki_[0-9A-Za-z]{49})\n"
    r"Scopes: (?P<scopes>.+)\n"
    r"Expires: (?P<expires>.+)\n"
    r"\n"
    r"IMPORTANT: Save this token - it won't be shown again!\n"
)


@pytest.mark.parametrize(
    ("line", "name", "scopes", "days"),
    [
        ("token generate my-token", "my-token", "read", 90),
        ('token generate ci-bot --scopes "read,write" --expires 30', "ci-bot", "read, write", 30),
        ("token generate admin-bot --role admin --expires 90", "admin-bot", "*", 90),
        ("token generate viewer-bot --role viewer", "viewer-bot", "read", 90),
        ('token generate custom-bot --scopes "read,audit" --expires 30', "custom-bot", "read, audit", 30),
        ('token generate new-token --scopes "read,write,control"', "new-token", "read, write, control", 90),
        ("token generate operator-bot --role operator", "operator-bot", "control, read, write", 90),
        ('token generate spaces --scopes "write read"', "spaces", "write, read", 90),
    ],
)
def test_generate_prints_the_guides_block_line_for_line(
    loki: Program, line: str, name: str, scopes: str, days: int
) -> None:
    before = datetime.now(UTC)
    answer = loki.do(line)
    after = datetime.now(UTC)
    block = BLOCK.fullmatch(answer.out)
    assert block is not None, answer.out
    assert (block["name"], block["scopes"]) == (name, scopes)
    span = timedelta(days=days)
    assert f"{before + span:%Y-%m-%d}" <= block["expires"] <= f"{after + span:%Y-%m-%d}"
    assert loki.do("token verify", stdin=block["secret"]).out.startswith(f"Valid: {name} ({block['id']})\n")


def test_a_token_that_never_ends_says_never(loki: Program) -> None:
    assert "\nExpires: never\n" in loki.do("token generate eternal --expires never").out


def test_a_last_day_is_shown_as_it_was_given(loki: Program) -> None:
    last_day = datetime.now(UTC).date() + timedelta(days=40)
    assert f"\nExpires: {last_day}\n" in loki.do(f"token generate dated --expires {last_day}").out


def test_list_shows_usable_tokens_and_all_shows_revoked_ones_too(loki: Program) -> None:
    loki.do("token generate one")
    loki.do("token generate two")
    loki.do("token revoke one")
    assert "two" in loki.do("token list").out
    assert "one" not in loki.do("token list").out
    everything = loki.do("token list --all").out
    assert "one" in everything
    assert "two" in everything


def test_revoke_takes_a_name_or_an_id_and_holds_at_once(loki: Program) -> None:
    by_name = loki.do("token generate ci-bot")
    by_id = loki.do("token generate other-bot")
    assert loki.do("token revoke ci-bot").out == f"Revoked ci-bot ({by_name.token_id})\n"
    assert loki.do(f"token revoke {by_id.token_id}").out == f"Revoked other-bot ({by_id.token_id})\n"
    for answer in (by_name, by_id):
        refused = loki("token verify --json", stdin=answer.secret)
        assert (refused.status, refused.json) == (1, {"valid": False, "code": "token_revoked"})


def test_revoking_twice_says_so_and_is_no_failure(loki: Program) -> None:
    token_id = loki.do("token generate ci-bot").token_id
    loki.do("token revoke ci-bot")
    assert loki.do("token revoke ci-bot").out == f"ci-bot ({token_id}) is already revoked\n"


def test_the_file_is_private_and_holds_no_secret(loki: Program) -> None:
    secret = loki.do("token generate ci-bot").secret
    assert loki.store.stat().st_mode & 0o777 == 0o600
    assert loki.store.parent.stat().st_mode & 0o777 == 0o700
    for path in (loki.home / ".loki").rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path


def test_loki_core_and_the_module_are_the_same_program(loki: Program) -> None:
    loki.argv = [loki.argv[0], "-m", "loki_core"]
    assert BLOCK.fullmatch(loki.do("token generate ci-bot").out)
    assert loki("token show nope").err.startswith("loki-core: no token has the name or id nope")

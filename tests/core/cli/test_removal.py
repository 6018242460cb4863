"""`token revoke` and `token delete`."""

from __future__ import annotations

from tests.core.cli.program import Program
from tests.support.fixtures import StartPty


def test_several_tokens_are_revoked_at_once_or_none(loki: Program) -> None:
    for name in ("a", "b", "c"):
        loki.do(f"token generate {name}")
    assert loki("token revoke a nobody").status == 1
    assert not any(record["revoked"] for record in loki.records.values())
    answers = loki.do("token revoke a b --json").json
    assert [(each["name"], each["already_revoked"], each["audit"]) for each in answers] == [
        ("a", False, "written"),
        ("b", False, "written"),
    ]
    assert [each["already_revoked"] for each in loki.do("token revoke a c --json").json] == [True, False]


def test_a_dry_run_says_what_would_be_revoked_and_does_nothing(loki: Program) -> None:
    token_id = loki.do("token generate a").token_id
    before = loki.store.read_bytes()
    assert loki.do("token revoke a --dry-run").out == f"Would revoke a ({token_id})\n"
    (answer,) = loki.do("token revoke a --dry-run --json").json
    assert (answer["dry_run"], answer["revoked_at"]) == (True, None)
    assert loki.store.read_bytes() == before


def test_all_tokens_of_an_owner_are_revoked(loki: Program) -> None:
    owner = loki.do("token generate a --json").json["owner"]
    loki.do("token generate b")
    assert loki.do(f"token revoke --owner {owner}").out.count("Revoked ") == 2
    assert loki.do(f"token revoke --owner {owner}").out == f"Nothing to revoke: {owner} has no usable token\n"
    assert loki.do("token revoke --owner os:nobody --json").json == []


def test_a_revocation_is_not_refused_when_the_log_cannot_be_written(loki: Program) -> None:
    secret = loki.do("token generate a").secret
    audit = loki.store.parent / "audit"
    audit.rename(loki.store.parent / "kept")
    audit.write_text("not a directory")
    answer = loki.do("token revoke a")
    assert "; audit: pending" in answer.out
    assert loki("token verify --json", stdin=secret).json["code"] == "token_revoked"
    granted = loki("token generate b --json")
    assert (granted.status, granted.json["error"]["code"]) == (4, "audit_unavailable")


def test_delete_needs_a_yes_where_nobody_can_be_asked(loki: Program) -> None:
    loki.do("token generate a")
    loki.do("token revoke a")
    assert loki("token delete a").status == 2
    (deleted,) = loki.do("token delete a --yes --json").json
    assert deleted["name"] == "a"
    assert loki.records == {}


def test_delete_asks_in_a_terminal(loki: Program, start_pty: StartPty) -> None:
    token_id = loki.do("token generate a").token_id
    loki.do("token revoke a")
    argv = [*loki.argv, "enterprise", "token", "delete", "a"]
    terminal = start_pty(argv)
    terminal.wait_for(f"a ({token_id}), revoked")
    terminal.wait_for("Delete this token for good? [y/N]")
    terminal.send("\n")
    assert terminal.wait() == 1
    assert "nothing was deleted" in terminal.text
    assert list(loki.records) == [token_id]
    terminal = start_pty(argv)
    terminal.wait_for("[y/N]")
    terminal.send("y\n")
    assert terminal.wait() == 0
    assert f"Deleted a ({token_id})" in terminal.text
    assert loki.records == {}

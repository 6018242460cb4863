"""What the log says of a change, and that a crash at its worst moment undoes nothing."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest

import loki_core
from loki_core.background import BackgroundWriter
from loki_core.tokens.file_store import FileStore
from tests.core.broken_parts import Crash
from tests.core.workshop import NOON, Workshop, make_peer_record, make_peer_secret, refuses


def test_every_change_is_logged_with_who_did_it_from_where_and_to_what(workshop: Workshop) -> None:
    loki = workshop.open()
    acting = loki.acting_as(loki.actor, address="10.0.0.1", agent="console")
    issued = acting.tokens.generate("ci-bot", scopes=["write"], expires_days=1)
    acting.tokens.rotate("ci-bot")
    acting.tokens.revoke("ci-bot")
    acting.tokens.delete(issued.token.id)
    entries = workshop.log()
    assert [entry["event"] for entry in entries] == [
        "auth.token.create",
        "auth.token.rotate",
        "auth.token.revoke",
        "auth.token.revoke",
        "auth.token.delete",
    ]
    for entry in entries:
        assert entry["user_id"] == loki.actor.subject
        assert (entry["ip_address"], entry["user_agent"], entry["success"]) == ("10.0.0.1", "console", True)
        assert entry["details"]["name"] == "ci-bot"
    assert entries[0]["resource_id"] == entries[4]["resource_id"] == issued.token.id
    assert entries[0]["details"]["scopes"] == ["write"]
    assert entries[0]["details"]["expires_at"] == (NOON + timedelta(days=1)).isoformat()


def test_a_secret_in_a_foreign_name_gets_into_no_entry_about_it(workshop: Workshop) -> None:
    secret = make_peer_secret()
    record = make_peer_record(f"old {secret}", make_peer_secret())
    workshop.write({"tokens": {record["id"]: record}})
    workshop.open().tokens.revoke(record["id"])
    assert secret[5:] not in "".join(file.read_text() for file in (workshop.dashboard / "audit").glob("*.jsonl"))


def test_with_the_log_switched_off_everything_works_and_nothing_is_written_but_that_it_is(workshop: Workshop) -> None:
    loki = workshop.open(is_logging=False)
    issued = loki.tokens.generate("ci-bot")
    loki.authenticate(issued.secret.reveal())
    loki.tokens.rotate("ci-bot")
    assert [each.audit for each in loki.tokens.revoke("ci-bot")] == ["written", "written"]
    loki.tokens.delete(issued.token.id)
    with contextlib.suppress(loki_core.AuthenticationError):
        loki.authenticate("nonsense")
    loki.close()
    assert [(entry["event"], entry["details"]["enabled"]) for entry in workshop.log()] == [("policy.change", False)]
    assert loki.audit_label == "off"
    assert "audit_off" in {finding.code for finding in loki.health()}


def test_a_burial_is_written_before_the_store_so_that_a_crash_between_them_does_not_undo_it(
    workshop: Workshop,
) -> None:
    issued = workshop.open().tokens.generate("ci-bot")
    workshop.close()

    class _CrashesAtCommit(FileStore):
        def write(self, *_: object) -> None:
            raise Crash

    crashing = _CrashesAtCommit(str(workshop.dashboard), BackgroundWriter())
    with pytest.raises(Crash):
        workshop.open(store=crashing).tokens.revoke("ci-bot")
    with refuses("token_revoked"):
        workshop.open().authenticate(issued.secret.reveal())

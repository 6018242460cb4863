"""Revoking and deleting: for good, from the next verification on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import loki_core
from loki_core import NotFound, Status
from tests.core.workshop import (
    NOON,
    HandClock,
    Workshop,
    make_peer_record,
    make_peer_secret,
    make_store_document,
    refuses,
)

SALT = "0123456789abcdef0123456789abcdef"


def test_a_revoked_token_is_refused_and_hidden_but_kept(loki: loki_core.Loki) -> None:
    issued = loki.tokens.generate("ci-bot")
    (done,) = loki.tokens.revoke("ci-bot")
    assert (done.already, done.audit, done.token.status, done.token.revoked_at) == (
        False,
        "written",
        Status.REVOKED,
        NOON,
    )
    with refuses("token_revoked"):
        loki.authenticate(issued.secret.reveal())
    assert loki.tokens.list() == ()
    assert [token.id for token in loki.tokens.list(include_revoked=True)] == [issued.token.id]


def test_revoking_twice_is_no_error_and_is_logged_once(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    loki.tokens.revoke("ci-bot")
    clock.move(hours=1)
    (again,) = loki.tokens.revoke("ci-bot")
    assert again.already
    assert again.token.revoked_at == NOON
    assert workshop.events().count("auth.token.revoke") == 1


def test_many_are_revoked_at_once_or_none(loki: loki_core.Loki) -> None:
    for name in ("one", "two", "three"):
        loki.tokens.generate(name)
    with pytest.raises(NotFound):
        loki.tokens.revoke("one", "two", "four")
    assert len(loki.tokens.list()) == 3
    done = loki.tokens.revoke("one", loki.tokens.get("two").id, "one")
    assert [each.token.name for each in done] == ["one", "two"]
    assert [token.name for token in loki.tokens.list()] == ["three"]


def test_all_usable_tokens_of_an_owner_can_be_revoked(loki: loki_core.Loki) -> None:
    bob = loki.acting_as(replace(loki.actor, subject="bob"))
    for name in ("one", "two"):
        bob.tokens.generate(name)
    bob.tokens.revoke("two")
    loki.tokens.generate("mine")
    assert [each.token.name for each in loki.tokens.revoke(owner="bob")] == ["one"]
    assert [token.name for token in loki.tokens.list()] == ["mine"]
    assert loki.tokens.revoke(owner="nobody") == ()


def test_a_locked_token_is_revoked_with_the_others_of_its_name_and_owner(workshop: Workshop) -> None:
    """It would come back to life when it is unlocked."""
    loki = workshop.open()
    old = loki.tokens.generate("ci-bot").token
    new = loki.tokens.rotate("ci-bot").token
    other = loki.tokens.generate("other").token

    def lock(tokens: dict[str, dict[str, object]]) -> None:
        for each in (new, other):
            tokens[each.id]["locked"] = True

    workshop.rewrite(lock)
    assert {each.token.id for each in loki.tokens.revoke("ci-bot")} == {old.id, new.id}
    assert [each.token.id for each in loki.tokens.revoke(owner=loki.actor.subject)] == [other.id]


def test_a_dry_run_tells_and_changes_nothing(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    before = workshop.file.read_bytes()
    (told,) = loki.tokens.revoke("ci-bot", dry_run=True)
    assert (told.token.id, told.already) == (issued.token.id, False)
    assert workshop.file.read_bytes() == before
    loki.authenticate(issued.secret.reveal())


def test_revoking_nothing_is_an_error(loki: loki_core.Loki) -> None:
    with refuses("nothing_named"):
        loki.tokens.revoke()
    with refuses("nothing_named"):
        loki.tokens.delete()


def test_only_what_is_over_can_be_deleted(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    for name, days in [("live", 30), ("expired", 1), ("revoked", 30)]:
        loki.tokens.generate(name, expires_days=days)
    loki.tokens.revoke("revoked")
    clock.move(days=1)
    before = workshop.file.read_bytes()
    for names in [("live",), ("expired", "live"), ("revoked", "live")]:
        with refuses("not_deletable"):
            loki.tokens.delete(*names)
        assert workshop.file.read_bytes() == before
    assert [token.name for token in loki.tokens.delete("expired", "revoked", "revoked")] == ["expired", "revoked"]
    assert [token.name for token in loki.tokens.list(include_revoked=True)] == ["live"]
    with refuses("not_found"):
        loki.tokens.delete("expired")


@pytest.mark.parametrize("salt", [None, SALT])
@pytest.mark.parametrize("was_used", [True, False])
def test_a_deleted_secret_is_revoked_for_ever_also_a_salted_one(
    workshop: Workshop, salt: str | None, was_used: bool
) -> None:
    secret = make_peer_secret()
    workshop.write(make_store_document(make_peer_record("ci-bot", secret, salt=salt)))
    backup = workshop.file.read_bytes()
    loki = workshop.open()
    if was_used:
        loki.authenticate(secret)
    loki.tokens.revoke("ci-bot")
    loki.tokens.delete("ci-bot")
    for opened in (loki, workshop.open()):
        with refuses("token_revoked"):
            opened.authenticate(secret)
    workshop.write(backup)
    for opened in (loki, workshop.open()):
        with refuses("token_revoked"):
            opened.authenticate(secret)


def _restore_backup(workshop: Workshop, backup: bytes) -> None:
    workshop.write(backup)


def _flip(workshop: Workshop, backup: bytes) -> None:
    def change(tokens: dict[str, dict[str, object]]) -> None:
        for raw in tokens.values():
            raw["revoked"] = False
            raw.pop("revoked_at", None)

    workshop.rewrite(change)


def _copy_under_another_id(workshop: Workshop, backup: bytes) -> None:
    def change(tokens: dict[str, dict[str, object]]) -> None:
        for raw in list(tokens.values()):
            tokens["tok-ffffffffffff"] = {**raw, "id": "tok-ffffffffffff", "revoked": False}

    workshop.rewrite(change)


def _copy_before(workshop: Workshop, backup: bytes) -> None:
    document = workshop.read()
    copies = {f"tok-00000000000{n}": raw for n, raw in enumerate(document["tokens"].values())}
    copies = {key: {**raw, "id": key, "revoked": False} for key, raw in copies.items()}
    workshop.write({**document, "tokens": {**copies, **document["tokens"]}})


def _remove_the_log_and_copy(workshop: Workshop, backup: bytes) -> None:
    (workshop.dashboard / "revoked.log").unlink()
    _copy_before(workshop, backup)


ATTACKS = {
    "a restored backup": _restore_backup,
    "a foreign rewrite": _flip,
    "a copy under another id": _copy_under_another_id,
    "a copy in front": _copy_before,
    "a copy in front without revoked.log": _remove_the_log_and_copy,
}


@pytest.mark.parametrize("salt", [None, SALT])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_revocation_that_is_undone_behind_our_back_holds(workshop: Workshop, attack: str, salt: str | None) -> None:
    secret = make_peer_secret()
    workshop.write(make_store_document(make_peer_record("ci-bot", secret, salt=salt)))
    backup = workshop.file.read_bytes()
    loki = workshop.open()
    loki.tokens.revoke("ci-bot")
    ATTACKS[attack](workshop, backup)
    for opened in (loki, workshop.open()):
        with refuses("token_revoked"):
            opened.authenticate(secret)


@pytest.mark.parametrize("salt", [None, SALT])
def test_an_undone_revocation_is_shown_repaired_at_the_next_write_and_logged(
    workshop: Workshop, salt: str | None
) -> None:
    secret = make_peer_secret()
    record = make_peer_record("ci-bot", secret, salt=salt, theirs="kept")
    workshop.write(make_store_document(record))
    backup = workshop.file.read_bytes()
    loki = workshop.open()
    loki.tokens.revoke("ci-bot")
    workshop.write(backup)
    (shown,) = loki.tokens.list(include_revoked=True)
    assert (shown.status, shown.revoked_at) == (Status.REVOKED, NOON)
    assert "revocation_undone" in {finding.code for finding in loki.health()}
    loki.tokens.generate("other")
    stored = workshop.records()[record["id"]]
    assert (stored["revoked"], stored["revoked_at"], stored["theirs"]) == (True, NOON.isoformat(), "kept")
    repaired = [entry for entry in workshop.log() if entry["event"] == "store.repaired"]
    assert len(repaired) == 1
    assert record["id"] in repaired[0]["details"]["message"]
    loki.tokens.generate("third")
    assert workshop.events().count("store.repaired") == 1
    assert "revocation_undone" not in {finding.code for finding in loki.health()}


def test_what_loki_mode_revoked_is_remembered_at_our_next_write(workshop: Workshop) -> None:
    secret = make_peer_secret()
    record = make_peer_record("ci-bot", secret)
    workshop.write(make_store_document(record))
    backup = workshop.file.read_bytes()
    loki = workshop.open()
    workshop.rewrite(lambda tokens: tokens[record["id"]].update(revoked=True))
    with refuses("token_revoked"):
        loki.authenticate(secret)
    loki.tokens.generate("other")
    workshop.write(backup)
    with refuses("token_revoked"):
        workshop.open().authenticate(secret)


def test_a_line_of_revoked_log_that_cannot_be_read_stops_nothing(workshop: Workshop) -> None:
    loki = workshop.open()
    first, second = loki.tokens.generate("one"), loki.tokens.generate("two")
    loki.tokens.revoke("one")
    log = workshop.dashboard / "revoked.log"
    junk = [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"hash": 7}',
        b'{"hash": "xyz"}',
        b"[" * 100_000,
        b'{"hash": "' + b"a" * 40,
    ]
    log.write_bytes(b"\n".join([*junk, log.read_bytes(), b'{"torn']))
    opened = workshop.open()
    with refuses("token_revoked"):
        opened.authenticate(first.secret.reveal())
    opened.authenticate(second.secret.reveal())
    opened.tokens.revoke("two")
    with refuses("token_revoked"):
        workshop.open().authenticate(second.secret.reveal())
    assert json.loads(log.read_bytes().splitlines()[-1])["id"] == second.token.id


def test_a_forged_line_of_revoked_log_can_only_take_away(workshop: Workshop) -> None:
    loki = workshop.open()
    kept = loki.tokens.generate("kept")
    (workshop.dashboard / "revoked.log").write_text(
        json.dumps({"hash": "ab" * 32, "id": kept.token.id, "salt": 7}) + "\n"
    )
    (workshop.dashboard / "revoked.log").chmod(0o600)
    loki.tokens.generate("other")
    assert loki.authenticate(kept.secret.reveal()).name == "kept"

"""Side by side with Loki Mode: its records, its rewrites, its rule of verification."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

import loki_core
from loki_core import Status
from tests.core.workshop import (
    NOON,
    Workshop,
    make_peer_record,
    make_peer_secret,
    make_store_document,
    refuses,
)

SALT = "0123456789abcdef0123456789abcdef"
Tokens = dict[str, dict[str, Any]]


def _verify_as_loki_mode(document: dict[str, Any], secret: str) -> str | None:
    """Loki Mode's rule, written down a second time."""
    for token_id, raw in document["tokens"].items():
        digest = hashlib.sha256((raw.get("salt", "") + secret).encode()).hexdigest()
        if hmac.compare_digest(digest, raw["hash"]) and not raw.get("revoked"):
            return str(token_id)
    return None


@pytest.mark.parametrize("salt", [None, SALT])
def test_tokens_of_loki_mode_s_command_line_and_dashboard_are_listed_and_verified(
    workshop: Workshop, salt: str | None
) -> None:
    secret = make_peer_secret()
    record = make_peer_record("ci-bot", secret, salt=salt, scopes=["control", "read"], last_used="2026-02-28T09:00:00")
    workshop.write(make_store_document(record))
    loki = workshop.open()
    (token,) = loki.tokens.list()
    assert (token.id, token.name, token.owner, token.status) == (record["id"], "ci-bot", None, Status.ACTIVE)
    assert token.scopes == ("control", "read")
    assert token.last_used is not None
    principal = loki.authenticate(secret)
    assert (principal.subject, principal.scopes) == (record["id"], ("control", "read"))
    principal.require("write")


def test_our_tokens_verify_under_loki_mode_s_rule_until_they_are_revoked(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    secret = issued.secret.reveal()
    digest = hashlib.sha256(secret.encode()).hexdigest()
    assert workshop.records()[issued.token.id]["hash"] == digest
    assert issued.token.id == f"tok-{digest[:12]}"
    assert _verify_as_loki_mode(workshop.read(), secret) == issued.token.id
    loki.tokens.revoke("ci-bot")
    assert _verify_as_loki_mode(workshop.read(), secret) is None


def test_a_record_of_ours_has_the_fields_loki_mode_reads(workshop: Workshop) -> None:
    issued = workshop.open().tokens.generate("ci-bot", role="auditor")
    document = workshop.read()
    assert document["version"] == "1.0"
    raw = document["tokens"][issued.token.id]
    assert list(raw)[:8] == ["id", "name", "hash", "scopes", "created_at", "expires_at", "last_used", "revoked"]
    assert (raw["role"], raw["owner"], raw["revoked"]) == ("auditor", issued.token.owner, False)
    assert raw["created_at"] == "2026-03-01T12:00:00+00:00"
    assert "salt" not in raw


def test_fields_we_do_not_know_survive_every_operation(workshop: Workshop) -> None:
    unknown: dict[str, Any] = {"theirs": {"a": [1, 2.5, None, "ä", "\ud800"]}, "usage_count": 12345678901234567890}
    secrets = [make_peer_secret() for _ in range(4)]
    records = [make_peer_record(f"t{n}", secret, **unknown) for n, secret in enumerate(secrets)]
    records[3]["expires_at"] = "2026-02-02T00:00:00+00:00"
    top = {"x_top": [unknown], "metadata": None}
    workshop.write(make_store_document(*records, **top))
    loki = workshop.open()
    loki.authenticate(secrets[0])
    loki.tokens.generate("new")
    loki.tokens.rotate("t0")
    loki.tokens.revoke("t1")
    loki.tokens.delete("t3")
    loki.accept_clock()
    document = workshop.read()
    assert {name: document[name] for name in top} == top
    assert document["version"] == "1.0"
    for record in records[:3]:
        stored = document["tokens"][record["id"]]
        assert {name: stored[name] for name in unknown} == unknown
    assert records[3]["id"] not in document["tokens"]


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "no object": lambda raw: "text",
    "null": lambda raw: None,
    "a list": lambda raw: [raw],
    "no hash": lambda raw: {name: value for name, value in raw.items() if name != "hash"},
    "a short hash": lambda raw: {**raw, "hash": raw["hash"][:63]},
    "a hash in capitals": lambda raw: {**raw, "hash": raw["hash"].upper()},
    "scopes as text": lambda raw: {**raw, "scopes": "*"},
    "no scopes": lambda raw: {**raw, "scopes": None},
    "revoked as text": lambda raw: {**raw, "revoked": "false"},
    "an end that is no time": lambda raw: {**raw, "expires_at": "never"},
    "a birth that is a number": lambda raw: {**raw, "created_at": 1.7e9},
    "another id": lambda raw: {**raw, "id": "tok-000000000000"},
    "no name": lambda raw: {**raw, "name": None},
    "a salt that is no text": lambda raw: {**raw, "salt": 7},
    "locked as a number": lambda raw: {**raw, "locked": 1},
}


@pytest.mark.parametrize("kind", BROKEN)
def test_one_broken_record_is_reported_stops_nothing_and_is_written_back_untouched(
    workshop: Workshop, kind: str
) -> None:
    broken_secret, good_secret = make_peer_secret(), make_peer_secret()
    raw = make_peer_record("broken", broken_secret)
    document = make_store_document(raw, make_peer_record("good", good_secret))
    document["tokens"][raw["id"]] = BROKEN[kind](copy.deepcopy(raw))
    workshop.write(document)
    loki = workshop.open()
    shown = {token.id: token for token in loki.tokens.list()}
    assert shown[raw["id"]].status is Status.UNREADABLE
    assert shown[raw["id"]].problem
    assert len(shown) == 2
    assert loki.tokens.summary().by_status[Status.UNREADABLE] == 1
    assert "record_unreadable" in {finding.code for finding in loki.health()}
    with refuses("token_unknown"):
        loki.authenticate(broken_secret)
    loki.authenticate(good_secret)
    issued = loki.tokens.generate("new")
    loki.tokens.rotate("good")
    loki.tokens.revoke("good")
    with refuses("unreadable"):
        loki.tokens.revoke(raw["id"])
    with refuses("not_deletable"):
        loki.tokens.delete(raw["id"])
    assert workshop.records()[raw["id"]] == document["tokens"][raw["id"]]
    assert loki.authenticate(issued.secret.reveal()).name == "new"


def test_terminal_markup_in_foreign_names_keys_and_scopes_is_data_and_breaks_no_operation(workshop: Workshop) -> None:
    evil = "\x1b[2J[red]\u202e\ud800"
    secret = make_peer_secret()
    raw = make_peer_record(evil, secret, scopes=["read"], role=evil, owner=evil, note=evil, id=evil)
    workshop.write({"version": "1.0", "tokens": {evil: raw, "": {"name": evil}}})
    loki = workshop.open()
    assert loki.authenticate(secret).name == evil
    loki.tokens.rotate(evil)
    loki.tokens.revoke(evil)
    loki.health()
    loki.close()
    assert all(each.isascii() for each in workshop.file.read_text())


# -- salted records


def _salted(workshop: Workshop, count: int = 3) -> list[tuple[str, dict[str, Any]]]:
    made = []
    for number in range(count):
        secret = make_peer_secret()
        salt = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
        made.append((secret, make_peer_record(f"t{number}", secret, salt=salt)))
    workshop.write(make_store_document(*(record for _, record in made)))
    return made


def test_the_lookup_of_a_salted_record_is_learned_and_written_at_the_next_write(workshop: Workshop) -> None:
    made = _salted(workshop)
    loki = workshop.open()
    loki.authenticate(made[1][0])
    assert "lookup" not in workshop.file.read_text()
    loki.tokens.generate("other")
    records = workshop.records()
    digest = hashlib.sha256(made[1][0].encode()).hexdigest()
    assert records[made[1][1]["id"]] == {**made[1][1], "lookup": digest}
    assert records[made[0][1]["id"]] == made[0][1]
    workshop.open().authenticate(made[1][0])
    assert _verify_as_loki_mode(workshop.read(), made[1][0]) == made[1][1]["id"]


@pytest.mark.parametrize("forged", ["another's digest", "our own token's digest", "nonsense", "a guessed secret's"])
def test_a_forged_lookup_proves_nothing_and_hides_nobody(workshop: Workshop, forged: str) -> None:
    (secret, record), (other_secret, _), _ = _salted(workshop)
    ours = workshop.open().tokens.generate("ours")
    workshop.close()
    digest = {
        "another's digest": hashlib.sha256(other_secret.encode()).hexdigest(),
        "our own token's digest": hashlib.sha256(ours.secret.reveal().encode()).hexdigest(),
        "nonsense": "x" * 64,
        "a guessed secret's": hashlib.sha256(b"loki_guessed").hexdigest(),
    }[forged]
    document = workshop.read()
    document["tokens"] = {record["id"]: {**record, "lookup": digest}, **document["tokens"]}  # in front of all
    document["tokens"][record["id"]]["lookup"] = digest
    workshop.write(document)
    loki = workshop.open()
    with refuses("token_unknown"):
        loki.authenticate("loki_guessed")
    assert loki.authenticate(other_secret).name == "t1"
    assert loki.authenticate(ours.secret.reveal()).name == "ours"
    assert loki.authenticate(secret).name == "t0"


def test_salt_and_secret_glued_together_prove_nothing(workshop: Workshop) -> None:
    """Their hash is the record's, so a look-up by hash alone would take the pair for the secret."""
    secret = make_peer_secret()
    workshop.write(make_store_document(make_peer_record("ci-bot", secret, salt=SALT)))
    loki = workshop.open()
    with pytest.raises(loki_core.AuthenticationError):
        loki.authenticate(SALT + secret)
    workshop.write(make_store_document(make_peer_record("ci-bot", secret, salt="loki_" + SALT)))
    with pytest.raises(loki_core.AuthenticationError):
        loki.authenticate("loki_" + SALT + secret)


def test_the_checksum_is_not_looked_at_when_the_digest_is_known(workshop: Workshop) -> None:
    """Another tool may have minted a secret of our length whose last characters are no checksum."""
    secret = "loki_" + "a" * 49
    workshop.write(make_store_document(make_peer_record("ci-bot", secret)))
    assert workshop.open().authenticate(secret).name == "ci-bot"


def test_the_checksum_is_looked_at_before_any_search_of_salted_records(workshop: Workshop) -> None:
    """So a salted record of a secret that fails the checksum is never found by searching: there was no search."""
    secret = "loki_" + "a" * 49
    workshop.write(make_store_document(make_peer_record("ci-bot", secret, salt=SALT)))
    loki = workshop.open()
    with refuses("token_unknown"):
        loki.authenticate(secret)


def test_a_foreign_rewrite_that_dropped_our_top_level_fields_loses_no_token(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    workshop.write({"version": "1.0", "tokens": workshop.records()})
    assert loki.authenticate(issued.secret.reveal()).name == "ci-bot"
    assert loki.tokens.generate("other").token.created_at == NOON


def test_a_foreign_record_added_beside_ours_is_there_at_the_next_call(workshop: Workshop) -> None:
    loki = workshop.open()
    loki.tokens.generate("ours")
    secret = make_peer_secret()
    record = make_peer_record("theirs", secret)
    workshop.rewrite(lambda tokens: tokens.update({record["id"]: record}))
    assert loki.authenticate(secret).name == "theirs"
    loki.tokens.generate("third")
    assert [token.name for token in loki.tokens.list()] == ["ours", "theirs", "third"]
    assert json.loads(workshop.file.read_bytes())["tokens"][record["id"]] == record


@pytest.mark.parametrize("written_at", ["0001-01-01T00:00:00+00:00", "0001-01-01T00:01:00", "nonsense", 7, None])
def test_a_time_of_writing_that_makes_no_sense_breaks_no_verification(workshop: Workshop, written_at: object) -> None:
    secret = make_peer_secret()
    record = make_peer_record("ci-bot", secret, expires_at="2026-04-01T00:00:00+00:00")
    workshop.write(make_store_document(record, written_at=written_at))
    loki = workshop.open()
    loki.authenticate(secret)
    loki.tokens.list()
    loki.health()
    loki.tokens.generate("other")

"""Which name means which token, and when a name is free again."""

from __future__ import annotations

import loki_core
from loki_core.tokens.secret import mint_secret
from tests.core.workshop import (
    HandClock,
    Workshop,
    make_peer_record,
    make_peer_secret,
    make_store_document,
    refuses,
)


def test_a_name_is_unique_among_tokens_that_verify(loki: loki_core.Loki) -> None:
    first = loki.tokens.generate("B\u00fcro")
    with refuses("name_taken") as caught:
        loki.tokens.generate("Bu\u0308ro")
    assert first.token.id in caught.value.message


def test_a_name_is_free_after_revocation_and_the_old_record_is_renamed_on_disk(workshop: Workshop) -> None:
    loki = workshop.open()
    old = loki.tokens.generate("ci-bot").token
    loki.tokens.revoke("ci-bot")
    stored = workshop.records()[old.id]
    assert (stored["name"], stored["original_name"]) == (f"ci-bot~{old.id}", "ci-bot")
    new = loki.tokens.generate("ci-bot").token
    assert workshop.records()[new.id]["name"] == "ci-bot"
    assert "original_name" not in workshop.records()[new.id]
    assert [token.name for token in loki.tokens.list(include_revoked=True)] == ["ci-bot", "ci-bot"]
    assert loki.tokens.get("ci-bot").id == new.id
    assert loki.tokens.get(f"ci-bot~{old.id}").id == old.id


def test_a_name_is_free_after_expiry_and_the_old_record_is_renamed_when_it_is_taken(
    workshop: Workshop, clock: HandClock
) -> None:
    loki = workshop.open()
    old = loki.tokens.generate("ci-bot", expires_days=1).token
    clock.move(days=1)
    assert workshop.records()[old.id]["name"] == "ci-bot"
    new = loki.tokens.generate("ci-bot").token
    assert workshop.records()[old.id]["name"] == f"ci-bot~{old.id}"
    assert workshop.records()[new.id]["name"] == "ci-bot"
    assert {token.name for token in loki.tokens.list()} == {"ci-bot"}


def test_a_name_taken_back_by_loki_mode_s_revocation_is_renamed_too(workshop: Workshop) -> None:
    """The peer revokes in place and leaves the name, and assumes that one record bears it."""
    record = make_peer_record("ci-bot", make_peer_secret(), revoked=True)
    workshop.write(make_store_document(record))
    new = workshop.open().tokens.generate("ci-bot").token
    assert [raw["name"] for raw in workshop.records().values()].count("ci-bot") == 1
    assert workshop.records()[new.id]["name"] == "ci-bot"


def test_a_locked_token_keeps_its_name(workshop: Workshop) -> None:
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret(), locked=True)))
    with refuses("name_taken"):
        workshop.open().tokens.generate("ci-bot")


def test_a_broken_record_holds_no_name(workshop: Workshop) -> None:
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret(), scopes="all")))
    assert workshop.open().tokens.generate("ci-bot").token.name == "ci-bot"


def test_ids_win_over_names_and_no_part_of_an_id_finds_anything(workshop: Workshop) -> None:
    secret, other = make_peer_secret(), make_peer_secret()
    one = make_peer_record("one", secret)
    impostor = make_peer_record(one["id"], other)  # Loki Mode lets a token be called like another's id
    workshop.write(make_store_document(impostor, one))
    loki = workshop.open()
    assert loki.tokens.get(one["id"]).name == "one"
    for part in (one["id"][:-1], one["id"][4:], one["id"].upper(), "tok-", ""):
        with refuses("not_found"):
            loki.tokens.get(part)
        with refuses("not_found"):
            loki.tokens.revoke(part)


def test_what_is_not_found_gets_the_nearest_name_offered_and_never_echoes_a_secret(loki: loki_core.Loki) -> None:
    loki.tokens.generate("nightly-build")
    with refuses("not_found") as caught:
        loki.tokens.get("nightly-biuld")
    assert caught.value.remedy == "did you mean nightly-build?"
    secret = mint_secret().reveal()
    for reference in (secret, f"{'x' * 60}{secret}", "\x1b[2J\n\u202e", "\ud800"):
        with refuses("not_found") as caught:
            loki.tokens.get(reference)
        assert secret[5:20] not in str(caught.value)
        assert str(caught.value).isprintable()


def test_a_name_that_loki_mode_gave_twice_is_ambiguous_and_the_ids_are_named(workshop: Workshop) -> None:
    records = [make_peer_record("ci-bot", make_peer_secret()) for _ in range(2)]
    workshop.write(make_store_document(*records))
    loki = workshop.open()
    with refuses("ambiguous_name") as caught:
        loki.tokens.revoke("ci-bot")
    assert all(record["id"] in caught.value.remedy for record in records)
    loki.tokens.revoke(records[0]["id"])
    assert loki.tokens.get("ci-bot").id == records[1]["id"]


def test_a_foreign_name_that_is_not_composed_is_found_as_it_is_typed(workshop: Workshop) -> None:
    workshop.write(make_store_document(make_peer_record("Bu\u0308ro", make_peer_secret())))
    loki = workshop.open()
    assert loki.tokens.get("B\u00fcro") == loki.tokens.get("Bu\u0308ro")
    with refuses("name_taken"):
        loki.tokens.generate("B\u00fcro")
    assert len(loki.tokens.revoke("Bu\u0308ro")) == 1

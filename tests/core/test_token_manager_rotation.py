"""Replacing a token by a new one, with a grace for the old secret."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import loki_core
from loki_core import Status
from loki_core.tokens.policy import TokenPolicy
from tests.core.workshop import (
    NOON,
    HandClock,
    Workshop,
    make_peer_record,
    make_peer_secret,
    make_store_document,
    refuses,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_the_new_token_has_the_old_one_s_name_owner_scopes_role_and_note(loki: loki_core.Loki) -> None:
    old = loki.tokens.generate("ci-bot", role="operator", note="builds").token
    new = loki.tokens.rotate("ci-bot").token
    assert (new.name, new.owner, new.scopes, new.role, new.note) == (
        old.name,
        old.owner,
        old.scopes,
        old.role,
        old.note,
    )
    assert new.id != old.id
    assert (new.rotated_from, new.rotated_to, new.last_used) == (old.id, None, None)
    before = loki.tokens.get(old.id)
    assert (before.rotated_to, before.status, before.name) == (new.id, Status.ROTATING, "ci-bot")
    assert loki.tokens.get("ci-bot").id == new.id


def test_both_secrets_work_during_the_grace_and_only_the_new_one_after(loki: loki_core.Loki, clock: HandClock) -> None:
    old = loki.tokens.generate("ci-bot")
    new = loki.tokens.rotate("ci-bot")
    clock.move(hours=24, microseconds=-1)
    loki.authenticate(old.secret.reveal())
    clock.move(microseconds=1)
    with refuses("token_expired"):
        loki.authenticate(old.secret.reveal())
    loki.authenticate(new.secret.reveal())


def test_loki_mode_sees_one_record_of_the_name_and_an_old_one_that_ends(workshop: Workshop) -> None:
    loki = workshop.open()
    old = loki.tokens.generate("ci-bot").token
    new = loki.tokens.rotate("ci-bot", grace_hours=2).token
    records = workshop.records()
    assert [key for key, raw in records.items() if raw["name"] == "ci-bot"] == [new.id]
    stored = records[old.id]
    assert stored["name"] == f"ci-bot~{old.id}"
    assert stored["original_name"] == "ci-bot"
    assert stored["expires_at"] == (NOON + 2 * HOUR).isoformat()
    assert stored["rotated_to"] == new.id
    assert records[new.id]["rotated_from"] == old.id


def test_a_grace_never_makes_the_old_token_live_longer(loki: loki_core.Loki, clock: HandClock) -> None:
    old = loki.tokens.generate("ci-bot", expires_days=1).token
    clock.move(hours=23)
    loki.tokens.rotate("ci-bot", grace_hours=720)
    assert loki.tokens.get(old.id).expires_at == NOON + DAY


def test_without_a_grace_the_old_secret_ends_at_once(loki: loki_core.Loki) -> None:
    old = loki.tokens.generate("ci-bot")
    new = loki.tokens.rotate("ci-bot", grace_hours=0)
    with refuses("token_expired"):
        loki.authenticate(old.secret.reveal())
    loki.tokens.rotate("ci-bot", grace_hours=0)
    with refuses("token_expired"):
        loki.authenticate(new.secret.reveal())


@pytest.mark.parametrize("hours", [-1, 721, True, 1.5, "24"])
def test_a_grace_that_makes_no_sense_is_refused(loki: loki_core.Loki, hours: object) -> None:
    loki.tokens.generate("ci-bot")
    with refuses("invalid_grace"):
        loki.tokens.rotate("ci-bot", grace_hours=hours)  # type: ignore[arg-type]


def test_the_policy_s_grace_is_used_where_none_is_given(workshop: Workshop) -> None:
    loki = workshop.open(TokenPolicy(rotation_grace_hours=3))
    old = loki.tokens.generate("ci-bot").token
    loki.tokens.rotate("ci-bot")
    assert loki.tokens.get(old.id).expires_at == NOON + 3 * HOUR


@pytest.mark.parametrize("way", ["name", "old id", "new id"])
def test_rotating_again_within_the_grace_is_refused_and_names_the_new_token(loki: loki_core.Loki, way: str) -> None:
    old = loki.tokens.generate("ci-bot").token
    new = loki.tokens.rotate("ci-bot").token
    with refuses("rotation_in_progress") as caught:
        loki.tokens.rotate({"name": "ci-bot", "old id": old.id, "new id": new.id}[way])
    assert new.id in caught.value.message
    assert old.id in caught.value.remedy
    assert len(loki.tokens.list()) == 2


def test_a_token_can_be_rotated_again_once_the_grace_is_over(loki: loki_core.Loki, clock: HandClock) -> None:
    loki.tokens.generate("ci-bot")
    second = loki.tokens.rotate("ci-bot").token
    clock.move(hours=24)
    third = loki.tokens.rotate("ci-bot").token
    assert third.rotated_from == second.id
    assert loki.tokens.get("ci-bot").id == third.id


def test_the_grace_can_be_ended_early_by_the_old_id(loki: loki_core.Loki) -> None:
    old = loki.tokens.generate("ci-bot")
    new = loki.tokens.rotate("ci-bot")
    assert [each.token.id for each in loki.tokens.revoke(old.token.id)] == [old.token.id]
    with refuses("token_revoked"):
        loki.authenticate(old.secret.reveal())
    loki.authenticate(new.secret.reveal())
    loki.tokens.rotate("ci-bot")


def test_the_old_one_can_be_revoked_by_the_name_it_was_set_aside_under(loki: loki_core.Loki) -> None:
    old = loki.tokens.generate("ci-bot")
    new = loki.tokens.rotate("ci-bot")
    assert [each.token.id for each in loki.tokens.revoke(f"ci-bot~{old.token.id}")] == [old.token.id]
    loki.authenticate(new.secret.reveal())


def test_revoking_by_name_revokes_both(loki: loki_core.Loki) -> None:
    pair = [loki.tokens.generate("ci-bot"), loki.tokens.rotate("ci-bot")]
    assert {each.token.id for each in loki.tokens.revoke("ci-bot")} == {each.token.id for each in pair}
    for each in pair:
        with refuses("token_revoked"):
            loki.authenticate(each.secret.reveal())


def test_revoking_the_new_one_by_its_id_leaves_the_old_one_its_grace(loki: loki_core.Loki) -> None:
    old = loki.tokens.generate("ci-bot")
    new = loki.tokens.rotate("ci-bot")
    loki.tokens.revoke(new.token.id)
    loki.authenticate(old.secret.reveal())
    assert loki.tokens.get("ci-bot").id == old.token.id


@pytest.mark.parametrize("state", ["expired", "revoked", "locked"])
def test_what_no_longer_verifies_cannot_be_rotated(workshop: Workshop, clock: HandClock, state: str) -> None:
    record = make_peer_record("ci-bot", make_peer_secret(), locked=state == "locked", revoked=state == "revoked")
    workshop.write(make_store_document({**record, "expires_at": NOON.isoformat() if state == "expired" else None}))
    with refuses("not_active"):
        workshop.open().tokens.rotate("ci-bot")


def test_a_broken_record_cannot_be_rotated(workshop: Workshop) -> None:
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret(), scopes=None)))
    with refuses("unreadable"):
        workshop.open().tokens.rotate("ci-bot")


def test_a_token_of_loki_mode_s_dashboard_becomes_one_of_ours_without_salt(workshop: Workshop) -> None:
    secret = make_peer_secret()
    old = make_peer_record("ci-bot", secret, salt="0123456789abcdef" * 2, theirs={"kept": True})
    workshop.write(make_store_document(old))
    loki = workshop.open()
    new = loki.tokens.rotate("ci-bot")
    records = workshop.records()
    assert "salt" not in records[new.token.id]
    assert records[old["id"]]["theirs"] == {"kept": True}
    loki.authenticate(secret)
    loki.authenticate(new.secret.reveal())


@pytest.mark.parametrize(
    ("policy", "asked", "age", "life"),
    [
        (TokenPolicy(), 30, 29 * DAY, 30 * DAY),  # as long as the old one was minted for, from now on
        (TokenPolicy(), None, 1000 * DAY, None),
        (TokenPolicy(), 1, timedelta(), DAY),
    ],
)
def test_the_new_one_lives_as_long_as_the_old_one_was_minted_for(
    workshop: Workshop,
    clock: HandClock,
    policy: TokenPolicy,
    asked: int | None,
    age: timedelta,
    life: timedelta | None,
) -> None:
    loki = workshop.open(policy)
    loki.tokens.generate("ci-bot", expires_days=asked)
    clock.now += age
    expected = None if life is None else clock.now + life
    assert loki.tokens.rotate("ci-bot").token.expires_at == expected


def test_a_stricter_policy_cuts_the_new_one_s_life(workshop: Workshop) -> None:
    loki = workshop.open()
    loki.tokens.generate("long", expires_days=300)
    loki.tokens.generate("for ever", expires_days=None)
    strict = workshop.open(TokenPolicy(default_expiration_days=10, max_expiration_days=30, allow_never=False))
    assert strict.tokens.rotate("long").token.expires_at == NOON + 30 * DAY
    assert strict.tokens.rotate("for ever").token.expires_at == NOON + 10 * DAY


def test_the_new_one_s_end_can_be_given(loki: loki_core.Loki) -> None:
    for name, arguments, end in [
        ("days", {"expires_days": 7}, NOON + 7 * DAY),
        ("never", {"expires_days": None}, None),
        ("time", {"expires_at": NOON + HOUR}, NOON + HOUR),
    ]:
        loki.tokens.generate(name)
        assert loki.tokens.rotate(name, **arguments).token.expires_at == end  # type: ignore[arg-type]


def test_a_given_end_must_keep_the_policy(workshop: Workshop) -> None:
    loki = workshop.open(TokenPolicy(default_expiration_days=5, max_expiration_days=10))
    loki.tokens.generate("ci-bot")
    with refuses("expiry_too_far"):
        loki.tokens.rotate("ci-bot", expires_days=11)
    with refuses("never_forbidden"):
        loki.tokens.rotate("ci-bot", expires_days=None)
    assert len(loki.tokens.list()) == 1


@pytest.mark.parametrize(
    ("created", "expires", "life"),
    [
        (None, "2026-04-01T00:00:00+00:00", 90 * DAY),  # minted for nobody knows how long
        ("2026-04-02T00:00:00+00:00", "2026-04-01T00:00:00+00:00", 90 * DAY),
        ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", 36_500 * DAY),
    ],
)
def test_foreign_times_that_make_no_sense_give_a_sensible_life(
    workshop: Workshop, created: str | None, expires: str, life: timedelta
) -> None:
    record = make_peer_record("ci-bot", make_peer_secret(), created_at=created, expires_at=expires)
    workshop.write(make_store_document(record))
    assert workshop.open().tokens.rotate("ci-bot").token.expires_at == NOON + life


def test_a_scope_that_is_gone_is_not_minted_again(workshop: Workshop) -> None:
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret(), scopes=["deploy"])))
    with refuses("unknown_scope"):
        workshop.open().tokens.rotate("ci-bot")


def test_the_log_says_what_replaces_what_and_when_the_old_one_ends(workshop: Workshop) -> None:
    loki = workshop.open()
    old = loki.tokens.generate("ci-bot").token
    new = loki.tokens.rotate("ci-bot").token
    entry = workshop.log()[-1]
    assert (entry["event"], entry["resource_id"]) == ("auth.token.rotate", new.id)
    assert entry["details"]["replaces"] == old.id
    assert datetime.fromisoformat(entry["details"]["old_expires_at"]) == NOON + 24 * HOUR

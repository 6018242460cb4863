"""Making tokens: names, expiry, limits, and drafts that are committed later."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

import loki_core
from loki_core import DEFAULT, InvalidInput, Refused, Status
from loki_core.minting import Mint
from loki_core.roles import Role, RoleCatalog
from loki_core.scopes import Scope, ScopeCatalog
from loki_core.settings import RbacSettings
from loki_core.tokens.memory_store import MemoryStore
from loki_core.tokens.policy import TokenPolicy
from loki_core.tokens.record import Record
from loki_core.tokens.secret import Secret, compute_checksum, mint_secret
from tests.core.workshop import (
    NOON,
    HandClock,
    Workshop,
    make_peer_record,
    make_peer_secret,
    make_store_document,
    refuses,
)

DAY = timedelta(days=1)


def test_the_example_of_the_readme_works(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot", scopes=["read", "write"], expires_days=30)
    principal = loki.authenticate(issued.secret.reveal())
    principal.require("write")
    with pytest.raises(loki_core.AuthorizationError):
        principal.require("control")
    assert [token.name for token in loki.tokens.list()] == ["ci-bot"]
    loki.tokens.revoke("ci-bot")
    with refuses("token_revoked"):
        loki.authenticate(issued.secret.reveal())


def test_without_being_told_more_a_token_may_read_for_ninety_days(loki: loki_core.Loki) -> None:
    token = loki.tokens.generate("ci-bot").token
    assert token.scopes == ("read",)
    assert token.role is None
    assert token.expires_at == NOON + 90 * DAY
    assert token.created_at == NOON
    assert token.owner == loki.actor.subject
    assert token.status is Status.ACTIVE


def test_what_generate_returns_shows_no_secret(loki: loki_core.Loki) -> None:
    issued = loki.tokens.generate("ci-bot")
    body = issued.secret.reveal()[5:]
    assert body not in repr(issued) + str(issued) + f"{issued}" + repr(loki.tokens.list())


def test_the_secret_is_nowhere_on_the_disk(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    secret = issued.secret.reveal()
    loki.authenticate(secret, agent=f"curl {secret}", address=secret)
    with refuses("token_malformed"):
        loki.authenticate(secret + " ", agent=secret)
    loki.acting_as(loki.actor, address=secret, agent=secret).tokens.revoke("ci-bot")
    loki.close()
    for file in workshop.home.rglob("*"):
        if file.is_file():
            assert secret[5:].encode() not in file.read_bytes(), file


@pytest.mark.parametrize(
    ("days", "end"),
    [(1, NOON + DAY), (30, NOON + 30 * DAY), (36_500, NOON + 36_500 * DAY), (None, None), (DEFAULT, NOON + 90 * DAY)],
)
def test_n_days_are_n_times_86400_seconds_and_never_must_be_asked_for(
    loki: loki_core.Loki, days: int | None, end: datetime | None
) -> None:
    assert loki.tokens.generate("ci-bot", expires_days=days).token.expires_at == end


def test_an_end_can_be_given_as_a_time(loki: loki_core.Loki) -> None:
    end = NOON + timedelta(hours=3)
    assert loki.tokens.generate("ci-bot", expires_at=end).token.expires_at == end


@pytest.mark.parametrize("days", [0, -1, 36_501, 10**30, True, 1.5, "30"])
def test_an_expiry_that_makes_no_sense_is_refused_and_the_store_left_untouched(
    workshop: Workshop, days: object
) -> None:
    loki = workshop.open()
    with refuses("invalid_expiry"):
        loki.tokens.generate("ci-bot", expires_days=days)  # type: ignore[arg-type]
    assert not workshop.file.exists()


@pytest.mark.parametrize(
    "at",
    [NOON, NOON - DAY, NOON.replace(tzinfo=None), NOON + 36_501 * DAY],
    ids=["now", "past", "without a zone", "too far"],
)
def test_an_end_that_makes_no_sense_is_refused(loki: loki_core.Loki, at: datetime) -> None:
    with refuses("invalid_expiry"):
        loki.tokens.generate("ci-bot", expires_at=at)


def test_days_and_an_end_at_once_are_refused(loki: loki_core.Loki) -> None:
    with refuses("invalid_expiry"):
        loki.tokens.generate("ci-bot", expires_days=3, expires_at=NOON + DAY)


def test_the_longest_life_of_the_policy_is_kept(workshop: Workshop) -> None:
    loki = workshop.open(TokenPolicy(default_expiration_days=10, max_expiration_days=30))
    assert loki.tokens.generate("default").token.expires_at == NOON + 10 * DAY
    assert loki.tokens.generate("longest", expires_days=30).token.expires_at == NOON + 30 * DAY
    with refuses("expiry_too_far"):
        loki.tokens.generate("longer", expires_days=31)
    with refuses("expiry_too_far"):
        loki.tokens.generate("longer", expires_at=NOON + 30 * DAY + timedelta(seconds=1))
    with refuses("never_forbidden"):
        loki.tokens.generate("for ever", expires_days=None)


def test_a_policy_can_forbid_tokens_that_never_expire(workshop: Workshop) -> None:
    loki = workshop.open(TokenPolicy(allow_never=False))
    with refuses("never_forbidden"):
        loki.tokens.generate("ci-bot", expires_days=None)


def test_roles_and_scopes_of_the_configuration_can_be_granted(workshop: Workshop) -> None:
    rbac = RbacSettings(
        custom_scopes=(Scope(name="deploy", implies=("write",)),),
        custom_roles=(Role(name="releaser", scopes=("deploy", "audit")),),
    )
    loki = workshop.open(rbac=rbac)
    issued = loki.tokens.generate("ci-bot", role="releaser")
    assert issued.token.effective_scopes == ("write", "read", "audit", "deploy")
    loki.authenticate(issued.secret.reveal()).require("read")
    # Scopes are frozen at minting; one that is gone grants nothing any more.
    with pytest.raises(loki_core.AuthorizationError):
        workshop.open().authenticate(issued.secret.reveal()).require("deploy")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"scopes": ["raed"]}, "unknown_scope"),
        ({"scopes": []}, "invalid_scopes"),
        ({"scopes": " , "}, "invalid_scopes"),
        ({"role": "adminn"}, "unknown_role"),
        ({"role": "viewer", "scopes": ["*"]}, "role_scopes_differ"),
        ({"note": "n" * 256}, "invalid_note"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_made(workshop: Workshop, arguments: dict[str, object], code: str) -> None:
    loki = workshop.open()
    with refuses(code) as caught:
        loki.tokens.generate("ci-bot", **arguments)  # type: ignore[arg-type]
    assert isinstance(caught.value, InvalidInput)
    assert not workshop.home.exists()


def test_scopes_may_be_given_as_one_text(loki: loki_core.Loki) -> None:
    assert loki.tokens.generate("ci-bot", scopes="read, audit").token.scopes == ("read", "audit")


# -- names in use


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


# -- limits


def test_an_owner_has_at_most_the_active_tokens_the_policy_allows(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open(TokenPolicy(max_active_per_user=2))
    loki.tokens.generate("one", expires_days=1)
    loki.tokens.generate("two")
    with refuses("limit_reached"):
        loki.tokens.generate("three")
    clock.move(days=1)
    loki.tokens.generate("three")
    with refuses("limit_reached"):
        loki.tokens.generate("four")
    loki.tokens.revoke("two")
    loki.tokens.generate("four")


def test_the_limit_counts_each_owner_alone_and_not_loki_mode_s_tokens(workshop: Workshop) -> None:
    workshop.write(make_store_document(*(make_peer_record(f"p{n}", make_peer_secret()) for n in range(5))))
    loki = workshop.open(TokenPolicy(max_active_per_user=1))
    loki.tokens.generate("mine")
    bob = loki.acting_as(replace(loki.actor, subject="bob@example.com"))
    assert bob.tokens.generate("bobs").token.owner == "bob@example.com"
    with refuses("limit_reached"):
        bob.tokens.generate("another")


def test_a_rotating_pair_counts_once_and_half_of_one_still_counts(workshop: Workshop) -> None:
    loki = workshop.open(TokenPolicy(max_active_per_user=1))
    old = loki.tokens.generate("ci-bot").token
    new = loki.tokens.rotate("ci-bot").token
    with refuses("limit_reached"):
        loki.tokens.generate("other")
    loki.tokens.revoke(new.id)
    assert loki.tokens.get(old.id).status is Status.ROTATING
    with refuses("limit_reached"):
        loki.tokens.generate("other")
    loki.tokens.revoke(old.id)
    loki.tokens.generate("other")


def test_policy_check_lists_what_a_changed_policy_would_refuse_to_mint(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    loki.tokens.generate("short", expires_days=10)
    loki.tokens.generate("long", expires_days=200)
    clock.move(hours=1)
    loki.tokens.generate("for ever", expires_days=None)
    loki.tokens.generate("gone", expires_days=None)
    loki.tokens.revoke("gone")
    found = {(each.token.name, each.code) for each in loki.tokens.check_policy(TokenPolicy(max_expiration_days=30))}
    assert found == {("long", "expiry_too_far"), ("for ever", "never_forbidden")}
    assert loki.tokens.check_policy(TokenPolicy()) == ()
    crowded = loki.tokens.check_policy(TokenPolicy(max_active_per_user=2))
    assert [(each.token.name, each.code) for each in crowded] == [("for ever", "limit_reached")]


# -- drafts


def test_a_draft_stores_and_logs_nothing_and_its_secret_proves_nobody(workshop: Workshop) -> None:
    loki = workshop.open()
    draft = loki.tokens.prepare("ci-bot", scopes=["write"])
    assert not workshop.home.exists()
    assert draft.secret.reveal()[5:] not in repr(draft)
    with refuses("token_unknown"):
        loki.authenticate(draft.secret.reveal())
    issued = loki.tokens.commit(draft)
    assert issued.secret == draft.secret
    assert issued.token == draft.token
    assert loki.authenticate(draft.secret.reveal()).scopes == ("write",)


def test_a_drafted_token_lives_from_its_commit_on(loki: loki_core.Loki, clock: HandClock) -> None:
    draft = loki.tokens.prepare("ci-bot", expires_days=1)
    clock.move(hours=6)
    token = loki.tokens.commit(draft).token
    assert (token.created_at, token.expires_at) == (clock.now, clock.now + DAY)


def test_a_commit_checks_again_that_the_name_is_free(loki: loki_core.Loki) -> None:
    draft = loki.tokens.prepare("ci-bot")
    loki.tokens.generate("ci-bot")
    with refuses("name_taken"):
        loki.tokens.commit(draft)
    with refuses("token_unknown"):
        loki.authenticate(draft.secret.reveal())


def test_a_commit_checks_again_that_the_limit_is_not_reached(workshop: Workshop) -> None:
    loki = workshop.open(TokenPolicy(max_active_per_user=1))
    draft = loki.tokens.prepare("ci-bot")
    loki.tokens.generate("other")
    with refuses("limit_reached"):
        loki.tokens.commit(draft)


def test_a_commit_checks_again_that_the_end_has_not_come(loki: loki_core.Loki, clock: HandClock) -> None:
    draft = loki.tokens.prepare("ci-bot", expires_at=NOON + timedelta(hours=1))
    clock.move(hours=1)
    with refuses("invalid_expiry"):
        loki.tokens.commit(draft)


@pytest.mark.parametrize("fate", ["live", "revoked", "deleted"])
def test_a_draft_cannot_be_committed_twice_whatever_became_of_its_token(loki: loki_core.Loki, fate: str) -> None:
    draft = loki.tokens.prepare("ci-bot")
    loki.tokens.commit(draft)
    if fate != "live":
        loki.tokens.revoke("ci-bot")
    if fate == "deleted":
        loki.tokens.delete("ci-bot")
    with refuses("already_committed"):
        loki.tokens.commit(draft)
    assert len(loki.tokens.list()) == (1 if fate == "live" else 0)


def test_a_draft_of_a_rotation_cannot_be_committed_twice(loki: loki_core.Loki) -> None:
    loki.tokens.generate("ci-bot")
    draft = loki.tokens.prepare_rotation("ci-bot")
    loki.tokens.commit(draft)
    with refuses("already_committed"):
        loki.tokens.commit(draft)
    assert len(loki.tokens.list()) == 2


def test_an_id_that_is_taken_is_never_given_twice() -> None:
    """The id is twelve digits of the hash: on a collision another secret is minted."""
    taken = mint_secret(lambda _: "A")
    digest = hashlib.sha256(taken.reveal().encode()).hexdigest()
    store = MemoryStore()
    with store.transaction() as transaction:
        transaction.put(Record(id=f"tok-{digest[:12]}", name="clash", hash="0" * 64, scopes=("read",)))
        transaction.commit(NOON)
    choices = iter("A" * 43 + "B" * 43)
    mint = Mint(TokenPolicy(), RoleCatalog(ScopeCatalog()), lambda _: next(choices))
    assert mint.mint_unused(store.view()) == mint_secret(lambda _: "B")


def test_randomness_is_passed_in_through_open(workshop: Workshop) -> None:
    with loki_core.open(store=MemoryStore(), choose=lambda _: "7", environ={}, clock=workshop.clock) as loki:
        assert loki.tokens.prepare("ci-bot").secret == Secret("loki_" + "7" * 43 + compute_checksum("7" * 43))


# -- who may


@pytest.mark.parametrize("role", ["operator", "viewer", "auditor"])
def test_every_operation_needs_all_scopes_and_a_refusal_is_logged(workshop: Workshop, role: str) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    draft = loki.tokens.prepare("other")
    guest_secret = loki.tokens.generate("guest", role=role).secret
    guest = loki.acting_as(loki.authenticate(guest_secret.reveal()), address="10.0.0.9").tokens
    before = workshop.file.read_bytes()
    calls: list[Callable[[], object]] = [
        lambda: guest.list(),
        lambda: guest.get("ci-bot"),
        lambda: guest.summary(),
        lambda: guest.find_uses("tok-1", since=NOON),
        lambda: guest.history("tok-1"),
        lambda: guest.check_policy(TokenPolicy()),
        lambda: guest.preview("x"),
        lambda: guest.generate("x"),
        lambda: guest.prepare("x"),
        lambda: guest.commit(draft),
        lambda: guest.rotate("ci-bot"),
        lambda: guest.prepare_rotation("ci-bot"),
        lambda: guest.revoke("ci-bot"),
        lambda: guest.revoke("ci-bot", dry_run=True),
        lambda: guest.delete("ci-bot"),
        lambda: guest.accept_clock(),
    ]
    for call in calls:
        with refuses("insufficient_scope"):
            call()
    assert workshop.file.read_bytes() == before
    token_id = loki.tokens.get("guest").id
    loki.close()
    denied = [entry for entry in workshop.log() if entry["event"] == "permission.denied"]
    assert len(denied) == len(calls)
    assert {(entry["user_id"], entry["ip_address"], entry["success"]) for entry in denied} == {
        (token_id, "10.0.0.9", False)
    }


def test_a_failed_generate_says_refused_under_one_error_tree(loki: loki_core.Loki) -> None:
    loki.tokens.generate("ci-bot")
    with pytest.raises(Refused):
        loki.tokens.generate("ci-bot")
    with pytest.raises(loki_core.LokiError):
        loki.tokens.generate("")

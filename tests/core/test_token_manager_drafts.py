"""Tokens and rotations drafted first and committed later."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

import loki_core
from loki_core.minting import Mint
from loki_core.roles import RoleCatalog
from loki_core.scopes import ScopeCatalog
from loki_core.tokens.memory_store import MemoryStore
from loki_core.tokens.policy import TokenPolicy
from loki_core.tokens.record import Record
from loki_core.tokens.secret import Secret, compute_checksum, mint_secret
from tests.core.workshop import (
    NOON,
    HandClock,
    Workshop,
    refuses,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


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


def test_a_drafted_rotation_stores_nothing_and_its_grace_begins_at_the_commit(
    workshop: Workshop, clock: HandClock
) -> None:
    loki = workshop.open()
    old = loki.tokens.generate("ci-bot")
    before = workshop.file.read_bytes()
    draft = loki.tokens.prepare_rotation("ci-bot")
    assert workshop.file.read_bytes() == before
    assert draft.replaces is not None
    assert draft.replaces.id == old.token.id
    with refuses("token_unknown"):
        loki.authenticate(draft.secret.reveal())
    clock.move(hours=5)
    new = loki.tokens.commit(draft).token
    assert loki.tokens.get(old.token.id).expires_at == clock.now + 24 * HOUR
    assert new.created_at == clock.now
    assert new.expires_at == clock.now + 90 * DAY


@pytest.mark.parametrize(
    ("meanwhile", "code"), [("rotated", "rotation_in_progress"), ("revoked", "not_active"), ("deleted", "not_found")]
)
def test_a_drafted_rotation_is_checked_again_against_what_happened_meanwhile(
    loki: loki_core.Loki, meanwhile: str, code: str
) -> None:
    loki.tokens.generate("ci-bot")
    draft = loki.tokens.prepare_rotation("ci-bot")
    if meanwhile == "rotated":
        loki.tokens.rotate("ci-bot")
    else:
        loki.tokens.revoke("ci-bot")
    if meanwhile == "deleted":
        loki.tokens.delete("ci-bot")
    count = len(loki.tokens.list(include_revoked=True))
    with refuses(code):
        loki.tokens.commit(draft)
    assert len(loki.tokens.list(include_revoked=True)) == count


def test_a_drafted_rotation_replaces_the_token_it_was_drafted_for_and_not_a_new_one_of_that_name(
    loki: loki_core.Loki,
) -> None:
    loki.tokens.generate("ci-bot")
    draft = loki.tokens.prepare_rotation("ci-bot")
    loki.tokens.revoke("ci-bot")
    loki.tokens.generate("ci-bot", scopes=["*"])
    with refuses("not_active"):
        loki.tokens.commit(draft)

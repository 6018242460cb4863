"""How many tokens an owner may have, and who may do anything at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import loki_core
from loki_core import Refused, Status
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

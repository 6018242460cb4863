"""Looking at tokens: filters, counts, status at one moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

import loki_core
from loki_core import Status
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


@pytest.fixture
def full(workshop: Workshop, clock: HandClock) -> loki_core.Loki:
    """One token in each state that a person can bring about, seen on the second of March."""
    records = [
        make_peer_record("locked", make_peer_secret(), locked=True),
        make_peer_record("unreadable", make_peer_secret(), scopes=7),
    ]
    workshop.write(make_store_document(*records))
    loki = workshop.open()
    loki.tokens.generate("expired", expires_days=1)
    loki.tokens.generate("expiring", expires_days=10)
    loki.tokens.generate("active", scopes=["*"], note="the nightly build")
    loki.acting_as(replace(loki.actor, subject="bob")).tokens.generate("bobs", expires_days=None)
    loki.tokens.generate("revoked")
    loki.tokens.revoke("revoked")
    clock.move(days=8)
    loki.tokens.generate("pair")
    loki.tokens.rotate("pair")
    return loki


def _names(tokens: tuple[loki_core.Token, ...]) -> list[str]:
    return [token.name for token in tokens]


def test_everything_but_revoked_tokens_is_listed_in_the_order_of_the_store(full: loki_core.Loki) -> None:
    names = ["locked", "unreadable", "expired", "expiring", "active", "bobs", "pair", "pair"]
    assert _names(full.tokens.list()) == names
    assert sorted(_names(full.tokens.list(include_revoked=True))) == sorted([*names, "revoked"])


def test_every_state_is_seen(full: loki_core.Loki) -> None:
    assert {token.name: token.status for token in full.tokens.list(include_revoked=True) if token.name != "pair"} == {
        "locked": Status.LOCKED,
        "unreadable": Status.UNREADABLE,
        "expired": Status.EXPIRED,
        "expiring": Status.EXPIRING,
        "active": Status.ACTIVE,
        "bobs": Status.ACTIVE,
        "revoked": Status.REVOKED,
    }
    assert [token.status for token in full.tokens.list(query="pair")] == [Status.ROTATING, Status.ACTIVE]


@pytest.mark.parametrize("status", list(Status))
def test_one_state_can_be_asked_for_as_a_name_too(full: loki_core.Loki, status: Status) -> None:
    found = full.tokens.list(status=status)
    assert found
    assert {token.status for token in found} == {status}
    assert full.tokens.list(status=str(status)) == full.tokens.list(status=[status.value]) == found


def test_a_state_that_does_not_exist_is_an_error_and_not_an_empty_list(full: loki_core.Loki) -> None:
    for status in ("activ", ["active", "gone"]):
        with refuses("unknown_status"):
            full.tokens.list(status=status)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"owner": "bob"}, ["bobs"]),
        ({"owner": "nobody"}, []),
        ({"query": "NIGHTLY"}, ["active"]),
        ({"query": "bob"}, ["bobs"]),
        ({"query": "tok-"}, ["locked", "unreadable", "expired", "expiring", "active", "bobs", "pair", "pair"]),
        ({"expiring_within": 3 * DAY}, ["expiring", "pair"]),
        ({"expiring_within": 2 * DAY}, ["expiring", "pair"]),
        ({"expiring_within": 2 * DAY - timedelta(microseconds=1)}, ["pair"]),
        ({"expiring_within": timedelta.max}, ["expiring", "active", "pair", "pair"]),
        ({"unused_for": 8 * DAY}, ["expiring", "active", "bobs"]),
        ({"unused_for": 8 * DAY + timedelta(microseconds=1)}, []),
        ({"unused_for": timedelta()}, ["expiring", "active", "bobs", "pair", "pair"]),
        ({"status": [Status.ACTIVE, Status.EXPIRED], "query": "exp"}, ["expired"]),
    ],
)
def test_filters_narrow_the_list(full: loki_core.Loki, filters: dict[str, object], names: list[str]) -> None:
    assert _names(full.tokens.list(**filters)) == names  # type: ignore[arg-type]


def test_a_used_token_is_not_unused(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    clock.move(days=30)
    loki.authenticate(issued.secret.reveal())
    loki.close()
    clock.move(days=10)
    again = workshop.open()
    assert _names(again.tokens.list(unused_for=10 * DAY)) == ["ci-bot"]
    assert again.tokens.list(unused_for=11 * DAY) == ()
    assert again.tokens.get("ci-bot").last_used == NOON + 30 * DAY


def test_the_summary_counts_every_state(full: loki_core.Loki) -> None:
    summary = full.tokens.summary()
    assert summary.total == 9
    assert sum(summary.by_status.values()) == 9
    assert set(summary.by_status) == set(Status)
    assert (summary.usable, summary.unlimited, summary.never_expiring, summary.never_used) == (5, 1, 1, 5)


def test_the_history_of_a_token_is_newest_first(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    loki.authenticate(issued.secret.reveal())
    loki.close()
    loki = workshop.open()
    loki.tokens.revoke("ci-bot")
    loki.tokens.generate("other")
    history = loki.tokens.history(issued.token.id)
    assert [str(entry.event) for entry in history] == ["auth.token.revoke", "auth.token.use", "auth.token.create"]
    assert [entry.seq for entry in loki.tokens.history(issued.token.id, limit=1)] == [3]
    assert loki.tokens.history("\ud800") == ()


def test_uses_can_be_asked_for_since_a_time(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    loki.authenticate(issued.secret.reveal(), address="10.0.0.1", agent="curl/8")
    clock.move(days=2)
    loki.authenticate(issued.secret.reveal(), address="10.0.0.2")
    loki.close()
    tokens = workshop.open().tokens
    assert [use.address for use in tokens.find_uses(issued.token.id, since=NOON)] == ["10.0.0.2", "10.0.0.1"]
    assert [use.address for use in tokens.find_uses(issued.token.id, since=NOON + DAY)] == ["10.0.0.2"]
    assert tokens.find_uses(issued.token.id, since=NOON)[1].agent == "curl/8"

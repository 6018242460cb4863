"""A clock that was set back brings nothing to life."""

from __future__ import annotations

from datetime import timedelta

import loki_core
from loki_core import Status
from tests.core.workshop import NOON, HandClock, Workshop, refuses


def _finding_codes(loki: loki_core.Loki) -> set[str]:
    return {finding.code for finding in loki.health()}


def test_an_expired_token_stays_expired_after_the_clock_was_set_back(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot", expires_days=1)
    clock.move(days=2)
    loki.tokens.generate("other")
    clock.now = NOON
    for opened in (loki, workshop.open()):
        with refuses("token_expired"):
            opened.authenticate(issued.secret.reveal())
        assert opened.tokens.get(issued.token.id).status is Status.EXPIRED
        assert "clock_set_back" in _finding_codes(opened)


def test_five_minutes_back_are_an_ordinary_correction(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot", expires_at=NOON + timedelta(minutes=30))
    clock.move(minutes=34, seconds=59)
    loki.tokens.generate("other")
    clock.now = NOON
    assert loki.authenticate(issued.secret.reveal()).name == "ci-bot"
    clock.move(minutes=29, seconds=59)
    assert "clock_set_back" not in _finding_codes(loki)
    clock.move(seconds=-1)
    assert "clock_set_back" in _finding_codes(loki)
    clock.now = NOON + timedelta(minutes=35)
    loki.tokens.generate("third")
    clock.now = NOON
    with refuses("token_expired"):
        loki.authenticate(issued.secret.reveal())


def test_what_is_minted_while_the_clock_is_back_begins_no_earlier_than_the_floor(
    workshop: Workshop, clock: HandClock
) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    clock.move(days=-10)
    token = loki.tokens.generate("other", expires_days=1).token
    assert token.created_at == NOON - timedelta(minutes=5)
    assert token.expires_at == NOON - timedelta(minutes=5) + timedelta(days=1)


def test_accepting_the_clock_takes_its_time_as_true_and_is_logged(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    clock.move(days=3650)  # a wrong clock, once
    loki.tokens.generate("from the future")
    clock.now = NOON
    issued_too_early = loki.tokens.generate("ci-bot", expires_days=1)
    assert issued_too_early.token.created_at != NOON
    loki.accept_clock()
    assert "clock_set_back" not in _finding_codes(loki)
    issued = loki.tokens.generate("right", expires_days=1)
    assert issued.token.created_at == NOON
    assert loki.authenticate(issued.secret.reveal()).name == "right"
    entry = next(entry for entry in workshop.log() if entry["resource_type"] == "clock")
    assert entry["details"]["accepted"] == NOON.isoformat()


def test_a_grace_does_not_grow_when_the_clock_is_set_back(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    old = loki.tokens.generate("ci-bot")
    loki.tokens.rotate("ci-bot", grace_hours=1)
    clock.move(hours=2)
    loki.tokens.generate("other")
    clock.move(hours=-2)
    with refuses("token_expired"):
        loki.authenticate(old.secret.reveal())
    assert loki.tokens.get(old.token.id).status is Status.EXPIRED

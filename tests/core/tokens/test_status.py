"""A token's state, at both sides of every boundary."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loki_core.tokens.status import Status, find_status
from tests.core.workshop import NOON

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


def _status(now_after: timedelta, life: timedelta | None, **flags: bool) -> Status:
    return find_status(NOON + now_after, created_at=NOON, expires_at=None if life is None else NOON + life, **flags)


@pytest.mark.parametrize(
    ("age", "life", "status"),
    [
        (timedelta(), 90 * DAY, Status.ACTIVE),
        (76 * DAY - TICK, 90 * DAY, Status.ACTIVE),
        (76 * DAY, 90 * DAY, Status.EXPIRING),  # fourteen days before the end
        (90 * DAY - TICK, 90 * DAY, Status.EXPIRING),
        (90 * DAY, 90 * DAY, Status.EXPIRED),  # the end is exclusive
        (91 * DAY, 90 * DAY, Status.EXPIRED),
        (4 * DAY - TICK, 5 * DAY, Status.ACTIVE),
        (4 * DAY, 5 * DAY, Status.EXPIRING),  # the last fifth of a short life
        (56 * DAY, 70 * DAY, Status.EXPIRING),  # where both rules come to the same
        (56 * DAY - TICK, 70 * DAY, Status.ACTIVE),
        (10_000 * DAY, None, Status.ACTIVE),
    ],
)
def test_active_expiring_and_expired_meet_exactly(age: timedelta, life: timedelta | None, status: Status) -> None:
    assert _status(age, life) is status


def test_revoked_beats_expired_beats_locked_beats_rotating_beats_expiring() -> None:
    assert _status(2 * DAY, DAY, revoked=True, locked=True, rotated=True) is Status.REVOKED
    assert _status(2 * DAY, DAY, locked=True, rotated=True) is Status.EXPIRED
    assert _status(DAY / 2, DAY, locked=True, rotated=True) is Status.LOCKED
    assert _status(DAY - TICK, DAY, rotated=True) is Status.ROTATING
    assert _status(DAY - TICK, DAY) is Status.EXPIRING


def test_a_record_without_a_birth_is_expiring_fourteen_days_before_its_end() -> None:
    end = NOON + 14 * DAY
    assert find_status(NOON, created_at=None, expires_at=end) is Status.EXPIRING
    assert find_status(NOON - TICK, created_at=None, expires_at=end) is Status.ACTIVE


def test_a_record_that_says_it_ended_before_it_began_is_expired_and_breaks_nothing() -> None:
    assert find_status(NOON, created_at=NOON + DAY, expires_at=NOON - DAY) is Status.EXPIRED
    assert find_status(NOON - 2 * DAY, created_at=NOON + DAY, expires_at=NOON - DAY) is Status.ACTIVE


def test_only_active_expiring_and_rotating_tokens_verify() -> None:
    assert {status for status in Status if status.is_usable} == {Status.ACTIVE, Status.EXPIRING, Status.ROTATING}

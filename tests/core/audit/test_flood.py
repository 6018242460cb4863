"""The quota of failures: what of a flood gets an entry, what is counted, and that nothing is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.flood import FAILURES_A_MINUTE, MINUTE, Flood, admit, dump_flood, parse_flood
from tests.core.workshop import NOON

FAILURE = AuditEntry(timestamp=NOON, event=AuditEvent.FAIL, user_id="anonymous", success=False, error="token_unknown")


def _fail(flood: Flood, times: int, seconds: float = 0.0) -> tuple[Flood, list[AuditEntry]]:
    written: list[AuditEntry] = []
    now = NOON + timedelta(seconds=seconds)
    for _ in range(times):
        flood, entries = admit(flood, now, replace(FAILURE, timestamp=now), {})
        written += entries
    return flood, written


def test_sixty_failures_a_minute_get_an_entry_and_the_others_are_counted() -> None:
    flood, written = _fail(Flood(), 100)
    assert len(written) == FAILURES_A_MINUTE
    assert flood.counted == {"token_unknown": 40}
    assert flood.is_used_up(NOON)
    assert flood.is_used_up(NOON + timedelta(seconds=59))
    assert not flood.is_used_up(NOON + MINUTE)


def test_the_next_minute_begins_with_an_entry_that_says_how_many_were_counted() -> None:
    flood, _ = _fail(Flood(), 100)
    flood, written = _fail(flood, 1, seconds=60)
    assert [entry.error for entry in written] == ["many", "token_unknown"]
    assert written[0].details == {"count": 40, "by_code": {"token_unknown": 40}}
    assert (flood.logged, flood.counted) == (1, {})


def test_a_clock_that_was_set_back_begins_a_new_minute() -> None:
    flood, _ = _fail(Flood(), 100)
    assert not flood.is_used_up(NOON - timedelta(seconds=61))
    _, written = _fail(flood, 1, seconds=-86_400)
    assert [entry.error for entry in written] == ["many", "token_unknown"]


def test_a_failure_that_comes_late_from_another_process_is_counted_and_begins_no_new_minute() -> None:
    flood, _ = _fail(Flood(), 1)
    late, written = _fail(flood, 3, seconds=-30)
    assert written == []
    assert (late.began, late.logged, dict(late.counted)) == (NOON, 1, {"token_unknown": 3})


def test_the_end_of_programs_is_told_of_once_a_minute_and_no_count_is_lost() -> None:
    flood, _ = _fail(Flood(), FAILURES_A_MINUTE)
    told: Counter[str] = Counter()
    entries_a_minute = []
    for _ in range(5):
        flood, written = admit(flood, NOON, None, {"token_unknown": 7}, is_end=True)
        entries_a_minute.append(len(written))
        told.update(written[0].details["by_code"] if written else {})
    assert entries_a_minute == [1, 0, 0, 0, 0]
    flood, written = admit(flood, NOON + MINUTE, None, {})
    assert told + Counter(written[0].details["by_code"]) == {"token_unknown": 35}


@given(
    st.lists(
        st.tuples(
            st.floats(-30, 90), st.booleans(), st.dictionaries(st.sampled_from("ab"), st.integers(1, 90)), st.booleans()
        ),
        max_size=40,
    )
)
def test_every_failure_is_said_or_still_counted_whatever_comes_in_whatever_order(
    steps: list[tuple[float, bool, dict[str, int], bool]],
) -> None:
    flood, now, happened, said = Flood(), NOON, 0, 0
    for seconds, fails, counted, is_end in steps:
        now += timedelta(seconds=seconds)
        happened += fails + sum(counted.values())
        flood, written = admit(flood, now, FAILURE if fails else None, counted, is_end=is_end)
        said += sum(entry.details["count"] if entry.error == "many" else 1 for entry in written)
        assert parse_flood(dump_flood(flood)) == flood
        assert happened == said + sum(flood.counted.values())


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"logged": "9", "counted": {}},
        {"logged": True, "counted": {}},
        {"logged": 1, "counted": {"a": -1}},
    ],
)
def test_a_state_that_makes_no_sense_counts_anew(content: object) -> None:
    assert parse_flood(content) == Flood()

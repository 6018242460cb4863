"""A stored record: read strictly, written back whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.tokens.record import BrokenRecord, Record, dump_record, format_time, parse_record, parse_time
from tests.core.workshop import NOON, make_peer_record, make_peer_secret

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_times = st.none() | st.datetimes(timezones=st.just(UTC)).map(format_time)
_known = st.fixed_dictionaries(
    {
        "name": st.text(min_size=1),
        "hash": st.text("0123456789abcdef", min_size=64, max_size=64),
        "scopes": st.lists(st.text()),
    },
    optional={
        "salt": st.text(),
        "lookup": st.text(),
        "role": st.none() | st.text(),
        "owner": st.none() | st.text(),
        "note": st.text(),
        "created_at": _times,
        "expires_at": _times,
        "last_used": _times,
        "revoked": st.booleans(),
        "revoked_at": _times,
        "locked": st.booleans(),
        "original_name": st.none() | st.text(),
        "rotated_from": st.none() | st.text(),
        "rotated_to": st.none() | st.text(),
    },
)
_KNOWN_NAMES = {
    "id",
    "name",
    "hash",
    "scopes",
    "salt",
    "lookup",
    "role",
    "owner",
    "note",
    "created_at",
    "expires_at",
} | {
    "last_used",
    "revoked",
    "revoked_at",
    "locked",
    "original_name",
    "rotated_from",
    "rotated_to",
}


@given(st.text(), _known, st.dictionaries(st.text(), _json))
def test_a_record_is_the_same_after_a_round_trip_and_keeps_every_field_we_do_not_know(
    key: str, known: dict[str, Any], unknown: dict[str, Any]
) -> None:
    unknown = {name: value for name, value in unknown.items() if name not in _KNOWN_NAMES}
    record = parse_record(key, {**unknown, **known})
    assert isinstance(record, Record)
    dumped = json.loads(json.dumps(dump_record(record)))
    assert {name: value for name, value in dumped.items() if name not in _KNOWN_NAMES} == unknown
    assert parse_record(key, dumped) == record


@given(st.text(), _json | st.dictionaries(st.sampled_from(sorted(_KNOWN_NAMES)), _json))
def test_no_json_value_makes_reading_a_record_fail(key: str, raw: object) -> None:
    record = parse_record(key, raw)
    assert record.id == key
    assert isinstance(record, Record) or record.problem


@pytest.mark.parametrize(
    "field",
    [
        {"id": "tok-ffffffffffff"},
        {"name": None},
        {"name": ""},
        {"name": 7},
        {"hash": "ABC"},
        {"hash": None},
        {"hash": "A" * 64},
        {"scopes": "read"},
        {"scopes": ["read", 1]},
        {"scopes": None},
        {"revoked": "false"},
        {"revoked": 0},
        {"locked": "no"},
        {"created_at": "yesterday"},
        {"expires_at": 1_700_000_000},
        {"expires_at": ""},
        {"salt": 7},
        {"lookup": ["x"]},
        {"original_name": {}},
    ],
)
def test_a_field_that_breaks_its_rule_makes_the_record_unreadable_and_says_why(field: dict[str, Any]) -> None:
    raw = {
        **make_peer_record(
            "ci-bot",
            make_peer_secret(),
        ),
        **field,
    }
    broken = parse_record(make_peer_record("ci-bot", "x")["id"] if "id" in field else raw["id"], raw)
    assert isinstance(broken, BrokenRecord)
    assert broken.problem


@pytest.mark.parametrize("raw", [None, [], "text", 7, True])
def test_what_is_no_object_is_unreadable_and_is_called_by_its_key(raw: object) -> None:
    assert parse_record("tok-1", raw) == BrokenRecord(id="tok-1", name="tok-1", problem="it is not a JSON object")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:00:00+00:00", NOON),
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01T12:00:00", NOON),
        ("2026-03-01T14:00:00+02:00", NOON),
        ("2026-03-01T12:00:00.000000+00:00", NOON),
        ("9999-12-31T23:59:59-14:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-02-30T00:00:00Z", None),
        ("", None),
        ("\ud800", None),
        ("now", None),
    ],
)
def test_times_are_read_in_utc_and_nonsense_is_none(text: str, moment: datetime | None) -> None:
    assert parse_time(text) == moment


def test_times_are_written_in_utc_with_offset() -> None:
    assert format_time(NOON) == "2026-03-01T12:00:00+00:00"
    assert format_time(None) is None

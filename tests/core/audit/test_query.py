"""Which entries a query means."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from loki_core.audit.chain import GENESIS, seal_entry
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.levels import Level, get_level, get_levels_from
from loki_core.audit.lines import StoredLine
from loki_core.audit.query import Query, Search
from loki_core.frozen import replace
from tests.core.workshop import NOON

CREATED = AuditEntry(
    timestamp=NOON,
    event=AuditEvent.TOKEN_CREATE,
    user_id="os:alice",
    resource_id="tok-000000000001",
    details={"name": "ci-bot", "note": ["Straße"]},
)
USED = AuditEntry(
    timestamp=NOON + timedelta(hours=1),
    event=AuditEvent.TOKEN_USE,
    user_id="tok-000000000001",
    resource_id="tok-000000000001",
    token_id="tok-000000000001",
    ip_address="10.0.0.7",
)
FAILED = AuditEntry(
    timestamp=NOON + timedelta(hours=2),
    event=AuditEvent.FAIL,
    user_id="anonymous",
    resource_type="auth",
    ip_address="10.0.0.9",
    user_agent="curl/8",
    success=False,
    error="token_unknown",
)
PEERS = b'{"action": "generate_token", "success": true, "timestamp": "2026-03-01T15:00:00+00:00", "user_id": "bob"}'


def _store(entry: AuditEntry) -> StoredLine:
    return StoredLine(data=seal_entry(entry, GENESIS, 1)[0])


LINES = [*map(_store, (CREATED, USED, FAILED)), StoredLine(data=PEERS)]


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ({}, [0, 1, 2, 3]),
        ({"since": NOON}, [0, 1, 2, 3]),
        ({"since": NOON + timedelta(seconds=1)}, [1, 2, 3]),
        ({"until": NOON + timedelta(hours=2)}, [0, 1]),
        ({"until": NOON + timedelta(hours=2, microseconds=1)}, [0, 1, 2]),
        ({"since": NOON + timedelta(hours=3)}, [3]),
        ({"events": {"auth.fail"}}, [2]),
        ({"events": {"auth.token"}}, [0, 1]),
        ({"events": {"auth.token.use", "auth.fail"}}, [1, 2]),
        ({"events": {"auth"}}, [0, 1, 2]),
        ({"events": {"aut", "auth.fai"}}, []),
        ({"events": {"generate_token"}}, [3]),
        ({"levels": {Level.WARNING}}, [2]),
        ({"levels": get_levels_from(Level.NOTICE)}, [0, 2]),
        ({"actor": "os:alice"}, [0]),
        ({"actor": "alice"}, [0]),
        ({"actor": "bob"}, [3]),
        ({"actor": "ali"}, []),
        ({"token": "tok-000000000001"}, [0, 1]),
        ({"token": "ci-bot"}, [0]),
        ({"token": "ci-"}, []),
        ({"failed": True}, [2]),
        ({"failed": False}, [0, 1, 3]),
        ({"text": "CURL"}, [2]),
        ({"text": "strasse"}, [0]),
        ({"text": "10.0.0."}, [1, 2]),
        ({"text": "nowhere"}, []),
        ({"failed": True, "events": {"auth.token"}}, []),
    ],
)
def test_every_condition_that_is_given_must_hold(asked: dict[str, Any], places: list[int]) -> None:
    asked = {name: frozenset(value) if isinstance(value, set) else value for name, value in asked.items()}
    assert [LINES.index(line.stored) for line in Search(Query(**asked)).select(LINES)] == places


def test_a_name_also_stands_for_the_ids_that_bear_it() -> None:
    search = Search(Query(token="ci-bot"), frozenset({"tok-000000000001"}))
    assert [line.entry.event for line in search.select(LINES)] == ["auth.token.create", "auth.token.use"]


def test_what_is_no_entry_is_counted_and_left_out() -> None:
    torn = [b'{"timestamp": "2026-', b"[]", b"{}", b'{"timestamp": "yesterday"}', b"\xff\xfe", b"[" * 100_000]
    search = Search(Query())
    assert len(list(search.select([*LINES, *(StoredLine(data=data) for data in torn)]))) == len(LINES)
    assert search.unreadable == len(torn)


def test_no_spelling_of_a_line_hides_it_from_a_query() -> None:
    fields = json.loads(LINES[2].data)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in "auth.fail")
    spellings = [
        json.dumps({**fields, "event": "@"}).replace("@", escaped).encode(),
        json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode(),
        json.dumps({**fields, "details": {"timestamp": "1999-01-01T00:00:00+00:00"}}).encode(),
        json.dumps({**dict(reversed(fields.items()))}).encode(),
        json.dumps({**fields, "timestamp": "2026-03-01T15:00:00+01:00"}).encode(),
    ]
    query = Query(events=frozenset({"auth.fail"}), actor="anonymous", since=NOON, until=NOON + timedelta(hours=3))
    for spelling in spellings:
        assert len(list(Search(query).select([StoredLine(data=spelling)]))) == 1, spelling


def test_what_is_nested_beyond_all_measure_is_left_out_and_the_rest_is_read() -> None:
    deep: Any = "needle"
    for _ in range(200):
        deep = [{"in": deep}]
    (line,) = Search(Query(text="ALICE")).select([_store(replace(CREATED, details={"deep": deep}))])
    assert len(json.dumps(line.fields)) < 1_000


@pytest.mark.parametrize(
    ("entry", "level"),
    [
        (USED, Level.INFO),
        (CREATED, Level.NOTICE),
        (replace(CREATED, event="generate_token"), Level.INFO),
        (replace(CREATED, success=False, error="storage_failed"), Level.ERROR),
        (replace(CREATED, event="generate_token", success=False), Level.WARNING),
        (FAILED, Level.WARNING),
        (replace(FAILED, event=AuditEvent.PERMISSION_DENIED), Level.WARNING),
        (replace(CREATED, event=AuditEvent.STORE_REPAIRED), Level.WARNING),
        (replace(CREATED, event=AuditEvent.POLICY_CHANGE), Level.NOTICE),
        (replace(CREATED, event=AuditEvent.POLICY_CHANGE, details={"enabled": False}), Level.WARNING),
        (replace(FAILED, event=AuditEvent.RECOVER, error="torn_line"), Level.WARNING),
        (replace(FAILED, event=AuditEvent.RECOVER, error="truncated"), Level.ERROR),
        (replace(FAILED, event=AuditEvent.RECOVER, error="key_lost"), Level.ERROR),
    ],
)
def test_the_level_says_how_much_attention_an_entry_needs(entry: AuditEntry, level: Level) -> None:
    assert get_level(entry) is level


def test_levels_are_in_an_order() -> None:
    assert get_levels_from(Level.WARNING) == {Level.WARNING, Level.ERROR}
    assert get_levels_from(Level.INFO) == set(Level)

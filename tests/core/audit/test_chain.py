"""The chain of hashes, recomputed by the peer's rule written down a second time."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from loki_core.audit.chain import GENESIS, dump_entry, parse_entry, parse_line, seal_entry
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.tokens.secret import redact
from tests.core.workshop import NOON, make_peer_secret

PEER_FIELDS = {
    "timestamp",
    "action",
    "resource_type",
    "resource_id",
    "user_id",
    "token_id",
    "ip_address",
    "user_agent",
    "success",
    "error",
    "details",
}
_texts = st.text()
_times = st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000)).map(lambda far: NOON + far) | st.just(
    NOON.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
)
_nested = st.recursive(st.booleans() | _texts, lambda inner: st.lists(inner) | st.dictionaries(_texts, inner))
_entries = st.builds(
    AuditEntry,
    timestamp=_times,
    event=st.sampled_from(list(AuditEvent)) | _texts,
    user_id=_texts,
    resource_type=_texts,
    resource_id=_texts,
    token_id=_texts,
    ip_address=_texts,
    user_agent=_texts,
    success=st.booleans(),
    error=_texts,
    details=st.dictionaries(
        _texts, _texts | st.integers() | st.none() | st.lists(_texts) | st.floats(allow_nan=False) | _nested
    ),
)


@given(_entries, st.integers(1))
def test_a_line_is_what_json_makes_of_its_fields_in_the_order_of_their_names(entry: AuditEntry, seq: int) -> None:
    line, digest = seal_entry(entry, GENESIS, seq)
    written = json.dumps({**dump_entry(entry), "seq": seq}, sort_keys=True)
    assert line.decode() == redact(written)[:-1] + f', "_integrity_hash": "{digest}"}}'


@given(st.lists(_entries, max_size=4))
def test_every_line_is_bound_to_all_before_it_by_the_peer_s_rule(entries: list[AuditEntry]) -> None:
    previous = expected = GENESIS
    for seq, entry in enumerate(entries, 1):
        line, previous = seal_entry(entry, previous, seq)
        assert b"\n" not in line
        fields = json.loads(line)
        assert list(fields)[-1] == "_integrity_hash"
        claimed = fields.pop("_integrity_hash")
        assert list(fields) == sorted(fields)
        text = json.dumps(fields, sort_keys=True)
        expected = hashlib.sha256((expected + text).encode()).hexdigest()
        assert claimed == expected == previous
        assert fields["seq"] == seq
        assert fields["user_id"]


@given(_entries)
def test_an_entry_comes_back_from_its_line(entry: AuditEntry) -> None:
    line, _ = seal_entry(entry, GENESIS, 7)
    parsed = parse_entry(json.loads(line))
    assert parsed is not None
    assert (parsed.seq, parsed.timestamp, parsed.success) == (7, entry.timestamp, entry.success)
    assert parsed.user_id == (entry.user_id or "unknown")
    if "loki_" not in json.dumps(dump_entry(entry)):
        assert dump_entry(parsed) == dump_entry(entry)


def test_a_line_has_the_peer_s_fields_and_two_of_ours() -> None:
    entry = AuditEntry(timestamp=NOON, event=AuditEvent.TOKEN_CREATE, user_id="os:alice", resource_id="tok-1")
    line, _ = seal_entry(entry, GENESIS, 1)
    fields = json.loads(line)
    assert set(fields) == PEER_FIELDS | {"event", "seq", "_integrity_hash"}
    assert (fields["action"], fields["event"]) == ("create", "auth.token.create")
    assert fields["token_id"] is None


def test_a_secret_that_got_into_an_entry_does_not_get_into_the_line() -> None:
    secret = make_peer_secret()
    entry = AuditEntry(
        timestamp=NOON, event="x", user_id=secret, user_agent=f"a {secret}", details={secret: [{"deep": f"{secret}!"}]}
    )
    line, _ = seal_entry(entry, GENESIS, 1)
    assert secret[5:].encode() not in line
    json.loads(line)


@given(st.binary())
def test_no_line_makes_reading_fail(line: bytes) -> None:
    fields = parse_line(line)
    if fields is not None:
        parse_entry(fields)


def test_lines_that_are_no_objects_or_have_no_time_are_no_entries() -> None:
    for line in (b"[]", b"7", b"null", b"", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b"\xff"):
        assert parse_line(line) is None
    for fields in ({}, {"timestamp": None}, {"timestamp": "soon"}, {"timestamp": 7}):
        assert parse_entry(fields) is None


def test_a_line_of_the_peer_is_read_with_its_action_for_an_event() -> None:
    entry = parse_entry(
        {
            "timestamp": "2026-03-01T12:00:00Z",
            "action": "token_created",
            "resource_type": "token",
            "user_id": None,
            "details": None,
            "success": True,
        }
    )
    assert entry is not None
    assert (entry.event, entry.action, entry.user_id, entry.seq) == ("token_created", "token_created", "unknown", 0)

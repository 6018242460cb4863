from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loki_core.audit.chain import seal_entry
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.lines import LoggedLine, StoredLine, read_line
from loki_core.audit.syslog_message import (
    MOST_OCTETS,
    format_entry,
    format_head,
    format_skip,
    format_unreadable,
    frame,
)
from tests.core.workshop import GENESIS, NOON
from tests.support.syslog_messages import Message, read_message, split_stream

SECRET = "loki_" + "A" * 49


def _make_entry(**fields: Any) -> AuditEntry:
    return AuditEntry(**{"timestamp": NOON, "event": AuditEvent.TOKEN_CREATE, "user_id": "os:alice", **fields})


def _make_line(**fields: Any) -> LoggedLine:
    data, _ = seal_entry(_make_entry(**fields), GENESIS, 7)
    line = read_line(StoredLine(data=data, file="audit-2026-03-01.jsonl"))
    assert line is not None
    return line


def _format(line: LoggedLine, *, host: str = "loghost", most: int = 2048) -> bytes:
    return format_entry(line, host=host, most=most)


def _read(line: LoggedLine) -> Message:
    return read_message(_format(line))


def test_an_entry_is_a_message_with_its_fields_as_values_and_its_line_as_text() -> None:
    line = _make_line(resource_id="tok-0123456789ab", ip_address="10.0.0.7", details={"name": "ci-bot"})
    message = _read(line)
    assert message[:6] == (13, 5, "2026-03-01T12:00:00.000000Z", "loghost", "loki", "auth.token.create")
    assert message.values == {
        "seq": "7",
        "event": "auth.token.create",
        "user": "os:alice",
        "resource": "tok-0123456789ab",
        "ip": "10.0.0.7",
        "success": "true",
        "hash": line.fields["_integrity_hash"],
    }
    assert message.text.encode() == line.stored.data  # the chain can be checked by whoever keeps the messages


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"event": AuditEvent.TOKEN_USE}, 6),
        ({"event": AuditEvent.TOKEN_REVOKE}, 5),
        ({"event": AuditEvent.FAIL, "success": False, "error": "token_unknown"}, 4),
        ({"event": AuditEvent.RECOVER, "success": False, "error": "torn_line"}, 4),
        ({"event": AuditEvent.RECOVER, "success": False, "error": "truncated"}, 3),
        ({"event": AuditEvent.TOKEN_CREATE, "success": False, "error": "not_stored"}, 3),
    ],
)
def test_the_severity_is_that_of_the_outcome(fields: dict[str, Any], severity: int) -> None:
    assert _read(_make_line(**fields)).severity == severity


@pytest.mark.parametrize(
    "evil",
    [
        "alice\n<13>1 - - evil - - - all is well",
        "alice\r\n\x00\x0b\x0c\x1e\x85\u2028\u2029x",
        'alice" success="true"] [other@1 x="',
        "alice\\",
        'alice\\"]',
        "\x1b[31m\x9b2J\x1b]0;owned\x07",
        "\u202eresu\ud800\ufdd0",
        '100 <13>1 - - - - - - "',
    ],
)
def test_syslog_injection_ends_no_message_and_begins_no_field(evil: str) -> None:
    """Threat: syslog injection."""
    fields = dict.fromkeys(("user_id", "resource_id", "token_id", "ip_address", "error", "user_agent"), evil)
    line = _make_line(event=f"auth.{evil}", details={"name": evil, evil: [evil]}, **fields)
    data = _format(line, host=f"log {evil}", most=65_000)
    message = read_message(data)
    assert set(message.values) == {"seq", "event", "user", "token", "resource", "ip", "success", "error", "hash"}
    assert (message.values["seq"], message.values["success"], message.app) == ("7", "true", "loki")
    assert message.values["user"].isprintable()
    assert message.values["user"].startswith(evil[:3].replace("\x1b", "\ufffd").replace("\u202e", "\ufffd"))
    assert message.json["details"]["name"] == evil  # said as it is, where it can do nothing
    assert split_stream(frame([data, data])) == ([data, data], b"")


def test_a_secret_that_some_writer_logged_is_masked() -> None:
    fields = {"timestamp": NOON.isoformat(), "event": "x", "user_id": SECRET, "details": {SECRET: f"a {SECRET}"}}
    line = read_line(StoredLine(data=json.dumps(fields).encode()))
    assert line is not None
    assert "AAAAAAAAAA" not in _format(line).decode()
    broken = StoredLine(data=json.dumps(fields).encode()[:-9])
    assert "AAAAAAAAAA" not in format_unreadable(broken, host="loghost", most=2048).decode()


@pytest.mark.parametrize("data", [b"no json", b"[1]", b'{"event": "x"}', b"\xff\xfe\x00", b"", b"a\rb\x1b[31m\x85"])
def test_a_line_that_is_no_entry_is_a_warning_that_says_what_it_is(data: bytes) -> None:
    stored = StoredLine(data=data, file="audit-2026-03-01.jsonl")
    assert read_line(stored) is None
    message = read_message(format_unreadable(stored, host="loghost", most=2048))
    assert (message.severity, message.time, message.name) == (4, "-", "-")
    assert message.values == {"file": "audit-2026-03-01.jsonl", "unreadable": "true"}
    assert message.text


def test_a_message_that_is_too_long_is_cut_and_says_by_how_much() -> None:
    line = _make_line(details={"note": "ä€𝄞" * 2000})
    whole, data = _format(line, most=100_000), _format(line)
    message = read_message(data)
    assert len(data) <= 2048 < len(whole)
    assert message.text.endswith("…")
    left_out = int(message.values["cut"])
    assert len(line.stored.data) == len(message.text[:-1].encode()) + left_out
    assert line.stored.data.startswith(message.text[:-1].encode())
    assert read_message(whole).values == {name: text for name, text in message.values.items() if name != "cut"}


@settings(max_examples=50)
@given(
    st.builds(
        _make_entry,
        **{
            name: st.text(max_size=300)
            for name in ("user_id", "event", "resource_id", "token_id", "ip_address", "error", "user_agent")
        },
        details=st.dictionaries(st.text(max_size=30), st.text(max_size=600), max_size=4),
        success=st.booleans(),
    ),
    st.text(max_size=300),
    st.sampled_from(sorted(set(MOST_OCTETS.values()))),
)
def test_any_entry_is_a_message_by_the_grammar_and_within_its_length(entry: AuditEntry, host: str, most: int) -> None:
    data, _ = seal_entry(entry, GENESIS, 1)
    line = read_line(StoredLine(data=data))
    assert line is not None
    sent = format_entry(line, host=host, most=most)
    assert len(sent) <= most
    message = read_message(sent)
    assert message.values["hash"] == line.fields["_integrity_hash"]
    if "cut" not in message.values:
        assert message.json == line.fields


def test_a_value_of_four_octet_characters_and_one_of_escapes_fit_into_the_shortest_message() -> None:
    for evil in ('"' * 300, "𝄞" * 300, "\\]" * 300):
        names = ("user_id", "event", "resource_id", "token_id", "ip_address", "error", "user_agent")
        data = _format(_make_line(**dict.fromkeys(names, evil)), host="h" * 300)
        assert len(data) <= 2048
        assert read_message(data).values["user"].endswith("…")


def test_a_head_is_a_message_whose_text_is_the_head() -> None:
    fields = {"number": 3, "count": 700, "last_hash": "ab" * 32, "first_key": "cd" * 32}
    message = read_message(format_head(fields, NOON + timedelta(hours=1), host="loghost", most=2048))
    assert (message.severity, message.name, message.time) == (6, "audit.head", "2026-03-01T13:00:00.000000Z")
    assert message.values == {"number": "3", "count": "700", "hash": "ab" * 32}
    assert message.json == fields


def test_what_was_not_sent_is_a_warning_with_first_last_and_count() -> None:
    message = read_message(format_skip(11, 500, NOON, host="loghost", most=2048))
    assert (message.severity, message.name) == (4, "audit.skip")
    assert message.values == {"first": "11", "last": "500", "count": "490"}
    assert message.json == {"event": "audit.skip", "first": 11, "last": 500, "count": 490}


def test_a_stream_holds_each_message_behind_its_length_in_octets() -> None:
    assert frame([b"abc", "ä".encode()]) == b"3 abc2 \xc3\xa4"

import json
from typing import Any

import pytest

from loki_core import AuditEntry, AuditEvent, StoredLine, read_line
from loki_tui.audit.detail import describe_entry, list_facts
from loki_tui.audit.rows import build_row
from loki_tui.spans import Span, measure
from tests.tui.audit_samples import make_entry, make_failure, make_line, make_row
from tests.tui.samples import NOW

NAMES = {"tok-000000000001": "ci-bot"}
CREATE = make_entry(
    AuditEvent.TOKEN_CREATE,
    user_agent="curl/8.5.0",
    ip_address="10.0.0.7",
    details={
        "name": "ci-bot",
        "role": "viewer",
        "scopes": ["read", "write"],
        "terminal": "/dev/pts/3",
        "claimed": {"SUDO_USER": "mallory", "SSH_CONNECTION": "10.0.0.7 1 10.0.0.1 22"},
    },
)
HOSTILE = "[@click=app.quit]x[/]\x1b]0;pwned\x07\u202e\n\x9b2J"


def say(lines: list[list[Span]]) -> str:
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


def describe(entry: AuditEntry, *, width: int = 80, height: int = 7) -> str:
    hints = [Span("t"), Span(" Token  "), Span("Enter"), Span(" All ")]
    lines = describe_entry(make_row(entry), make_line(entry), NAMES, NOW, hints, width=width, height=height)
    assert len(lines) <= height
    assert all(measure(line) <= width for line in lines)
    return say(lines)


def test_seven_lines_tell_every_field_and_mark_what_is_only_claimed() -> None:
    assert describe(CREATE, width=100).split("\n") == [
        f" auth.token.create  #7{' ' * 48}2026-11-23 13:57:11Z  5 m ago",
        " Who      os:alice  claimed: SSH_CONNECTION 10.0.0.7 1 10.0.0.1 22  claimed: SUDO_USER mallory",
        " What     token ci-bot (tok-000000000001)",
        " Where    10.0.0.7  terminal /dev/pts/3  agent claimed: curl/8.5.0",
        " Outcome  ok",
        " Details  role viewer  scopes read, write",
        f" Log      audit-2026-11-23.jsonl  hash {hash_of(CREATE)[:12]}…{' ' * 29}t Token  Enter All",
    ]


def hash_of(entry: AuditEntry) -> str:
    return str(make_line(entry).fields["_integrity_hash"])


def test_a_failure_is_told_by_its_code_and_in_words() -> None:
    assert "failed: token_unknown, no token has that secret" in describe(make_failure())
    assert "failed: something_new\n" in describe(make_failure("something_new"))


@pytest.mark.parametrize("height", [3, 5, 7, 12, 30])
@pytest.mark.parametrize("width", [60, 80, 160])
def test_whatever_the_room_no_line_is_too_many_or_too_long(width: int, height: int) -> None:
    describe(CREATE, width=width, height=height)
    describe(make_failure(HOSTILE, HOSTILE), width=width, height=height)


def test_a_tall_strip_has_a_line_for_each_field() -> None:
    told = describe(CREATE, height=14)
    assert (
        " Claimed  SSH_CONNECTION 10.0.0.7 1 10.0.0.1 22\n          SUDO_USER mallory\n          agent curl/8.5.0\n"
        in told
    )
    assert " Details  role viewer\n          scopes read, write\n" in told


def test_nothing_that_others_wrote_reaches_the_screen_but_as_text() -> None:
    entry = make_entry(
        HOSTILE,
        user_id=HOSTILE,
        resource_id=HOSTILE,
        resource_type=HOSTILE,
        token_id=HOSTILE,
        ip_address=HOSTILE,
        user_agent=HOSTILE,
        success=False,
        error=HOSTILE,
        details={HOSTILE: {HOSTILE: [HOSTILE]}, "claimed": {HOSTILE: HOSTILE}, "name": HOSTILE, "terminal": HOSTILE},
    )
    told = describe(entry, width=400, height=30) + describe(entry, width=400)
    assert "[@click=app.quit]" in told
    assert not any(character in told for character in "\x1b\x07\u202e\x9b")


@pytest.mark.parametrize(
    "fields",
    [
        {"timestamp": "2026-11-23T13:00:00+00:00"},
        {"timestamp": "2026-11-23T13:00:00+00:00", "details": "text", "success": "perhaps", "seq": "x"},
        {"timestamp": "2026-11-23T13:00:00+00:00", "details": {"claimed": ["a", 7]}, "user_id": 5, "event": None},
        {"timestamp": "2026-11-23T13:00:00+00:00", "details": {"name": {"a": 1}, "count": 2}, "action": "delete"},
        {"timestamp": "9999-12-31T23:59:59+00:00", "_integrity_hash": 7, "more": {"deep": [[[1]]]}},
        {"timestamp": "0001-01-01T00:00:00+00:00", "user_agent": "\ud800", "details": {"\udfff": "\ud800"}},
    ],
)
def test_the_entry_of_another_program_is_shown_whatever_is_in_it(fields: dict[str, Any]) -> None:
    line = read_line(StoredLine(data=json.dumps(fields).encode()))
    assert line is not None
    row = build_row(line, 0)
    told = say(describe_entry(row, line, {}, NOW, width=80, height=7))
    assert len(told.split("\n")) == 7
    facts = list(list_facts(row, line, {}, NOW))
    assert any(fact.label == "Other" for fact in facts) is ("more" in fields)
    told.encode()

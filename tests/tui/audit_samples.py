"""Made-up logs for the tests of the Audit screen, in the real format: what another process would have written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from loki_core import AuditEntry, AuditEvent, LoggedLine, StoredLine, read_line
from loki_core.audit.chain import GENESIS, parse_line, seal_entry
from loki_tui.audit.rows import EntryRow, build_row
from tests.tui.samples import NOW


def make_entry(event: str = AuditEvent.TOKEN_USE, **given: Any) -> AuditEntry:
    """Return an entry; what is not given is plain."""
    fields = {
        "timestamp": NOW - timedelta(minutes=5),
        "user_id": "os:alice",
        "resource_id": "tok-000000000001",
        **given,
    }
    return AuditEntry(event=event, **fields)


def make_failure(code: str = "token_unknown", address: str = "203.0.113.9", **given: Any) -> AuditEntry:
    """Return the entry of a failed sign-in."""
    plain = {"user_id": "anonymous", "resource_type": "auth", "resource_id": "", "ip_address": address}
    return make_entry(AuditEvent.FAIL, **{**plain, "success": False, "error": code, **given})


def make_line(entry: AuditEntry, seq: int = 7) -> LoggedLine:
    """Return the line of an entry, as it is read."""
    data, _ = seal_entry(entry, GENESIS, seq)
    line = read_line(StoredLine(data=data, file="audit-2026-11-23.jsonl", offset=420))
    assert line is not None
    return line


def make_row(entry: AuditEntry, number: int = 0, seq: int = 7) -> EntryRow:
    """Return the row of an entry."""
    return build_row(make_line(entry, seq), number)


def find_directory(home: Path) -> Path:
    """Return where the log of a home directory is."""
    return home / ".loki" / "dashboard" / "audit"


def write_log(home: Path, entries: Iterable[AuditEntry]) -> None:
    """Append entries to the log of a home directory, as one without heads."""
    directory = find_directory(home)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = sorted(directory.glob("audit-*.jsonl"))
    last, seq = GENESIS, 0
    if files:
        fields = parse_line(files[-1].read_bytes().splitlines()[-1]) or {}
        last, seq = fields["_integrity_hash"], fields["seq"]
    for day, of_day in groupby(entries, key=lambda entry: f"{entry.timestamp:%Y-%m-%d}"):
        lines = []
        for entry in of_day:
            seq += 1
            line, last = seal_entry(entry, last, seq)
            lines.append(line + b"\n")
        path = directory / f"audit-{day}.jsonl"
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(descriptor, "ab") as file:
            file.write(b"".join(lines))


def list_uses(count: int, *, now: datetime = NOW, every: timedelta = timedelta(seconds=7)) -> list[AuditEntry]:
    """Return that many uses of a few tokens, the last one just now."""
    return [
        make_entry(
            timestamp=now - every * (count - number),
            user_id=f"tok-{number % 7:012x}",
            resource_id=f"tok-{number % 7:012x}",
            ip_address=f"10.2.0.{number % 9}",
        )
        for number in range(count)
    ]

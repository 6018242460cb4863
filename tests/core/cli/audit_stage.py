"""A log as it grew: lines of our own make for the tests of the audit commands, and of other writers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loki_core.audit.chain import GENESIS, seal_entry
from loki_core.audit.events import AuditEntry
from loki_core.frozen import replace
from tests.core.cli.program import Program

CREATED = AuditEntry(
    timestamp=datetime(2026, 3, 1, 12, tzinfo=UTC),
    event="auth.token.create",
    user_id="os:alice",
    resource_id="tok-000000000001",
    details={"name": "ci-bot"},
)
FAILED = AuditEntry(
    timestamp=datetime(2026, 3, 1, 12, tzinfo=UTC),
    event="auth.fail",
    user_id="anonymous",
    resource_type="auth",
    ip_address="10.0.0.9",
    user_agent="curl/8",
    success=False,
    error="token_unknown",
)


def get_log(loki: Program) -> Path:
    """Return the directory of the log."""
    return loki.store.parent / "audit"


def make_lines(entries: Iterable[AuditEntry], previous: str = GENESIS, seq: int = 0) -> list[bytes]:
    """Return chained lines, each with its end."""
    lines = []
    for number, entry in enumerate(entries, start=seq + 1):
        line, previous = seal_entry(entry, previous, number)
        lines.append(line + b"\n")
    return lines


def write_log(loki: Program, name: str, content: bytes) -> None:
    """Append to a file of the log, as any program of its owner could."""
    get_log(loki).mkdir(mode=0o700, parents=True, exist_ok=True)
    loki.store.parent.chmod(0o700)
    file = get_log(loki) / name
    with file.open("ab") as opened:
        opened.write(content)
    file.chmod(0o600)


def write_two_days(loki: Program) -> None:
    """Leave six entries on two days: a creation, a use, a failure each, a minute apart."""
    for day in (1, 2):
        noon = datetime(2026, 3, day, 12, tzinfo=UTC)
        used = replace(CREATED, event="auth.token.use", user_id="tok-000000000001", token_id="tok-000000000001")
        three = [
            replace(entry, timestamp=noon + timedelta(minutes=number))
            for number, entry in enumerate((CREATED, used, FAILED))
        ]
        write_log(loki, f"audit-2026-03-0{day}.jsonl", b"".join(make_lines(three, seq=3 * (day - 1))))


def make_foreign_line(**fields: Any) -> bytes:
    """Return a line as another program might write it: no number, no hash."""
    whole = {"timestamp": "2026-03-01T12:30:00+00:00", "action": "generate_token", "success": True, **fields}
    return json.dumps(whole).encode() + b"\n"

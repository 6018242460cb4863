"""A log of three days and more than 10,000 entries, made by the real library."""

from __future__ import annotations

from pathlib import Path

from loki_core.audit.events import AuditEntry, AuditEvent
from tests.core.workshop import Workshop

_ROUNDS = 420
_AT_ONCE = 8


def build_three_days(home: Path) -> Path:
    """Work on three days, and return the `dashboard` directory: store, keys and log."""
    workshop = Workshop(home)
    for day in range(3):
        loki = workshop.open()
        issued = loki.tokens.generate(f"bot-{day}")
        sink = loki._parts.sink
        for number in range(_ROUNDS):
            workshop.clock.move(seconds=20)
            sink.record_all([_make_entry(workshop, day, number, part) for part in range(_AT_ONCE)], durable=False)
        loki.tokens.revoke(issued.token.id)
        loki.close()
        workshop.clock.move(days=1)
    workshop.close()
    return workshop.dashboard


def _make_entry(workshop: Workshop, day: int, number: int, part: int) -> AuditEntry:
    return AuditEntry(
        timestamp=workshop.clock(),
        event=AuditEvent.TOKEN_USE,
        user_id=f"os:user-{number % 7}",
        token_id=f"tok-{number:012x}",
        ip_address="10.0.0.1",
        details={"count": number * _AT_ONCE + part, "day": day, "name": "ci-bot «ü»"},
    )

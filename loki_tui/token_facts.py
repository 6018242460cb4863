"""What has to be looked up about one row: where it was used from, and what happened to it.

Slow: not for the thread that draws.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from loki_core import AuditEvent, LokiError
from loki_tui.rows import Row
from loki_tui.token_detail import USES_SINCE, Event, Facts

if TYPE_CHECKING:
    from loki_core import AuditEntry, Loki

HISTORY = 100
_USE = AuditEvent.TOKEN_USE


def find_facts(loki: Loki, row: Row, now: datetime) -> Facts:
    """Return what is known about the row's tokens; that it cannot be looked up is an answer too."""
    try:
        uses = [use for token in row.tokens for use in loki.tokens.find_uses(token.id, since=now - USES_SINCE)]
        entries = [entry for token in row.tokens for entry in loki.tokens.history(token.id, limit=HISTORY)]
    except LokiError as error:
        return Facts(problem=error.message)
    return Facts(
        uses=tuple(sorted(uses, key=lambda use: (use.last_at, use.address), reverse=True)),
        events=_pick_events(entries),
    )


def _pick_events(entries: Iterable[AuditEntry]) -> tuple[Event, ...]:
    """Return what happened, newest first; of uses in a row only the newest, for the others say nothing new."""
    events: list[Event] = []
    seen: set[tuple[object, ...]] = set()
    for entry in sorted(entries, key=lambda entry: (entry.timestamp, entry.seq), reverse=True):
        identity = (entry.timestamp, entry.event, entry.resource_id)
        is_use = entry.event == _USE
        if identity in seen or (is_use and events and events[-1].what == "use"):
            continue
        seen.add(identity)
        events.append(Event(at=entry.timestamp, what=entry.action, who=entry.ip_address if is_use else entry.user_id))
    return tuple(events)

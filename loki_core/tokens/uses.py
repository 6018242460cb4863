"""Uses of tokens, added up by token, address and agent. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from loki_core.frozen import replace
from loki_core.text import safe_text
from loki_core.tokens.record import format_time, parse_time
from loki_core.tokens.token import Use

LONGEST_FIELD = 200


class UseTally:
    """The newest use and the number of noted uses for each token, address and agent."""

    def __init__(self, uses: Iterable[Use] = ()) -> None:
        self.last: dict[str, datetime] = {}
        self.noted = 0
        self._tally: dict[str, dict[tuple[str, str], Use]] = {}
        for use in uses:
            self.add(use)

    def add(self, use: Use) -> None:
        """Count a use."""
        self.noted += 1
        mine = self._tally.setdefault(use.token_id, {})
        before = mine.get((use.address, use.agent))
        if before is not None:
            use = replace(use, count=before.count + use.count, last_at=max(before.last_at, use.last_at))
        mine[use.address, use.agent] = use
        newest = self.last.get(use.token_id)
        if newest is None or use.last_at > newest:
            self.last[use.token_id] = use.last_at

    def find(self, token_id: str | None = None) -> tuple[Use, ...]:
        """Return the uses of one token, or of all, newest first."""
        chosen = [self._tally.get(token_id, {})] if token_id is not None else list(self._tally.values())
        found = [use for mine in chosen for use in list(mine.values())]
        return tuple(sorted(found, key=lambda use: use.last_at, reverse=True))


def dump_use(use: Use) -> str:
    """Return a use as one line of JSON, without the line's end."""
    fields: dict[str, object] = {
        "at": format_time(use.last_at),
        "id": use.token_id,
        "ip": safe_text(use.address, limit=LONGEST_FIELD),
        "agent": safe_text(use.agent, limit=LONGEST_FIELD),
    }
    if use.count != 1:
        fields["n"] = use.count
    return json.dumps(fields)


def parse_use(line: bytes) -> Use | None:
    """Return the use that a line holds, or None when it holds none (torn, foreign or malformed)."""
    try:
        raw = json.loads(line)
        last_at = parse_time(raw["at"])
        token_id, address, agent, count = raw["id"], raw.get("ip", ""), raw.get("agent", ""), raw.get("n", 1)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if last_at is None or not isinstance(token_id, str) or not isinstance(count, int):
        return None
    return Use(token_id=token_id, address=str(address), agent=str(agent), last_at=last_at, count=count)

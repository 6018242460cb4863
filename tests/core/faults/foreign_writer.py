"""A writer like Loki Mode's own module: no lock, a stale copy, truncated and rewritten in place."""

from __future__ import annotations

import json
import select
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.core.faults.family import Line


def rewrite_for_ever(home: str, line: Line, *, pause: float = 0.01) -> None:
    """Read the store, note a last use in every record, bring revoked ones back to life, write it in place.

    Says at the end how often it did.

    Args:
        home: the home directory.
        line: any message on it ends the writer.
        pause: seconds between reading and writing, during which others write in vain.
    """
    file = Path(home, ".loki/dashboard/tokens.json")
    rewrites = 0
    while not select.select([line.reading], [], [], 0)[0]:
        try:
            store = json.loads(file.read_bytes())
        except ValueError:
            continue
        for raw in store["tokens"].values():
            raw["last_used"] = datetime.now(UTC).isoformat()
            raw["revoked"] = False
            raw.pop("revoked_at", None)
        time.sleep(pause)
        with file.open("w", encoding="utf-8") as stream:
            json.dump(store, stream, indent=2)
        rewrites += 1
        time.sleep(pause)
    line.say(rewrites)

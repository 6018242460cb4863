"""What lies on the disk, judged by Loki Mode's rules written down a second time: nothing of ours is used here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def read_tokens(home: str | Path) -> dict[str, Any]:
    """Return the records of the store by id; a store that does not exist has none.

    Raises:
        ValueError, KeyError: it is not a store.
    """
    file = Path(home, ".loki/dashboard/tokens.json")
    if not file.exists():
        return {}
    tokens: dict[str, Any] = json.loads(file.read_bytes())["tokens"]
    return tokens


def find_live(tokens: dict[str, Any]) -> set[str]:
    """Return the ids of the records that are not revoked."""
    return {key for key, raw in tokens.items() if not raw.get("revoked")}


def proves(raw: dict[str, Any], secret: str) -> bool:
    """Tell whether a secret is the record's, and the record is not revoked."""
    digest = hashlib.sha256((raw.get("salt", "") + secret).encode()).hexdigest()
    return digest == raw["hash"] and not raw.get("revoked")


def read_chain(home: str | Path, *, after: tuple[int, str] = (0, "0" * 64)) -> list[dict[str, Any]]:
    """Return the entries of the audit log, checked: whole lines, chained hashes, numbers without a gap.

    Args:
        home: the home directory.
        after: number and hash of the last line that is gone.
    """
    first, previous = after
    entries = []
    for file in sorted(Path(home, ".loki/dashboard/audit").glob("audit-*.jsonl")):
        content = file.read_bytes()
        assert content == b"" or content.endswith(b"\n"), f"{file.name} ends in half a line"
        for number, line in enumerate(content.splitlines(), 1):
            entry = json.loads(line)
            claimed = entry.pop("_integrity_hash")
            previous = hashlib.sha256((previous + json.dumps(entry, sort_keys=True)).encode()).hexdigest()
            assert claimed == previous, f"the chain breaks at {file.name}:{number}"
            entries.append(entry)
    assert [entry["seq"] for entry in entries] == list(range(first + 1, first + len(entries) + 1))
    return entries


def find_logged(entries: Iterable[dict[str, Any]], event: str, *, success: bool = True) -> list[str]:
    """Return the tokens of the entries of one kind, in their order."""
    return [each["resource_id"] for each in entries if each["event"] == event and each["success"] is success]


def find_leftovers(home: str | Path) -> list[str]:
    """Return the names of files that interrupted writes have left beside the store."""
    return [each.name for each in Path(home, ".loki/dashboard").glob(".tokens.json.*")]

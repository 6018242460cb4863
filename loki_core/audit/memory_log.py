"""Audit sinks without a disk: one in memory, and one for a log that was switched off."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from loki_core.audit.chain import dump_entry
from loki_core.audit.events import AuditEntry
from loki_core.frozen import replace


class MemoryLog:
    """Keeps the entries as long as the object lives."""

    label = "memory"
    newest_head: Mapping[str, Any] | None = None

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def record(self, entry: AuditEntry, *, durable: bool = True) -> None:
        """Append an entry."""
        self.entries.append(replace(entry, seq=len(self.entries) + 1))

    def check_writable(self) -> None:
        """Memory can always be written."""

    def find_newest(
        self, *, limit: int, token_id: str = "", contains: str = "", within: int = sys.maxsize
    ) -> tuple[AuditEntry, ...]:
        """Return the newest entries, newest first."""
        found = (
            entry
            for entry in list(reversed(self.entries))[:within]
            if (not token_id or token_id in {entry.resource_id, entry.token_id})
            and (not contains or contains in json.dumps(dump_entry(entry), sort_keys=True))
        )
        return tuple(entry for _, entry in zip(range(limit), found, strict=False))

    def close(self) -> None:
        """Do nothing."""


class NoLog:
    """Stands in for a log that the configuration switched off (`enterprise.audit.enabled: false`)."""

    label = "off"
    newest_head: Mapping[str, Any] | None = None

    def record(self, entry: AuditEntry, *, durable: bool = True) -> None:
        """Forget the entry."""

    def check_writable(self) -> None:
        """Nothing is written, so nothing can fail."""

    def find_newest(
        self, *, limit: int, token_id: str = "", contains: str = "", within: int = sys.maxsize
    ) -> tuple[AuditEntry, ...]:
        """Return nothing."""
        return ()

    def close(self) -> None:
        """Do nothing."""

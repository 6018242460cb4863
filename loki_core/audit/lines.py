"""A line of the log, as it is stored and as it is read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loki_core.audit.chain import parse_entry, parse_line
from loki_core.audit.events import AuditEntry
from loki_core.audit.levels import Level, get_level
from loki_core.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """One line, unread.

    Attributes:
        data: what is stored, without the line's end; "" for a line that was too long to be read.
        file: the base name of the file that it is in, or "" where the log is no file.
        offset: the byte of the file at which it begins; without a file, its place in the log.
    """

    data: bytes
    file: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedLine:
    """One line, read.

    Attributes:
        entry: what it says.
        fields: the JSON object that is stored, with every field that any writer put there.
        stored: where it is, and its bytes.
    """

    entry: AuditEntry
    fields: Mapping[str, Any]
    stored: StoredLine

    @property
    def level(self) -> Level:
        """How much attention it needs."""
        return get_level(self.entry)

    @property
    def file(self) -> str:
        """The base name of the file that it is in, or ""."""
        return self.stored.file


def read_line(stored: StoredLine) -> LoggedLine | None:
    """Return what a line says, or None when it is no entry: no JSON object, or one without a time."""
    fields = parse_line(stored.data)
    entry = None if fields is None else parse_entry(fields)
    return None if fields is None or entry is None else LoggedLine(entry=entry, fields=fields, stored=stored)

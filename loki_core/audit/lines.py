"""A line of the log, as it is stored and as it is read. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from loki_core.audit.chain import mask_secrets, parse_entry, parse_line
from loki_core.audit.events import AuditEntry
from loki_core.audit.levels import Level, get_level
from loki_core.frozen import dataclass
from loki_core.tokens.secret import may_hold_secret

_MANY = 64
"""Brackets in a line that may be nested deeper than is good for whoever walks through it."""


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
    """One line, read. Secrets that some writer put there are masked.

    Attributes:
        entry: what it says.
        fields: the JSON object that is stored, with every field that any writer put there.
        stored: where it is, and its bytes, in which nothing is masked.
        is_masked: whether something was.
    """

    entry: AuditEntry
    fields: Mapping[str, Any]
    stored: StoredLine
    is_masked: bool = False

    @property
    def level(self) -> Level:
        """How much attention it needs."""
        return get_level(self.entry)

    @property
    def file(self) -> str:
        """The base name of the file that it is in, or ""."""
        return self.stored.file

    def format_json(self) -> str:
        """Return the object in one line of printable ASCII: as it is stored, unless a secret is in it."""
        text = self.stored.data.decode("ascii", "replace")
        is_fit = text.isascii() and text.isprintable() and not self.is_masked
        return text if is_fit else json.dumps(self.fields)


def read_line(stored: StoredLine) -> LoggedLine | None:
    """Return what a line says, or None when it is no entry: no JSON object, or one without a time."""
    data = stored.data
    fields = parse_line(data)
    if fields is None:
        return None
    is_masked = False
    if may_hold_secret(data) or data.count(b"[") + data.count(b"{") > _MANY:
        masked = mask_secrets(fields)
        is_masked = masked != fields
        fields = masked
    entry = parse_entry(fields)
    return None if entry is None else LoggedLine(entry=entry, fields=fields, stored=stored, is_masked=is_masked)

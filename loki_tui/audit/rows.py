"""One row of the audit table: an entry, reduced to what is shown and searched. Pure.

A log has many more entries than a store has tokens, so a row holds little: what repeats is shared, and what only the
details need is read again from the stored line.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from sys import intern
from typing import Any, NamedTuple

from loki_core import Level, LoggedLine, StoredLine, is_id, read_line

MOST_SEARCHED = 2_000
"""Characters of an entry that a plain word is looked for in: another writer's may be as long as it likes."""


class EntryRow(NamedTuple):
    """An entry as one line of the table.

    Attributes:
        number: what the table knows it by: higher is newer. It counts from where reading began.
        stored: the line in the log.
        at: when it happened (UTC).
        event: what happened.
        actor: who did it.
        resource: what it was done to: a token's id, or another name.
        kind: what sort of thing that is: `token`, `auth`, `store`.
        name: what the resource is called, when the entry says so.
        tokens: the ids of the tokens that it is about or by.
        address: where the caller was, or "".
        success: whether it was done.
        error: the code of why not, or "".
        level: how much attention it needs.
        seq: its number in the whole log, or 0 for another writer's.
        haystack: what a plain word of the filter is looked for in, in lower case.
    """

    number: int
    stored: StoredLine
    at: datetime
    event: str
    actor: str
    resource: str
    kind: str
    name: str
    tokens: tuple[str, ...]
    address: str
    success: bool
    error: str
    level: Level
    seq: int
    haystack: str

    @property
    def token(self) -> str:
        """The id of the token that it is about, or by, or ""."""
        return self.tokens[0] if self.tokens else ""

    @property
    def is_troubling(self) -> bool:
        """Whether it needs a look: something failed, was refused, or is missing."""
        return self.level.rank >= Level.WARNING.rank


def build_row(line: LoggedLine, number: int) -> EntryRow:
    """Return the row of a line, known by that number."""
    entry = line.entry
    name = entry.details.get("name")
    tokens = dict.fromkeys(each for each in (entry.resource_id, entry.token_id, entry.user_id) if is_id(each))
    parts = [
        entry.event,
        entry.user_id,
        entry.resource_type,
        entry.resource_id,
        entry.token_id,
        entry.ip_address,
        entry.user_agent,
        entry.error,
        *_list_values(entry.details),
    ]
    return EntryRow(
        number,
        line.stored,
        entry.timestamp,
        intern(entry.event),
        intern(entry.user_id),
        intern(entry.resource_id),
        intern(entry.resource_type),
        intern(name) if isinstance(name, str) else "",
        tuple(map(intern, tokens)),
        intern(entry.ip_address),
        entry.success,
        intern(entry.error),
        line.level,
        entry.seq,
        "\n".join(parts)[:MOST_SEARCHED].lower(),
    )


def find_line(row: EntryRow) -> LoggedLine:
    """Return everything that the row's line says.

    Raises:
        ValueError: it says nothing; a row was made of it, so that cannot be.
    """
    line = read_line(row.stored)
    if line is None:
        raise ValueError("the line of a row is no entry")
    return line


def _list_values(details: Mapping[str, Any]) -> list[str]:
    """Return the texts and numbers in the details, however deep they lie."""
    values: list[str] = []
    waiting: list[Any] = [details]
    while waiting and len(values) < 100:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(reversed(list(value.values())))
        elif isinstance(value, list | tuple):
            waiting.extend(reversed(value))
        elif value is not None:
            values.append(str(value))
    return values

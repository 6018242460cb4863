"""Which entries are asked for, and finding them among stored lines without reading what cannot be meant. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from loki_core.audit.events import AuditEntry
from loki_core.audit.levels import Level, get_level
from loki_core.audit.lines import LoggedLine, StoredLine, read_line
from loki_core.frozen import dataclass

_TIME_KEY = b'"timestamp"'
_TIME = b'"timestamp": "'
_SECONDS = len("2026-03-01T12:00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What an entry must be like; every condition that is given must hold.

    Attributes:
        since: not before this time (aware).
        until: before this time (aware).
        events: one of these events, or below one of these areas: `auth.token` means all `auth.token.…`.
        levels: one of these levels.
        actor: done by this one: a `user_id`, or the login name of an `os:` one.
        token: about or by the token of this id, or the tokens of this name.
        failed: whether it failed (True), was done (False), or either (None).
        text: in some value of the stored object this stands, in whatever case.
    """

    since: datetime | None = None
    until: datetime | None = None
    events: frozenset[str] = frozenset()
    levels: frozenset[Level] = frozenset()
    actor: str = ""
    token: str = ""
    failed: bool | None = None
    text: str = ""

    def matches(self, line: LoggedLine, tokens: frozenset[str] = frozenset()) -> bool:
        """Tell whether a line is meant.

        Args:
            line: what is looked at.
            tokens: the ids that `token` stands for, when it is a name.
        """
        entry = line.entry
        return (
            (self.since is None or entry.timestamp >= self.since)
            and (self.until is None or entry.timestamp < self.until)
            and (self.failed is None or self.failed is not entry.success)
            and (not self.events or _is_among(entry.event, self.events))
            and (not self.levels or get_level(entry) in self.levels)
            and (not self.actor or entry.user_id in {self.actor, f"os:{self.actor}"})
            and (not self.token or _concerns(entry, self.token, tokens))
            and (not self.text or _holds_text(line.fields, self.text.casefold()))
        )


class Search:
    """Goes through stored lines for one query.

    Attributes:
        unreadable: how many lines it met so far that are no entries.
    """

    def __init__(self, query: Query, tokens: frozenset[str] = frozenset()) -> None:
        """Prepare.

        Args:
            query: what is asked for.
            tokens: the ids that its `token` stands for, when it is a name.
        """
        self.unreadable = 0
        self._query = query
        self._tokens = tokens
        wanted = (query.events, (query.actor,), (query.token, *tokens) if query.token else ())
        self._needles = tuple(filter(None, map(_as_needles, wanted)))
        self._text = query.text.lower().encode("ascii") if query.text.isascii() else b""
        self._since = _as_seconds(query.since)
        self._until = _as_seconds(query.until)

    def select(self, lines: Iterable[StoredLine]) -> Iterator[LoggedLine]:
        """Yield the lines that are meant, read."""
        for stored in lines:
            if not self._may_match(stored.data):
                continue
            line = read_line(stored)
            if line is None:
                self.unreadable += 1
            elif self._query.matches(line, self._tokens):
                yield line

    def _may_match(self, data: bytes) -> bool:
        """Tell whether a line is worth reading, by its bytes alone: reading costs fifty times as much."""
        if b"\\u00" in data or not data.endswith(b"}"):
            return True  # ASCII letters written as escapes, or half a line: only reading tells what it says
        for needles in self._needles:
            if not any(needle in data for needle in needles):
                return False
        if self._text and b"\\" not in data and data.isascii() and self._text not in data.lower():
            return False  # of other letters some are the same as ASCII ones but for their case
        if (self._since or self._until) and data.count(_TIME_KEY) == 1:
            start = data.find(_TIME) + len(_TIME)
            stamp = data[start : data.find(b'"', start)]
            if start >= len(_TIME) and stamp.endswith(b"+00:00"):
                return self._since <= stamp[:_SECONDS] and (not self._until or stamp[:_SECONDS] <= self._until)
        return True


def _as_needles(texts: Iterable[str]) -> tuple[bytes, ...]:
    """Return what must stand in a line for one of the texts to be in it, or () when that cannot be said."""
    texts = tuple(filter(None, texts))
    if not all(text.isascii() and "/" not in text and json.dumps(text)[1:-1] == text for text in texts):
        return ()  # it may be written in several ways
    return tuple(text.encode("ascii") for text in texts)


def _as_seconds(moment: datetime | None) -> bytes:
    return b"" if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")[:_SECONDS].encode("ascii")


def _is_among(event: str, wanted: frozenset[str]) -> bool:
    return event in wanted or any(event.startswith(f"{area}.") for area in wanted)


def _concerns(entry: AuditEntry, token: str, tokens: frozenset[str]) -> bool:
    ids = {entry.resource_id, entry.token_id, entry.user_id}
    # A deleted token's name is in what was logged about it alone.
    return token in ids or not ids.isdisjoint(tokens) or entry.details.get("name") == token


def _holds_text(fields: Mapping[str, Any], text: str) -> bool:
    waiting: list[Any] = [fields]  # no recursion: another writer's object may be as deep as it likes
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif value is not None and text in str(value).casefold():
            return True
    return False

"""The filter line: plain words, and terms such as `owner:alice status:expiring`. Pure.

All of it must hold. A word is found anywhere in name, id, role, scopes, owner and note. `-status:active` turns a term
round. What looks like a term but names no field is a word, because names may hold colons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from loki_tui.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What a term can be about: how to get it from a row, and whether a typed text means it.

    Where rows share few values (`shared`) each is judged once: 100,000 rows are filtered while somebody types.
    """

    get: Callable[[Row], Any]
    means: Callable[[Any, str], bool]
    shared: bool = True

    def select(self, rows: Sequence[Row], text: str, wanted: bool) -> Sequence[Row]:
        """Return the rows of which the text is true, or those of which it is not."""
        get, means = self.get, self.means
        if not self.shared:
            return [row for row in rows if means(get(row), text) is wanted]
        values = list(map(get, rows))
        chosen = {value for value in set(values) if means(value, text) is wanted}
        return [row for row, value in zip(rows, values, strict=True) if value in chosen]


def _starts(value: str, text: str) -> bool:
    return value.startswith(text)


def _holds(value: str, text: str) -> bool:
    return text in value


def _is_never(value: object, text: str) -> bool:
    return ("never" if value is None else "yes").startswith(text)


def _names_scope(scopes: tuple[str, ...], text: str) -> bool:
    return any(scope.lower().startswith(text) for scope in scopes)


def _needs(concern: str | None, text: str) -> bool:
    return concern is not None and concern.startswith(text)


def _holds_id(row: Row, text: str) -> bool:
    return any(text in token.id for token in row.tokens)


FIELDS: dict[str, Field] = {
    "name": Field(get=attrgetter("sort_name"), means=_holds, shared=False),
    "id": Field(get=lambda row: row, means=_holds_id, shared=False),
    "status": Field(get=attrgetter("status"), means=_starts),
    "owner": Field(get=attrgetter("owner"), means=_holds),
    "role": Field(get=attrgetter("role"), means=_starts),
    "scope": Field(get=attrgetter("token.effective_scopes"), means=_names_scope),
    "used": Field(get=attrgetter("last_used"), means=_is_never, shared=False),
    "expires": Field(get=attrgetter("token.expires_at"), means=_is_never, shared=False),
    "note": Field(get=attrgetter("token.note"), means=lambda note, text: text in note.lower(), shared=False),
    "needs": Field(get=attrgetter("concern"), means=_needs),
}
"""The terms there are. `used:never` and `expires:never` say what they say; `needs:` finds what needs somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter as it was typed, taken apart."""

    words: tuple[str, ...] = ()
    terms: tuple[tuple[bool, str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether every row passes."""
        return not self.words and not self.terms

    def select(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows that pass, in the order they came in."""
        for word in self.words:
            rows = [row for row in rows if word in row.haystack]
        for wanted, field, value in self.terms:
            rows = FIELDS[field].select(rows, value, wanted)
        return rows


def parse_filter(text: str) -> Filter:
    """Take a filter line apart. Nothing is an error: whoever types sees what matches."""
    words: list[str] = []
    terms: list[tuple[bool, str, str]] = []
    for part in text.lower().split():
        field, colon, value = part.removeprefix("-").partition(":")
        if colon and field in FIELDS:
            if value:
                terms.append((not part.startswith("-"), field, value))
        else:
            words.append(part)
    return Filter(words=tuple(words), terms=tuple(terms))

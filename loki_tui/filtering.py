"""The filter line: plain words, and terms such as `owner:alice status:expiring`. Pure.

All of it must hold. A word is found anywhere in name, id, role, scopes, owner and note. `-status:active` turns a term
round. What looks like a term but names no field is a word, because names may hold colons.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from loki_tui.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What a term can be about: how to get it from a row, and whether a typed text means it.

    Few rows differ in most fields, so each value is judged once: 100,000 rows are filtered while somebody types.
    """

    get: Callable[[Row], Hashable]
    means: Callable[[Any, str], bool]

    def select(self, rows: Sequence[Row], text: str, wanted: bool) -> Sequence[Row]:
        """Return the rows of which the text is true, or those of which it is not."""
        values = list(map(self.get, rows))
        chosen = {value for value in set(values) if self.means(value, text) is wanted}
        return [row for row, value in zip(rows, values, strict=True) if value in chosen]


def _starts(value: str | None, text: str) -> bool:
    return (value or "none").lower().startswith(text)


def _holds(value: str | None, text: str) -> bool:
    return text in (value or "none").lower()


def _is_never(value: object, text: str) -> bool:
    return ("never" if value is None else "yes").startswith(text)


def _names_scope(scopes: tuple[str, ...], text: str) -> bool:
    return any(scope.lower().startswith(text) for scope in scopes)


def _needs(concern: str | None, text: str) -> bool:
    return concern is not None and concern.startswith(text)


FIELDS: dict[str, Field] = {
    "name": Field(get=attrgetter("sort_name"), means=lambda name, text: text in name),
    "id": Field(get=lambda row: tuple(token.id for token in row.tokens), means=lambda ids, text: text in " ".join(ids)),
    "status": Field(get=attrgetter("status"), means=_starts),
    "owner": Field(get=attrgetter("token.owner"), means=_holds),
    "role": Field(get=attrgetter("token.role"), means=_starts),
    "scope": Field(get=attrgetter("token.effective_scopes"), means=_names_scope),
    "used": Field(get=attrgetter("last_used"), means=_is_never),
    "expires": Field(get=attrgetter("token.expires_at"), means=_is_never),
    "note": Field(get=attrgetter("token.note"), means=lambda note, text: text in note.lower()),
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

"""The filter line: plain words, and terms such as `owner:alice -status:expiring`. Pure.

All of it must hold. A word is found anywhere in a row's haystack. `-status:active` turns a term round. What looks like
a term but names no field is a word, because names may hold colons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class Searchable(Protocol):
    """A row that a filter can judge."""

    @property
    def haystack(self) -> str:
        """What a plain word is looked for in, in lower case."""


R = TypeVar("R", bound=Searchable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Generic[R]):
    """What a term can be about: how to get it from a row, and whether a typed text means it.

    Where rows share few values (`shared`) each is judged once: 100,000 rows are filtered while somebody types.
    """

    get: Callable[[R], Any]
    means: Callable[[Any, str], bool]
    shared: bool = True

    def select(self, rows: Sequence[R], text: str, wanted: bool) -> Sequence[R]:
        """Return the rows of which the text is true, or those of which it is not."""
        get, means = self.get, self.means
        if not self.shared:
            return [row for row in rows if means(get(row), text) is wanted]
        values = list(map(get, rows))
        chosen = {value for value in set(values) if means(value, text) is wanted}
        return [row for row, value in zip(rows, values, strict=True) if value in chosen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Generic[R]):
    """A filter as it was typed, taken apart.

    Attributes:
        fields: what its terms are about, by name.
        words: what must stand in a row.
        terms: whether it must be true, the name of the field, what it must be like.
    """

    fields: Mapping[str, Field[R]]
    words: tuple[str, ...] = ()
    terms: tuple[tuple[bool, str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether every row passes."""
        return not self.words and not self.terms

    def is_narrower(self, other: Filter[R]) -> bool:
        """Tell whether only rows that pass the other can pass this one: it has the same, or more letters."""
        return (
            self.terms == other.terms
            and len(self.words) == len(other.words)
            and all(old in new for old, new in zip(other.words, self.words, strict=True))
        )

    def select(self, rows: Sequence[R]) -> Sequence[R]:
        """Return the rows that pass, in the order they came in."""
        for word in self.words:
            rows = [row for row in rows if word in row.haystack]
        for wanted, field, value in self.terms:
            rows = self.fields[field].select(rows, value, wanted)
        return rows


def parse_filter(text: str, fields: Mapping[str, Field[R]]) -> Filter[R]:
    """Take a filter line apart. Nothing is an error: whoever types sees what matches.

    Args:
        text: what was typed.
        fields: what a term can be about, by name.
    """
    words: list[str] = []
    terms: list[tuple[bool, str, str]] = []
    for part in text.lower().split():
        field, colon, value = part.removeprefix("-").partition(":")
        if colon and field in fields:
            if value:
                terms.append((not part.startswith("-"), field, value))
        else:
            words.append(part)
    return Filter(fields=fields, words=tuple(words), terms=tuple(terms))


# What a typed text can mean of a value


def starts(value: str, text: str) -> bool:
    """Tell whether the value begins so."""
    return value.startswith(text)


def holds(value: str, text: str) -> bool:
    """Tell whether this stands in the value."""
    return text in value

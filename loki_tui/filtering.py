"""The filter line: plain words, and terms such as `owner:alice status:expiring`. Pure.

All of it must hold. A word is found anywhere in name, id, role, scopes, owner and note. `-status:active` turns a term
round. What looks like a term but names no field is a word, because names may hold colons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loki_tui.rows import Row

_Test = Callable[[Row, str], bool]


def _test_status(row: Row, value: str) -> bool:
    return row.status.value.startswith(value)


def _test_owner(row: Row, value: str) -> bool:
    return value in (row.token.owner or "none").lower()


def _test_role(row: Row, value: str) -> bool:
    return (row.token.role or "none").lower().startswith(value)


def _test_scope(row: Row, value: str) -> bool:
    held = row.token.effective_scopes or row.token.scopes
    return any(scope.lower().startswith(value) for scope in held)


def _test_used(row: Row, value: str) -> bool:
    return ("never" if row.last_used is None else "yes").startswith(value)


def _test_expires(row: Row, value: str) -> bool:
    return ("never" if row.token.expires_at is None else "yes").startswith(value)


def _test_need(row: Row, value: str) -> bool:
    return row.concern is not None and row.concern.value.startswith(value)


FIELDS: dict[str, _Test] = {
    "name": lambda row, value: value in row.sort_name,
    "id": lambda row, value: any(value in token.id.lower() for token in row.tokens),
    "status": _test_status,
    "owner": _test_owner,
    "role": _test_role,
    "scope": _test_scope,
    "used": _test_used,
    "expires": _test_expires,
    "note": lambda row, value: value in row.token.note.lower(),
    "needs": _test_need,
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
            test = FIELDS[field]
            rows = [row for row in rows if test(row, value) is wanted]
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

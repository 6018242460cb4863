"""One row of the table: a token, with the old secret that it is taking over from, and what needs somebody. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from loki_core import Status, Token
from loki_tui.concerns import Concern, find_concern


class Row(NamedTuple):
    """A token as one line of the table. A rotating pair is one row: the new token, with `old` beside it.

    Attributes:
        token: the token that the name means.
        old: the token whose grace runs, or None.
        concern: what needs somebody, or None.
        haystack: what a plain word of the filter is looked for in, in lower case.
        sort_name: the name in lower case.
    """

    token: Token
    old: Token | None
    concern: Concern | None
    haystack: str
    sort_name: str

    @property
    def status(self) -> Status:
        """The state of the row: rotating while an old secret still works."""
        return self.token.status if self.old is None else Status.ROTATING

    @property
    def last_used(self) -> datetime | None:
        """The newest use of either secret."""
        if self.old is None or self.old.last_used is None:
            return self.token.last_used
        if self.token.last_used is None:
            return self.old.last_used
        return max(self.token.last_used, self.old.last_used)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Every token that the row stands for."""
        return (self.token,) if self.old is None else (self.token, self.old)


def build_rows(tokens: Iterable[Token], now: datetime) -> tuple[Row, ...]:
    """Return a row for each token, but one for both of a rotating pair.

    Args:
        tokens: the tokens, in any order.
        now: the time to judge at (UTC).
    """
    tokens = tuple(tokens)
    rotating = {token.id: token for token in tokens if token.status is Status.ROTATING}
    taking_over = {
        token.rotated_from: token for token in tokens if token.rotated_from in rotating and not token.revoked
    }
    rows: list[Row] = []
    for token in tokens:
        if token.id in taking_over:
            continue
        old = rotating.get(token.rotated_from) if token.rotated_from is not None else None
        if old is not None and taking_over[old.id] is not token:
            old = None
        concern = find_concern(token, now)
        if old is not None:
            concern = find_concern(old, now, replaced_by=token) or concern
        name = token.name.lower()
        rows.append(Row(token, old, concern, _compose_haystack(name, token, old), name))
    return tuple(rows)


def _compose_haystack(name: str, token: Token, old: Token | None) -> str:
    parts = [name, token.id, token.role or "", token.owner or "", token.note, *token.scopes]
    if old is not None:
        parts.append(old.id)
    return "\n".join(parts).lower()

"""One row of the table: a token, with the old secret that it is taking over from, and what needs somebody. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from sys import intern
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
        status: the state of the row: rotating while an old secret still works.
        last_used: the newest use of either secret, or None.
        owner: the owner in lower case, or `none`; interned, as `role` is, because many rows share few of them.
        role: the role in lower case, or `none`.
    """

    token: Token
    old: Token | None
    concern: Concern | None
    haystack: str
    sort_name: str
    status: Status
    last_used: datetime | None
    owner: str
    role: str

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
        if old is not None and taking_over.get(old.id) is not token:
            old = None
        concern = find_concern(token, now)
        if old is not None:
            concern = find_concern(old, now, replaced_by=token) or concern
        name = token.name.lower()
        status = token.status if old is None else Status.ROTATING
        haystack = _compose_haystack(name, token, old)
        owner, role = intern((token.owner or "none").lower()), intern((token.role or "none").lower())
        rows.append(Row(token, old, concern, haystack, name, status, _find_last_use(token, old), owner, role))
    return tuple(rows)


def _find_last_use(token: Token, old: Token | None) -> datetime | None:
    if old is None or old.last_used is None:
        return token.last_used
    return old.last_used if token.last_used is None else max(token.last_used, old.last_used)


def _compose_haystack(name: str, token: Token, old: Token | None) -> str:
    parts = [name, token.id, token.role or "", token.owner or "", token.note, *token.scopes]
    if old is not None:
        parts.append(old.id)
    return "\n".join(parts).lower()

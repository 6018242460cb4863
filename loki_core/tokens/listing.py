"""Tokens as they are listed: records judged at one moment, filtered and counted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from loki_core.frozen import dataclass
from loki_core.scopes import ScopeCatalog
from loki_core.tokens.record import BrokenRecord, Record
from loki_core.tokens.status import Status, find_status
from loki_core.tokens.token import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many tokens there are in each state.

    Attributes:
        total: all records, unreadable ones too.
        by_status: the number in each state.
        usable: how many verify now.
        never_used: usable ones of which no use was ever noted.
        unlimited: usable ones that hold `*`.
        never_expiring: usable ones without an end.
    """

    total: int
    by_status: Mapping[Status, int]
    usable: int
    never_used: int
    unlimited: int
    never_expiring: int


class Judge:
    """Turns records into tokens, as they are at one moment."""

    def __init__(self, catalog: ScopeCatalog, now: datetime, last_uses: Mapping[str, datetime]) -> None:
        self._catalog = catalog
        self._now = now
        self._last_uses = last_uses
        self._expanded: dict[tuple[str, ...], tuple[str, ...]] = {}

    def judge(self, record: Record | BrokenRecord) -> Token:
        """Return the token that a record is now."""
        if isinstance(record, BrokenRecord):
            return Token(id=record.id, name=record.name, status=Status.UNREADABLE, problem=record.problem)
        scopes = record.scopes
        effective = self._expanded.get(scopes)
        if effective is None:
            effective = self._expanded[scopes] = self._catalog.sort(self._catalog.expand(scopes))
        last_used = self._last_uses.get(record.id)
        if last_used is None or (record.last_used is not None and record.last_used > last_used):
            last_used = record.last_used
        return Token(
            id=record.id,
            name=record.name,
            scopes=scopes,
            effective_scopes=effective,
            role=record.role,
            owner=record.owner,
            note=record.note,
            status=find_status(
                self._now,
                created_at=record.created_at,
                expires_at=record.expires_at,
                revoked=record.revoked,
                locked=record.locked,
                rotated=record.rotated_to is not None,
            ),
            created_at=record.created_at,
            expires_at=record.expires_at,
            last_used=last_used,
            revoked=record.revoked,
            revoked_at=record.revoked_at,
            rotated_from=record.rotated_from,
            rotated_to=record.rotated_to,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to list. The filters narrow one another.

    Attributes:
        include_revoked: revoked tokens too; asking for the status `revoked` implies it.
        statuses: only these states, or None.
        owner: only this owner's, or None.
        query: only tokens in whose name, id, owner or note this stands, whatever the case.
        expiring_within: only usable tokens that end within this time, or None.
        unused_for: only usable tokens of which no use was noted for this long, or None.
    """

    include_revoked: bool = False
    statuses: frozenset[Status] | None = None
    owner: str | None = None
    query: str = ""
    expiring_within: timedelta | None = None
    unused_for: timedelta | None = None

    def select(self, tokens: Iterable[Token], now: datetime) -> Iterator[Token]:
        """Yield the tokens that pass."""
        query = self.query.casefold()
        for token in tokens:
            if self.statuses is not None:
                if token.status not in self.statuses:
                    continue
            elif token.revoked and not self.include_revoked:
                continue
            if self.owner is not None and token.owner != self.owner:
                continue
            if query and not any(
                query in text.casefold() for text in (token.name, token.id, token.owner or "", token.note)
            ):
                continue
            if self.expiring_within is not None and not (
                token.status.is_usable
                and token.expires_at is not None
                and token.expires_at - now <= self.expiring_within
            ):
                continue
            if self.unused_for is not None and not self._is_unused(token, now, self.unused_for):
                continue
            yield token

    @staticmethod
    def _is_unused(token: Token, now: datetime, unused_for: timedelta) -> bool:
        since = token.last_used or token.created_at
        return token.status.is_usable and (since is None or now - since >= unused_for)


def summarise(tokens: Iterable[Token]) -> Summary:
    """Count tokens by state."""
    tokens = list(tokens)
    usable = [token for token in tokens if token.status.is_usable]
    counted = Counter(token.status for token in tokens)
    return Summary(
        total=len(tokens),
        by_status={status: counted.get(status, 0) for status in Status},
        usable=len(usable),
        never_used=sum(token.last_used is None for token in usable),
        unlimited=sum("*" in token.scopes for token in usable),
        never_expiring=sum(token.expires_at is None for token in usable),
    )

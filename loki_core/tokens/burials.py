"""Digests that never verify again: the revoked and the deleted ones. Immutable. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from loki_core.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Burial:
    """A digest that never verifies again.

    Attributes:
        hash: the record's hash (hex SHA-256 of salt and secret).
        salt: the record's salt, or "".
        lookup: hex SHA-256 of the secret where it was known, or "".
        token_id: the id of the record.
        at: when (UTC), or None when that is not known.
    """

    hash: str
    salt: str = ""
    lookup: str = ""
    token_id: str = ""
    at: datetime | None = None


class Burials:
    """All of them, found by a record's hash or by a secret's digest."""

    def __init__(self, burials: Iterable[Burial] = ()) -> None:
        self._by_hash: dict[str, Burial] = {}
        self._by_digest: dict[str, Burial] = {}
        self.salted: list[Burial] = []
        self._bury(burials)

    def _bury(self, burials: Iterable[Burial]) -> None:
        for burial in burials:
            self._by_hash[burial.hash] = burial
            if burial.salt:
                self.salted.append(burial)
            else:
                self._by_digest[burial.hash] = burial
            if burial.lookup:
                self._by_digest[burial.lookup] = burial

    def extended(self, burials: Iterable[Burial]) -> Burials:
        """Return these and some more."""
        more = Burials()
        more._by_hash = dict(self._by_hash)
        more._by_digest = dict(self._by_digest)
        more.salted = list(self.salted)
        more._bury(burials)
        return more

    def __contains__(self, record_hash: object) -> bool:
        return record_hash in self._by_hash

    def __iter__(self) -> Iterator[Burial]:
        return iter(self._by_hash.values())

    def __len__(self) -> int:
        return len(self._by_hash)

    def find(self, record_hash: str) -> Burial | None:
        """Return the burial of a record's hash, or None."""
        return self._by_hash.get(record_hash)

    def find_digest(self, digest: str) -> Burial | None:
        """Return the burial of a secret's hex SHA-256, or None."""
        return self._by_digest.get(digest)

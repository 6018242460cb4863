"""Where in a document a digest or a name is. Kept up step by step, so that a change costs what changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from unicodedata import normalize

_ABSENT = object()


class TokenIndex:
    """An immutable index over a document's stored objects.

    Attributes:
        by_digest: from a secret's hex SHA-256 to the id of the record; of two records with one digest the revoked one
            counts, so that a copy does not bring a secret back.
        by_lookup: the same for salted records, by what their `lookup` says: a hint that still has to be proved, which
            is why it is kept apart and never stands before another record's own hash.
        salted: salt and hash of the salted records, by id.
        revoked: ids of the records that say so themselves.
    """

    def __init__(self, tokens: Mapping[str, Any]) -> None:
        self.by_digest: dict[str, str] = {}
        self.by_lookup: dict[str, str] = {}
        self.salted: dict[str, tuple[str, str]] = {}
        self.revoked: set[str] = set()
        self._by_name: dict[str, tuple[str, ...]] | None = None
        self._tokens = tokens
        self._has_copies = False
        self._add(tokens)

    def _add(self, ids: Iterable[str]) -> None:
        tokens = self._tokens
        for token_id in ids:
            raw = tokens[token_id]
            digest = raw.get("hash") if isinstance(raw, dict) else None
            if not isinstance(digest, str):
                continue
            revoked = raw.get("revoked", False) is not False
            if revoked:
                self.revoked.add(token_id)
            known = self.by_digest
            if raw.get("salt"):
                digest, known = self._find_lookup(token_id, raw, digest), self.by_lookup
            if digest in known:
                self._has_copies = True
                if not revoked:
                    continue
            if digest:
                known[digest] = token_id

    def _find_lookup(self, token_id: str, raw: dict[str, Any], salted_hash: str) -> str:
        lookup, salt = raw.get("lookup"), raw["salt"]
        if isinstance(salt, str):
            self.salted[token_id] = (salt, salted_hash)
        return lookup if isinstance(lookup, str) else ""

    def updated(self, tokens: Mapping[str, Any]) -> TokenIndex:
        """Return the index of a document that shares most of its objects with this one's."""
        before = self._tokens
        changed = [token_id for token_id, raw in tokens.items() if before.get(token_id, _ABSENT) is not raw]
        gone = before.keys() - tokens.keys() if len(before) + len(changed) != len(tokens) else set()
        stale = [*gone, *(token_id for token_id in changed if token_id in before)]
        if self._has_copies or len(changed) + len(stale) > len(tokens) // 4:
            return TokenIndex(tokens)
        index = TokenIndex({})
        index.by_digest = dict(self.by_digest)
        index.by_lookup = dict(self.by_lookup)
        index.salted = dict(self.salted)
        index.revoked = set(self.revoked)
        for token_id in stale:
            index._forget(token_id, before[token_id])
        index._tokens = tokens
        index._add(changed)
        if index._has_copies:
            return TokenIndex(tokens)
        if self._by_name is not None:
            index._by_name = dict(self._by_name)
            index._forget_names((token_id, before[token_id]) for token_id in stale)
            index._add_names(changed)
        return index

    def _forget(self, token_id: str, raw: Any) -> None:
        self.salted.pop(token_id, None)
        self.revoked.discard(token_id)
        if isinstance(raw, dict):
            for known, digest in ((self.by_digest, raw.get("hash")), (self.by_lookup, raw.get("lookup"))):
                if isinstance(digest, str) and known.get(digest) == token_id:
                    del known[digest]

    def find_by_name(self, name: str) -> tuple[str, ...]:
        """Return the ids of the records that people call by this name, however it is composed (NFC, NFD)."""
        if self._by_name is None:
            self._by_name = {}
            self._add_names(self._tokens)
        return self._by_name.get(normalize("NFC", name), ())

    def _add_names(self, ids: Iterable[str]) -> None:
        assert self._by_name is not None  # noqa: S101 - both callers have just made it
        for token_id in ids:
            name = _find_name(self._tokens[token_id])
            if name is not None:
                self._by_name[name] = (*self._by_name.get(name, ()), token_id)

    def _forget_names(self, stale: Iterable[tuple[str, Any]]) -> None:
        assert self._by_name is not None  # noqa: S101
        for token_id, raw in stale:
            name = _find_name(raw)
            if name is not None:
                left = tuple(each for each in self._by_name.get(name, ()) if each != token_id)
                if left:
                    self._by_name[name] = left
                else:
                    self._by_name.pop(name, None)


def _find_name(raw: Any) -> str | None:
    if not isinstance(raw, dict):
        return None
    name = raw.get("original_name") or raw.get("name")
    return normalize("NFC", name) if isinstance(name, str) else None

"""One moment of a store, indexed for verification: a dictionary access and a constant-time comparison. Pure.

A digest that was ever buried (revoked or deleted) is refused here, whatever its record says now.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from loki_core.frozen import replace
from loki_core.tokens.burials import Burials
from loki_core.tokens.document import Document
from loki_core.tokens.index import TokenIndex
from loki_core.tokens.record import BrokenRecord, Record, parse_record
from loki_core.tokens.secret import digest_secret, is_mistyped

NEVER = datetime.max.replace(tzinfo=UTC)
PAST = datetime.min.replace(tzinfo=UTC)
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How much earlier than our newest write the clock may be before it is not believed any more."""


class Entry:
    """What verification needs of one token, as long as one view of the store lasts.

    Attributes:
        token_id: the token.
        digest: the secret's hex SHA-256, to be compared in constant time.
        refusal: the code with which the secret is refused whatever the clock says, or "".
        live_until: the end of its life, exclusive (UTC).
        record: the record, or None of a deleted one.
        proof, address, fresh_until: the verifier's: what it answers without a second thought, for calls from that
            address until that time (seconds since the epoch).
    """

    __slots__ = ("address", "digest", "fresh_until", "live_until", "proof", "record", "refusal", "token_id")

    def __init__(self, token_id: str, digest: str, refusal: str, record: Record | None) -> None:
        self.token_id = token_id
        self.digest = digest
        self.refusal = refusal
        self.record = record
        self.live_until = NEVER if record is None or record.expires_at is None else record.expires_at
        self.proof: Any = None
        self.address = ""
        self.fresh_until = 0.0


class Snapshot:
    """An immutable view of a document and its burials; what is cached in it does not change what it answers."""

    def __init__(
        self,
        document: Document,
        burials: Burials,
        *,
        revision: Hashable = None,
        previous: Snapshot | None = None,
    ) -> None:
        """Index a document.

        Args:
            document: what the store holds.
            burials: the digests that never verify again.
            revision: changes whenever the store does.
            previous: an earlier view, from which everything is taken over that has not changed.
        """
        self.document = document
        self.burials = burials
        self.revision = revision
        self.floor = PAST
        if document.written_at is not None and document.written_at - PAST > CLOCK_TOLERANCE:
            self.floor = document.written_at - CLOCK_TOLERANCE
        self.learned: dict[str, str] = {}
        """SHA-256 of secrets of salted records that were found by a search, with their record's id."""
        self._records: dict[str, Record | BrokenRecord] = {}
        self._entries: dict[str, Entry] = {}
        if previous is None:
            self._index = TokenIndex(document.tokens)
        else:
            self._index = previous._index.updated(document.tokens)
            self._take_over(previous)

    def _take_over(self, previous: Snapshot) -> None:
        self.learned.update(previous.learned)
        before, now = previous.document.tokens, self.document.tokens
        for key, record in previous._records.items():
            raw = now.get(key)
            if (
                raw is not None
                and raw is before.get(key)
                and (isinstance(record, BrokenRecord) or (record.hash in self.burials) <= record.revoked)
            ):
                self._records[key] = record

    @property
    def written_at(self) -> datetime | None:
        """The newest time at which we wrote the store (UTC), or None."""
        return self.document.written_at

    @property
    def outbox(self) -> tuple[Mapping[str, Any], ...]:
        """The audit entries that wait for a log that can be written."""
        return self.document.outbox

    @property
    def audit_head(self) -> Mapping[str, Any] | None:
        """The newest signed head of the audit log that was known when the store was written, or None."""
        return self.document.audit_head

    def find(self, credential: str) -> Entry | None:
        """Return the entry that the secret proves, or None.

        Args:
            credential: the raw secret, in Unicode without lone surrogates.

        Raises:
            UnicodeEncodeError: it has lone surrogates.
        """
        digest = sha256(credential.encode()).hexdigest()
        entry = self._entries.get(digest)
        if entry is not None and compare_digest(entry.digest, digest):
            return entry
        return self._find_first_time(digest, credential)

    def _find_first_time(self, digest: str, credential: str) -> Entry | None:
        burial = self.burials.find_digest(digest)
        if burial is not None:
            return self._remember(Entry(burial.token_id, digest, "token_revoked", None))
        for known in (self._index.by_digest, self._index.by_lookup, self.learned):
            token_id = known.get(digest)
            entry = None if token_id is None else self._prove(token_id, digest, credential)
            if entry is not None:
                return entry
        if (self._index.salted or self.burials.salted) and not is_mistyped(credential):
            return self._search_salted(digest, credential)
        return None

    def _prove(self, token_id: str, digest: str, credential: str) -> Entry | None:
        record = self.get_record(token_id)
        if not isinstance(record, Record):
            return None
        # The look-up digest of a salted record only says where to look: the salted hash is what proves the secret.
        proved = digest_secret(credential, record.salt) if record.salt else digest
        if not compare_digest(record.hash, proved):
            return None
        refusal = ""
        if record.revoked:
            refusal = "token_revoked"
        elif record.expires_at is not None and record.expires_at <= self.floor:
            refusal = "token_expired"  # a clock that was set back does not bring it to life
        elif record.locked:
            refusal = "token_locked"
        return self._remember(Entry(token_id, digest, refusal, record))

    def _remember(self, entry: Entry) -> Entry:
        self._entries[entry.digest] = entry
        return entry

    def _search_salted(self, digest: str, credential: str) -> Entry | None:
        for burial in self.burials.salted:
            if compare_digest(burial.hash, digest_secret(credential, burial.salt)):
                return self._remember(Entry(burial.token_id, digest, "token_revoked", None))
        found: str | None = None
        for token_id, (salt, salted_hash) in self._index.salted.items():
            # As in the index: of two records with one digest the revoked one counts.
            if (found is None or token_id in self._index.revoked) and compare_digest(
                salted_hash, digest_secret(credential, salt)
            ):
                found = token_id
        if found is None:
            return None
        self.learned[digest] = found
        return self._prove(found, digest, credential)

    def get_record(self, token_id: str) -> Record | BrokenRecord | None:
        """Return the record of that id, a broken one as such, or None."""
        record = self._records.get(token_id)
        if record is None:
            raw = self.document.tokens.get(token_id)
            if raw is None and token_id not in self.document.tokens:
                return None
            record = parse_record(token_id, raw)
            burial = self.burials.find(record.hash) if isinstance(record, Record) else None
            if isinstance(record, Record) and burial is not None and not record.revoked:
                record = replace(record, revoked=True, revoked_at=record.revoked_at or burial.at)
            self._records[token_id] = record
        return record

    def records(self) -> Iterator[Record | BrokenRecord]:
        """Yield every record, in the order of the store."""
        for token_id in self.document.tokens:
            record = self.get_record(token_id)
            if record is not None:
                yield record

    def readable(self) -> Iterable[Record]:
        """Yield the records that are not broken."""
        return (record for record in self.records() if isinstance(record, Record))

    def find_by_name(self, name: str) -> tuple[Record | BrokenRecord, ...]:
        """Return the records that people call by this name, in the order of the store."""
        found = (self.get_record(token_id) for token_id in self._index.find_by_name(name))
        return tuple(record for record in found if record is not None)

    @cached_property
    def undone(self) -> tuple[str, ...]:
        """Ids of buried tokens whose record says that they are not revoked."""
        tokens = self.document.tokens
        return tuple(
            burial.token_id
            for burial in self.burials
            if isinstance(raw := tokens.get(burial.token_id), dict)
            and raw.get("hash") == burial.hash
            and raw.get("revoked") is not True
        )

    @cached_property
    def unburied(self) -> tuple[str, ...]:
        """Ids of tokens whose record says that they are revoked and that are not buried."""
        tokens = self.document.tokens
        return tuple(token_id for token_id in self._index.revoked if tokens[token_id]["hash"] not in self.burials)

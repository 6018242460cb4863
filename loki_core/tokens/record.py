"""A token's stored record: the peer's JSON object, read strictly and written back whole. Pure.

Known fields are checked; unknown ones are kept as they are. A record that breaks a rule is a BrokenRecord, which is
listed and never verifies; it is written back untouched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from loki_core.frozen import dataclass, field
from loki_core.tokens.status import find_status

_HEX_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One token as it is stored.

    Attributes:
        id: the key in the store.
        name: what people call it; `stored_name` is what the record on disk is called now.
        hash: hex SHA-256 of salt and secret.
        salt: what was put before the secret, "" in our own records.
        lookup: hex SHA-256 of the secret alone, learned for salted records, or "".
        scopes: in the order given.
        created_at, expires_at, last_used, revoked_at: UTC, or None.
        raw: the JSON object it was read from, unknown fields included.
    """

    id: str
    name: str
    hash: str
    scopes: tuple[str, ...]
    stored_name: str = ""
    salt: str = ""
    lookup: str = ""
    role: str | None = None
    owner: str | None = None
    note: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    last_used: datetime | None = None
    revoked: bool = False
    revoked_at: datetime | None = None
    locked: bool = False
    rotated_from: str | None = None
    rotated_to: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def is_usable(self, now: datetime) -> bool:
        """Tell whether its secret still verifies."""
        return find_status(
            now,
            created_at=self.created_at,
            expires_at=self.expires_at,
            revoked=self.revoked,
            locked=self.locked,
        ).is_usable

    def is_over(self, now: datetime) -> bool:
        """Tell whether it was revoked or has expired, so that its name is free; a locked one may come back."""
        return self.revoked or (self.expires_at is not None and now >= self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRecord:
    """A stored object that is no record: its key, what it might be called, and what is wrong with it."""

    id: str
    name: str
    problem: str


class _Malformed(Exception):
    """Says what is wrong with one field."""


def parse_record(key: str, raw: object) -> Record | BrokenRecord:
    """Return the record that a JSON value holds, or what is wrong with it."""
    if not isinstance(raw, dict):
        return BrokenRecord(id=key, name=key, problem="it is not a JSON object")
    try:
        return _parse(key, raw)
    except _Malformed as problem:
        name = raw.get("name")
        return BrokenRecord(id=key, name=name if isinstance(name, str) and name else key, problem=str(problem))


def _parse(key: str, raw: dict[str, Any]) -> Record:
    if raw.get("id", key) != key:
        raise _Malformed("its id is not the key it is stored under")
    stored_name = raw.get("name")
    if not isinstance(stored_name, str) or not stored_name:
        raise _Malformed("it has no name")
    digest = raw.get("hash")
    if not isinstance(digest, str) or not _HEX_DIGEST.match(digest):
        raise _Malformed("its hash is not a hex SHA-256")
    scopes = raw.get("scopes")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise _Malformed("its scopes are not a list of names")
    revoked = raw.get("revoked", False)
    locked = raw.get("locked", False)
    if not isinstance(revoked, bool) or not isinstance(locked, bool):
        raise _Malformed("revoked or locked is neither true nor false")
    return Record(
        id=key,
        name=_text(raw, "original_name") or stored_name,
        stored_name=stored_name,
        hash=digest,
        salt=_text(raw, "salt"),
        lookup=_text(raw, "lookup"),
        scopes=tuple(scopes),
        role=_text(raw, "role") or None,
        owner=_text(raw, "owner") or None,
        note=_text(raw, "note"),
        created_at=_time(raw, "created_at"),
        expires_at=_time(raw, "expires_at"),
        last_used=_time(raw, "last_used"),
        revoked=revoked,
        revoked_at=_time(raw, "revoked_at"),
        locked=locked,
        rotated_from=_text(raw, "rotated_from") or None,
        rotated_to=_text(raw, "rotated_to") or None,
        raw=raw,
    )


def _text(raw: Mapping[str, Any], field_name: str) -> str:
    value = raw.get(field_name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Malformed(f"its {field_name} is not text")
    return value


def _time(raw: Mapping[str, Any], field_name: str) -> datetime | None:
    value = raw.get(field_name)
    if value is None:
        return None
    moment = parse_time(value) if isinstance(value, str) else None
    if moment is None:
        raise _Malformed(f"its {field_name} is not an ISO 8601 time")
    return moment


def parse_time(text: str) -> datetime | None:
    """Return an ISO 8601 time in UTC (one without an offset is taken as UTC), or None when it is not one."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def format_time(moment: datetime | None) -> str | None:
    """Return a time as it is stored: ISO 8601, UTC, with offset."""
    if moment is None:
        return None
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat()


def dump_record(record: Record) -> dict[str, Any]:
    """Return the JSON object of a record, with every field that it was read with."""
    ours: dict[str, Any] = {
        "id": record.id,
        "name": record.stored_name or record.name,
        "hash": record.hash,
        "scopes": list(record.scopes),
        "created_at": format_time(record.created_at),
        "expires_at": format_time(record.expires_at),
        "last_used": format_time(record.last_used),
        "revoked": record.revoked,
    }
    optional = {
        "salt": record.salt,
        "lookup": record.lookup,
        "role": record.role,
        "owner": record.owner,
        "note": record.note,
        "revoked_at": format_time(record.revoked_at),
        "locked": record.locked,
        "rotated_from": record.rotated_from,
        "rotated_to": record.rotated_to,
        "original_name": record.name if record.stored_name not in {"", record.name} else "",
    }
    kept = {name: value for name, value in record.raw.items() if name not in optional or optional[name]}
    return {**kept, **ours, **{name: value for name, value in optional.items() if value}}

"""The chain of hashes that binds each line of the log to all before it: the peer's rule. Pure.

`_integrity_hash` is the hex SHA-256 of the previous line's hash and of the line's other fields as
`json.dumps(fields, sort_keys=True)`; before the first line stand 64 zeros. It is carried across files.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import Any, cast

from loki_core.audit.events import AuditEntry
from loki_core.tokens.record import format_time, parse_time
from loki_core.tokens.secret import may_hold_secret, redact

GENESIS = "0" * 64
_DEEPEST = 32
HASH_FIELD = "_integrity_hash"

_quote = json.encoder.encode_basestring_ascii


def seal_entry(entry: AuditEntry, previous_hash: str, seq: int) -> tuple[bytes, str]:
    """Return the line of an entry, without its end, and the line's hash.

    Args:
        entry: what happened.
        previous_hash: the hash of the line before, or GENESIS.
        seq: the line's number in the whole log, from 1.
    """
    payload = _dump_payload(entry, seq)
    digest = compute_hash(previous_hash, payload)
    return f'{payload[:-1]}, "{HASH_FIELD}": "{digest}"}}'.encode("ascii"), digest


def _dump_payload(entry: AuditEntry, seq: int) -> str:
    """Return what `json.dumps({**dump_entry(entry), "seq": seq}, sort_keys=True)` does, in half the time.

    Whoever writes cleans what it writes. For the one who forgets, what looks as if it held a secret is masked.
    """
    event, moment = entry.event, entry.timestamp
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    details = _encode(entry.details) if entry.details else "{}"
    error = _quote(entry.error) if entry.error else "null"
    ip_address = _quote(entry.ip_address) if entry.ip_address else "null"
    resource_id = _quote(entry.resource_id) if entry.resource_id else "null"
    resource_type = _quote(entry.resource_type)
    token_id = _quote(entry.token_id) if entry.token_id else "null"
    user_agent = _quote(entry.user_agent) if entry.user_agent else "null"
    user_id = _quote(entry.user_id or "unknown")
    texts = f"{details}{error}{event}{ip_address}{resource_id}{resource_type}{token_id}{user_agent}{user_id}"
    if may_hold_secret(texts):
        return json.dumps(mask_secrets({**dump_entry(entry), "seq": seq}), sort_keys=True)
    return (
        f'{{"action": {_quote(event[event.rfind(".") + 1 :])}, "details": {details}, "error": {error}, '
        f'"event": {_quote(event)}, "ip_address": {ip_address}, "resource_id": {resource_id}, '
        f'"resource_type": {resource_type}, "seq": {seq}, "success": {"true" if entry.success else "false"}, '
        f'"timestamp": "{moment.isoformat()}", "token_id": {token_id}, "user_agent": {user_agent}, '
        f'"user_id": {user_id}}}'
    )


def _encode(details: Mapping[str, Any]) -> str:
    return "".join(_iterate(dict(details), 0))


def _make_iterator() -> Callable[[dict[str, Any], int], Iterable[str]]:
    """Return what turns values into JSON, made once: making it anew for each takes longer than the turning."""
    encoder = json.JSONEncoder(sort_keys=True)
    make = getattr(json.encoder, "c_make_encoder", None)
    with contextlib.suppress(TypeError):  # another Python makes it differently
        if make is not None:
            fast: Any = make(None, encoder.default, _quote, None, ": ", ", ", True, False, True)
            return cast("Callable[[dict[str, Any], int], Iterable[str]]", fast)
    return lambda details, _: encoder.iterencode(details)


_iterate = _make_iterator()


def compute_hash(previous_hash: str, payload: str) -> str:
    """Return the hash of a line whose fields were dumped to `payload`."""
    return hashlib.sha256((previous_hash + payload).encode()).hexdigest()


def dump_entry(entry: AuditEntry) -> dict[str, Any]:
    """Return the fields of an entry as they are stored, without its number and hash."""
    return {
        "timestamp": format_time(entry.timestamp),
        "event": str(entry.event),
        "action": entry.action,
        "resource_type": entry.resource_type,
        "resource_id": entry.resource_id or None,
        "user_id": entry.user_id or "unknown",
        "token_id": entry.token_id or None,
        "ip_address": entry.ip_address or None,
        "user_agent": entry.user_agent or None,
        "success": entry.success,
        "error": entry.error or None,
        "details": dict(entry.details),
    }


def mask_secrets(value: Any, depth: int = 0) -> Any:
    """Return a JSON value with every secret in it masked; what is nested beyond all measure is left out."""
    if isinstance(value, str):
        return redact(value)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth >= _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {redact(str(name)): mask_secrets(each, depth + 1) for name, each in value.items()}
    return [mask_secrets(each, depth + 1) for each in value]


def parse_line(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object on a line, or None when there is none."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def parse_entry(fields: Mapping[str, Any]) -> AuditEntry | None:
    """Return the entry of a line's fields, ours or the peer's, or None when it has no time."""
    timestamp = fields.get("timestamp")
    moment = parse_time(timestamp) if isinstance(timestamp, str) else None
    if moment is None:
        return None

    def text(name: str) -> str:
        value = fields.get(name)
        return value if isinstance(value, str) else "" if value is None else str(value)

    details, seq = fields.get("details"), fields.get("seq")
    return AuditEntry(
        timestamp=moment,
        event=text("event") or text("action"),
        user_id=text("user_id") or "unknown",
        resource_type=text("resource_type"),
        resource_id=text("resource_id"),
        token_id=text("token_id"),
        ip_address=text("ip_address"),
        user_agent=text("user_agent"),
        success=fields.get("success") is not False,
        error=text("error"),
        details=details if isinstance(details, dict) else {},
        seq=seq if isinstance(seq, int) else 0,
    )

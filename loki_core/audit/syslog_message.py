r"""A line of the log as a syslog message (RFC 5424), and what is around it on the wire. Pure.

    <109>1 2026-03-01T12:00:00.000000Z loghost loki - auth.token.create [loki@32473 seq="7" user="os:alice" …] {"…"}

The line itself, hash included, is the message's text: whoever keeps the messages can check the chain. What others
wrote never ends a message or begins a field: the header is printable ASCII, values are printable with `"`, `\` and `]`
escaped (6.3.3), and the text is JSON in printable ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from loki_core.audit.chain import HASH_FIELD
from loki_core.audit.events import AuditEntry
from loki_core.audit.levels import Level
from loki_core.audit.lines import LoggedLine, StoredLine
from loki_core.text import safe_text
from loki_core.tokens.secret import clean_text

MOST_OCTETS: Mapping[str, int] = {"udp": 2048, "tcp": 8192, "tls": 8192}
"""What every receiver should take in one message (RFC 5426 3.2, RFC 5425 4.3.1)."""

_FACILITY = 13
"""Log audit (RFC 5424, table 1)."""
_SEVERITIES = {Level.ERROR: 3, Level.WARNING: 4, Level.NOTICE: 5, Level.INFO: 6}
_APP = "loki"
_ELEMENT = "loki@32473"
"""32473 is the enterprise number for whoever has none (RFC 5612)."""
_BOM = b"\xef\xbb\xbf"
_CUT = "…".encode()
_UNPRINTABLE = re.compile(r"[^!-~]+")
_ESCAPED = re.compile(r'(["\\\]])')
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_LONGEST_HOST, _LONGEST_ID = 255, 32
_LONGEST_VALUE = 96
"""Octets, so that all values of an entry fit into the shortest message with room for text."""


def format_entry(line: LoggedLine, *, host: str, most: int) -> bytes:
    """Return the message of an entry.

    Args:
        line: the entry's line.
        host: the name of this machine.
        most: octets that the message may have; text beyond is left out, and `cut` says how much.
    """
    entry, severity = line.entry, _SEVERITIES[line.level]
    values = _describe(entry, line.fields)
    return _format(severity, entry.timestamp, host, entry.event, values, line.format_json(), most)


def format_unreadable(stored: StoredLine, *, host: str, most: int) -> bytes:
    """Return the message of a line that is no entry: what it says as text, and a warning.

    Args:
        stored: the line.
        host: the name of this machine.
        most: octets that the message may have, as for an entry.
    """
    text = clean_text(stored.data.decode("utf-8", "replace")) or "a line that is too long to be read"
    values = {"file": stored.file, "unreadable": "true"}
    return _format(_SEVERITIES[Level.WARNING], None, host, "", values, text, most)


def _describe(entry: AuditEntry, fields: Mapping[str, Any]) -> dict[str, object]:
    digest = fields.get(HASH_FIELD)
    return {
        "seq": entry.seq or "",
        "event": entry.event,
        "user": entry.user_id,
        "token": entry.token_id,
        "resource": entry.resource_id,
        "ip": entry.ip_address,
        "success": str(entry.success).lower(),
        "error": entry.error,
        "hash": digest if isinstance(digest, str) and _HASH.match(digest) else "",
    }


def format_head(fields: Mapping[str, Any], at: datetime, *, host: str, most: int) -> bytes:
    """Return the message of a signed head.

    Args:
        fields: the head as it is kept elsewhere: without marks, with the first public key.
        at: when it was signed.
        host: the name of this machine.
        most: octets that the message may have.
    """
    import json

    values = {"number": fields.get("number"), "count": fields.get("count"), "hash": fields.get("last_hash")}
    text = json.dumps(fields, sort_keys=True)
    return _format(_SEVERITIES[Level.INFO], at, host, "audit.head", values, text, most)


def format_skip(first: int, last: int, at: datetime, *, host: str, most: int) -> bytes:
    """Return the message which says that these entries were not sent, and are to be found in the log alone.

    Args:
        first: the number of the first.
        last: the number of the last.
        at: now (UTC).
        host: the name of this machine.
        most: octets that the message may have.
    """
    import json

    values = {"first": first, "last": last, "count": last - first + 1}
    text = json.dumps({"event": "audit.skip", **values})
    return _format(_SEVERITIES[Level.WARNING], at, host, "audit.skip", values, text, most)


def frame(messages: Iterable[bytes]) -> bytes:
    """Return messages as they follow each other in a stream: each behind its length (RFC 6587 3.4.1)."""
    return b"".join(b"%d %b" % (len(message), message) for message in messages)


def _format(
    severity: int, at: datetime | None, host: str, name: str, values: Mapping[str, object], text: str, most: int
) -> bytes:
    time = "-" if at is None else at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    # No process id: what is sent may have been logged by another process.
    header = (
        f"<{_FACILITY * 8 + severity}>1 {time} {_clean_name(host, _LONGEST_HOST)} {_APP} - "
        f"{_clean_name(name, _LONGEST_ID)} "
    ).encode("ascii")
    body = text.encode("utf-8", "replace")
    message = header + _format_values(values) + b" " + _BOM + body
    if len(message) <= most:
        return message
    # The number of octets left out never has more digits than that of all: the room is enough.
    room = most - len(header + _format_values({**values, "cut": len(body)}) + b" " + _BOM + _CUT)
    kept = _cut(body, room)
    values = {**values, "cut": len(body) - len(kept)}
    return header + _format_values(values) + b" " + _BOM + kept + _CUT


def _clean_name(text: str, longest: int) -> str:
    """Return a field of the header: printable ASCII without blanks (RFC 5424, 6.2), or `-` for nothing."""
    return _UNPRINTABLE.sub("_", text)[:longest] or "-"


def _format_values(values: Mapping[str, object]) -> bytes:
    told = (f' {name}="{_format_value(value)}"' for name, value in values.items() if value not in ("", None))
    return f"[{_ELEMENT}{''.join(told)}]".encode()


def _format_value(value: object) -> str:
    text = safe_text(value)
    data = text.encode()
    if len(data) > _LONGEST_VALUE:
        text = _cut(data, _LONGEST_VALUE - len(_CUT)).decode() + "…"
    return _ESCAPED.sub(r"\\\1", text)


def _cut(data: bytes, most: int) -> bytes:
    """Return the longest beginning of UTF-8 text that has so many octets and ends with a whole character."""
    return data[: max(most, 0)].decode("utf-8", "ignore").encode()

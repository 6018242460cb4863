"""A line of the log as it is verified: what it claims about itself, and what its hash is made of. Pure.

A line of ours has one form to the byte, so its claims are cut out of it without reading the JSON; whatever deviates
from that form is read as JSON, by the peer's rule.
"""

from __future__ import annotations

import json
import re
from enum import IntEnum
from hashlib import sha256
from typing import Any

from loki_core.audit.chain import HASH_FIELD
from loki_core.frozen import dataclass

LONGEST_LINE = 1 << 20
"""Bytes. Nobody writes a longer one, and writers do not count it."""
TAIL_LENGTH = len(f', "{HASH_FIELD}": ""}}') + 64
"""How much of a line of ours is its hash and what stands around that."""

_TEXT = rb'"(?:[^"\\]|\\.)*+"'
_OURS = re.compile(
    rb'"seq": (0|[1-9][0-9]{0,14}), "success": (?:true|false), "timestamp": '
    + _TEXT
    + rb', "token_id": (?:null|'
    + _TEXT
    + rb'), "user_agent": (?:null|'
    + _TEXT
    + rb'), "user_id": '
    + _TEXT
    + rb', "_integrity_hash": "([0-9a-f]{64})"\}\Z'
)
_SEQ = b', "seq": '
_HASH = re.compile(r"[0-9a-f]{64}\Z")
LARGEST_SEQ = 10**15
"""No log has as many lines."""


class LineKind(IntEnum):
    """Whose a line is."""

    OURS = 1
    """In our form to the byte."""
    MARRED = 2
    """It has a number or an event, as only ours have, but is not in our form."""
    FOREIGN = 3
    """A JSON object with neither, as the peer writes it."""
    JUNK = 4
    """No entry at all: writers give it no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line and its place.

    Attributes:
        data: its bytes, without the line end.
        file: the base name of the file that it is in.
        line: its number in that file, from 1.
        is_whole: whether it has its line end, or is an entry without.
        kind: whose it is.
        seq: its number in the whole log as it claims, or None.
        digest: the hash that it claims (64 hex digits), or b"".
    """

    data: bytes
    file: str
    line: int
    is_whole: bool
    kind: LineKind
    seq: int | None
    digest: bytes


def read_log_line(data: bytes, file: str, line: int, *, is_whole: bool = True) -> LogLine:
    """Return what a line claims.

    Args:
        data: its bytes, without the line end.
        file: the base name of its file.
        line: its number in the file, from 1.
        is_whole: whether it has its line end.
    """
    kind, seq, digest = _read_claims(data)
    is_whole = is_whole or kind is not LineKind.JUNK
    return LogLine(data=data, file=file, line=line, is_whole=is_whole, kind=kind, seq=seq, digest=digest)


def _read_claims(data: bytes) -> tuple[LineKind, int | None, bytes]:
    at = data.rfind(_SEQ)
    ours = _OURS.match(data, at + 2) if at >= 0 else None
    if ours is not None:
        return LineKind.OURS, int(ours[1]), ours[2]
    fields = _load(data)
    if fields is None:
        return LineKind.JUNK, None, b""
    seq, digest = fields.get("seq"), fields.get(HASH_FIELD)
    claimed = digest.encode() if isinstance(digest, str) and _HASH.match(digest) else b""
    if "seq" not in fields and "event" not in fields:
        return LineKind.FOREIGN, None, claimed
    return LineKind.MARRED, seq if type(seq) is int and 0 <= seq < LARGEST_SEQ else None, claimed


def _load(data: bytes) -> dict[str, Any] | None:
    if len(data) > LONGEST_LINE:
        return None
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def get_payload(line: LogLine, seq: int | None = None) -> bytes | None:
    """Return what the line's hash is made of, behind the hash before it.

    Args:
        line: the line.
        seq: the number that it should have; by default the one that it has.

    Returns:
        The bytes, or None when the line is none of ours to the byte and no JSON object either.
    """
    if line.kind is LineKind.OURS:
        payload = line.data[:-TAIL_LENGTH] + b"}"
        if seq is None or seq == line.seq:
            return payload
        before, _, after = payload.rpartition(b'"seq": %d, "success": ' % (line.seq or 0))
        return b'%b"seq": %d, "success": %b' % (before, seq, after)
    if line.kind is LineKind.MARRED and seq is None:
        return None  # ours have one form
    fields = _load(line.data)
    if fields is None:
        return None
    fields.pop(HASH_FIELD, None)
    if seq is not None:
        fields["seq"] = seq
    try:
        return json.dumps(fields, sort_keys=True).encode()
    except (ValueError, RecursionError):
        return None


def chain(previous: bytes, payload: bytes | None) -> bytes:
    """Return the hash (64 hex digits) of a payload behind the hash of the line before, or b"" without a payload."""
    return b"" if payload is None else sha256(previous + payload).hexdigest().encode()

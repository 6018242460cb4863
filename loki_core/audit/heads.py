"""A head: how long the log was, with which last hash, at some moment, signed with the key of that day. Pure.

Heads stand in `heads.jsonl` beside the log, one JSON object a line, and are no part of the chain. What is signed names
every field but the marks, of which it names the digest. Marks are four bytes for each line since the head before: the
last hash alone proves that something was changed, the marks tell which line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from loki_core.audit.chain import HASH_FIELD, parse_line
from loki_core.audit.signed_fields import HEX_32, HEX_SIGNATURE, PERIOD, read_texts, read_time
from loki_core.frozen import dataclass
from loki_core.tokens.record import format_time

HEADS_NAME = "heads.jsonl"
MARK_LENGTH = 8
"""Hex digits of one mark."""
MOST_MARKS = 4096
"""Marks in one head at most: of more new lines than that, the newest have one."""

_CONTEXT = "loki audit head v1\n"
_HASH_TAIL = re.compile(rb', "' + HASH_FIELD.encode() + rb'": "[0-9a-f]{64}"\}\Z')
_SEQ = re.compile(rb', "seq": [0-9]+(?=[,}])')
_HEX_MARKS = re.compile(r"[0-9a-f]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One head.

    Attributes:
        number: its place among the heads, from 1.
        count: how many lines the whole log had.
        last_hash: the hash of the last of them.
        period: the day whose key signed it, which is the day in whose file that last line is: `2026-03-01`.
        at: when it was signed (UTC).
        marks: of the newest `len(marks) / MARK_LENGTH` lines up to `count`, oldest first; "" where they are left out.
        marks_digest: hex SHA-256 of the marks as they were signed.
        signature: hex Ed25519 (RFC 8032) of `get_signed_bytes()`, or "" before it is signed.
    """

    number: int
    count: int
    last_hash: str
    period: str
    at: datetime
    marks_digest: str
    marks: str = ""
    signature: str = ""

    @property
    def marked_from(self) -> int:
        """The number of the first line that has a mark."""
        return self.count - len(self.marks) // MARK_LENGTH + 1

    def get_signed_bytes(self) -> bytes:
        """Return what is signed."""
        return (_CONTEXT + json.dumps(self._describe(), sort_keys=True)).encode("ascii")

    def _describe(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "count": self.count,
            "last_hash": self.last_hash,
            "period": self.period,
            "at": format_time(self.at),
            "marks_digest": self.marks_digest,
        }

    def dump(self, *, with_marks: bool = True) -> dict[str, Any]:
        """Return the JSON object: with marks as it stands in `heads.jsonl`, without as it is kept elsewhere."""
        fields = {**self._describe(), "signature": self.signature}
        return {**fields, "marks": self.marks} if with_marks else fields


def digest_marks(marks: str) -> str:
    """Return the digest of marks that a head is signed with."""
    return sha256(marks.encode("ascii")).hexdigest()


def mark_line(line: bytes) -> str:
    """Return the mark of a line (without its line end): of what it says, without its number and hash.

    Without the number, lines behind one that was removed and renumbered keep their marks.
    """
    content = _HASH_TAIL.sub(b"}", line)
    found = None
    for found in _SEQ.finditer(content):  # noqa: B007 - the last: details, which may hold anything, stand before it
        pass
    if found is not None:
        content = content[: found.start()] + content[found.end() :]
    return sha256(content).hexdigest()[:MARK_LENGTH]


def mark_lines(lines: Iterable[bytes]) -> str:
    """Return the marks of lines, one after the other; of too many, the newest."""
    marks = [mark_line(line) for line in lines]
    return "".join(marks[-MOST_MARKS:])


def dump_head_line(head: Head) -> bytes:
    """Return the head as a line of `heads.jsonl`, without its end."""
    return json.dumps(head.dump(), sort_keys=True).encode("ascii")


def parse_head_line(line: bytes) -> Head | None:
    """Return the head on a line, or None when there is none."""
    return parse_head(parse_line(line))


def parse_head(fields: object) -> Head | None:
    """Return the head that a JSON object describes, with marks or without, or None when it is none."""
    if not isinstance(fields, Mapping):
        return None
    number, count = fields.get("number"), fields.get("count")
    if type(number) is not int or type(count) is not int or number < 1 or count < 0:
        return None
    texts = read_texts({"marks": "", **fields}, _FORMS)
    if texts is None:
        return None
    if len(texts["marks"]) % MARK_LENGTH:
        return None
    moment = read_time(fields)
    return None if moment is None else Head(number=number, count=count, at=moment, **texts)


_FORMS = {
    "last_hash": HEX_32,
    "period": PERIOD,
    "marks_digest": HEX_32,
    "signature": HEX_SIGNATURE,
    "marks": _HEX_MARKS,
}

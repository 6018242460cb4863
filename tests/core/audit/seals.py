"""The seals of a log, judged by their rules written down a second time, and what is needed to write such a log."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from loki_core.audit.events import AuditEntry, AuditEvent
from tests.core.workshop import NOON


def make_entry(at: datetime = NOON, **details: Any) -> AuditEntry:
    """Return an entry at a time."""
    return AuditEntry(timestamp=at, event=AuditEvent.TOKEN_CREATE, user_id="os:alice", details=details)


def day(number: int) -> datetime:
    """Return the noon of a day, counted from 2026-03-01."""
    return NOON + timedelta(days=number - 1)


def read_lines(file: Path) -> list[dict[str, Any]]:
    """Return the JSON objects of a file's lines; there are none when it is missing."""
    return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []


def read_log(audit: Path) -> list[tuple[str, bytes]]:
    """Return day and content of each line of the log."""
    files = sorted(audit.glob("audit-*.jsonl"))
    return [(file.name[6:16], line) for file in files for line in file.read_bytes().splitlines() if line]


def check_seals(audit: Path, *, gone: tuple[int, int] = (0, 0)) -> list[dict[str, Any]]:
    """Return the heads, after each rule was checked: key chain, signatures, counts, hashes, marks, ends of days.

    Args:
        audit: the log's directory.
        gone: how many lines, and how many heads, were pruned.
    """
    keys = dict(_check_certificates(audit))
    lines, heads = read_log(audit), read_lines(audit / "heads.jsonl")
    before, pruned = 0, gone[0]
    for number, head in enumerate(heads, gone[1] + 1):
        assert head["number"] == number
        signature, marks = head["signature"], head["marks"]
        signed = {name: value for name, value in head.items() if name not in {"signature", "marks"}}
        _verify(keys[head["period"]], "loki audit head v1\n", signed, signature)
        period, last = lines[head["count"] - pruned - 1]
        assert (head["period"], head["last_hash"]) == (period, json.loads(last)["_integrity_hash"])
        assert hashlib.sha256(marks.encode()).hexdigest() == head["marks_digest"]
        assert marks == "".join(_mark(line) for _, line in lines[before : head["count"] - pruned][-4096:])
        before = head["count"] - pruned
    signed_ends = {head["count"] - pruned for head in heads}
    for place, (period, _) in enumerate(lines[:-1], 1):
        if lines[place][0] != period and place >= min(signed_ends, default=place):
            assert place in signed_ends, f"the last line of {period} is not signed"
    return heads


def _check_certificates(audit: Path) -> Iterator[tuple[str, str]]:
    before = ""
    for number, certificate in enumerate(read_lines(audit / "keys.jsonl"), 1):
        assert certificate["number"] == number
        signature = certificate.pop("signature")
        _verify(before or certificate["public_key"], "loki audit key v1\n", certificate, signature)
        before = certificate["public_key"]
        yield certificate["period"], before


def _verify(public_key: str, context: str, fields: dict[str, Any], signature: str) -> None:
    message = context + json.dumps(fields, sort_keys=True)
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), message.encode())


def _mark(line: bytes) -> str:
    content, _, _ = line.rpartition(b', "_integrity_hash": "')
    seq = json.loads(line).get("seq")
    before, found, after = content.rpartition(f', "seq": {seq}'.encode())
    return hashlib.sha256((before + after if found else content) + b"}").hexdigest()[:8]


def find_bytes(place: Path, wanted: bytes) -> list[str]:
    """Return the files under a directory, hidden ones too, that hold these bytes."""
    files = [Path(parent, name) for parent, _, names in os.walk(place) for name in names]
    return [str(file.relative_to(place)) for file in files if wanted in file.read_bytes()]

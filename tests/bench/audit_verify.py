"""How dear verifying the log is: against Loki Mode's own way, and in memory."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from loki_core.audit.certificates import CERTIFICATES_NAME, Certificate, dump_certificate_line
from loki_core.audit.chain import GENESIS, seal_entry
from loki_core.audit.day_files import get_period, name_day_file
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.heads import HEADS_NAME, Head, digest_marks, dump_head_line, mark_lines
from loki_core.audit.signing import KeyPair, make_key_pair, sign
from loki_core.audit.verification import verify_log
from loki_core.frozen import replace
from tests.bench.console import Figure
from tests.bench.ratio import Ratio, compare

COMPARED = 100_000
LARGE = 1_000_000
_A_DAY = 50_000
_BETWEEN_HEADS = 256
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_MEASURE = """
import resource, sys
from loki_core.audit.verification import verify_log
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
verdict = verify_log(sys.argv[1])
assert verdict.ok and verdict.entries == int(sys.argv[2]), verdict
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure() -> Iterator[Ratio | Figure]:
    """Yield the figures of verifying."""
    with tempfile.TemporaryDirectory(prefix="loki-bench-") as place:
        small, large = Path(place, "small"), Path(place, "large")
        write_log(small, COMPARED)

        def ours() -> None:
            assert verify_log(str(small)).entries == COMPARED

        def theirs() -> None:
            assert verify_as_the_peer(small) == COMPARED

        yield compare(f"verifying {COMPARED:,} entries : the peer's way", 1 / 3.5, ours, theirs, pairs=5)
        write_log(large, LARGE)
        command = [sys.executable, "-c", _MEASURE, str(large), str(LARGE)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        yield Figure(name=f"memory to verify {LARGE:,} entries", value=float(done.stdout), bound=64, unit="MB")


def verify_as_the_peer(place: Path) -> int:
    """Verify by Loki Mode's algorithm; return how many entries there are."""
    previous, count = GENESIS, 0
    for file in sorted(place.glob("audit-*.jsonl")):
        with file.open() as lines:
            for line in lines:
                entry = json.loads(line)
                claimed = entry.pop("_integrity_hash")
                text = json.dumps(entry, sort_keys=True)
                previous = hashlib.sha256((previous + text).encode()).hexdigest()
                assert previous == claimed
                count += 1
    return count


def write_log(place: Path, count: int) -> None:
    """Write an honest log of so many entries, with heads and keys."""
    place.mkdir(mode=0o700)
    previous, number, seq = GENESIS, 0, 0
    key = _make_key(0)
    certificates = [_certify(1, _BEGIN, key, key)]
    with _create(place / HEADS_NAME) as heads:
        while seq < count:
            day = _BEGIN + timedelta(days=seq // _A_DAY)
            if seq:
                before, key = key, _make_key(seq)
                certificates.append(_certify(len(certificates) + 1, day, key, before))
            with _create(place / name_day_file(get_period(day))) as file:
                end = min(seq + _A_DAY, count)
                while seq < end:
                    lines: list[bytes] = []
                    while len(lines) < _BETWEEN_HEADS and seq < end:
                        seq += 1
                        line, previous = seal_entry(_make_entry(day, seq), previous, seq)
                        lines.append(line)
                    file.write(b"\n".join([*lines, b""]))
                    number += 1
                    heads.write(_sign_head(number, seq, previous, day, lines, key) + b"\n")
    with _create(place / CERTIFICATES_NAME) as keys:
        keys.write(b"\n".join([*map(dump_certificate_line, certificates), b""]))


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb")


def _make_key(number: int) -> KeyPair:
    return make_key_pair(hashlib.sha256(b"%d" % number).digest())


def _certify(number: int, day: datetime, key: KeyPair, signer: KeyPair) -> Certificate:
    certificate = Certificate(number=number, period=get_period(day), public_key=key.public_key, at=day)
    return replace(certificate, signature=sign(signer.private_key, certificate.get_signed_bytes()))


def _make_entry(day: datetime, seq: int) -> AuditEntry:
    return AuditEntry(
        timestamp=day + timedelta(seconds=seq % _A_DAY),
        event=AuditEvent.TOKEN_USE,
        user_id=f"os:user-{seq % 97}",
        token_id=f"tok-{seq % 1009:012x}",
        ip_address="10.20.30.40",
        user_agent="curl/8.5.0",
        details={"name": f"ci-bot-{seq}", "scopes": ["read", "write"], "count": seq},
    )


def _sign_head(number: int, count: int, last_hash: str, day: datetime, lines: list[bytes], key: KeyPair) -> bytes:
    marks = mark_lines(lines)
    head = Head(
        number=number,
        count=count,
        last_hash=last_hash,
        period=get_period(day),
        at=day,
        marks=marks,
        marks_digest=digest_marks(marks),
    )
    return dump_head_line(replace(head, signature=sign(key.private_key, head.get_signed_bytes())))

"""How dear an entry of the audit log is: against its bare line, alone and together, in a small log and a large one."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from loki_core.audit.chain import dump_entry
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from tests.bench.ratio import Ratio, compare

NOW = datetime.now(UTC)
ENTRY = AuditEntry(
    timestamp=NOW,
    event=AuditEvent.TOKEN_CREATE,
    user_id="os:alice",
    resource_id="tok-000000000001",
    ip_address="10.0.0.1",
    user_agent="curl/8.5.0",
    details={"name": "ci-bot", "scopes": ["read"], "role": None},
)
CALLS = range(500)
LARGE = 100_000_000
_THREADS = 64
_EACH = 4


def measure() -> Iterator[Ratio]:
    """Yield the ratios of appending."""
    with tempfile.TemporaryDirectory(prefix="loki-bench-") as place:
        bare = _write_bare(Path(place, "bare"))
        small = _open_log(Path(place, "small"), 0)
        large = _open_log(Path(place, "large"), LARGE)
        yield compare(
            "an entry, not durable : json.dumps + os.write", 2, _append(small), bare, pairs=51, calls=len(CALLS)
        )
        yield compare(
            "the same in a log of 100 MB : in an empty one",
            1.1,
            _append(large),
            _append(small),
            pairs=51,
            calls=len(CALLS),
        )
        together = _THREADS * _EACH
        alone = _sync_each(Path(place, "alone"), together)
        crowd = _append_in_threads(_open_log(Path(place, "crowd"), 0))
        yield compare(
            f"durable, {_THREADS} threads at once : one fsync each", 0.1, crowd, alone, pairs=9, calls=together
        )
        log = _open_log(Path(place, "batch"), 0)
        batch = [ENTRY] * together
        yield compare(
            f"durable, {together} at once : one fsync each",
            0.1,
            lambda: log.record_all(batch),
            alone,
            pairs=9,
            calls=together,
        )


def _open_log(place: Path, size: int) -> FileLog:
    """Return a log of that size (bytes)."""
    log = FileLog(str(place), max_file_size=10 * LARGE)
    log.record(ENTRY)
    (file,) = place.glob("audit-*.jsonl")
    line = file.read_bytes()
    with file.open("wb") as opened:
        opened.write(line * max(size // len(line), 1))
    log.record(ENTRY)
    return log


def _append(log: FileLog) -> Callable[[], None]:
    def append() -> None:
        for _ in CALLS:
            log.record(ENTRY, durable=False)

    return append


def _write_bare(path: Path) -> Callable[[], None]:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    fields = {**dump_entry(ENTRY), "seq": 123_456, "_integrity_hash": "0" * 64}

    def write() -> None:
        for _ in CALLS:
            os.write(descriptor, json.dumps(fields, sort_keys=True).encode() + b"\n")

    return write


def _sync_each(path: Path, times: int) -> Callable[[], None]:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    line = json.dumps({**dump_entry(ENTRY), "seq": 123_456, "_integrity_hash": "0" * 64}).encode() + b"\n"

    def write() -> None:
        for _ in range(times):
            os.write(descriptor, line)
            os.fsync(descriptor)

    return write


def _append_in_threads(log: FileLog) -> Callable[[], None]:
    def work() -> None:
        for _ in range(_EACH):
            log.record(ENTRY)

    def append() -> None:
        threads = [threading.Thread(target=work) for _ in range(_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return append

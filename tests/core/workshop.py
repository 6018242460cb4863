"""An installation in a temporary home, its clock in the test's hand, and Loki Mode beside it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import loki_core
from loki_core.background import BackgroundWriter
from loki_core.interfaces import AuditSink, Store
from loki_core.settings import AuditSettings, RbacSettings, Settings
from loki_core.tokens.file_store import FileStore
from loki_core.tokens.policy import TokenPolicy
from loki_core.tokens.secret import Choice

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GENESIS = "0" * 64
RECORD_FILE = "tokens.json"


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **amount: float) -> None:
        """Move it by an amount of timedelta's arguments; negative ones set it back."""
        self.now += timedelta(**amount)


class Workshop:
    """One installation."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = HandClock()
        self._stack = contextlib.ExitStack()

    @property
    def dashboard(self) -> Path:
        return self.home / "dashboard"

    @property
    def file(self) -> Path:
        return self.dashboard / RECORD_FILE

    def open(
        self,
        policy: TokenPolicy | None = None,
        *,
        store: Store | None = None,
        audit: AuditSink | None = None,
        rbac: RbacSettings | None = None,
        is_logging: bool = True,
        second_sink: Path | None = None,
        choose: Choice | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> loki_core.Loki:
        """Open it; it is closed after the test."""
        settings = Settings(
            home=self.home,
            tokens=policy or TokenPolicy(),
            rbac=rbac or RbacSettings(),
            audit=AuditSettings(enabled=is_logging, second_sink=second_sink),
        )
        loki = loki_core.open(
            settings, clock=self.clock, store=store, audit=audit, environ=environ or {}, choose=choose
        )
        return self._stack.enter_context(loki)

    def make_store(self, **options: Any) -> FileStore:
        """Return another view of the same files; it is closed after the test."""
        return self._stack.enter_context(
            contextlib.closing(FileStore(str(self.dashboard), BackgroundWriter(), **options))
        )

    def close(self) -> None:
        self._stack.close()

    # -- as another program sees the files

    def read(self) -> dict[str, Any]:
        """Return the store's JSON."""
        document: dict[str, Any] = json.loads(self.file.read_bytes())
        return document

    def records(self) -> dict[str, Any]:
        """Return the stored records by id."""
        records: dict[str, Any] = self.read()["tokens"]
        return records

    def write(self, document: object) -> None:
        """Write the store as Loki Mode does: truncated and written in place."""
        self.dashboard.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = document if isinstance(document, bytes) else json.dumps(document, indent=2).encode()
        self.file.write_bytes(text)
        self.file.chmod(0o600)

    def rewrite(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Load the store, change its records, and write it as Loki Mode does."""
        document = self.read()
        change(document["tokens"])
        self.write(document)

    def log(self) -> list[dict[str, Any]]:
        """Return the log's lines, without checking them."""
        files = sorted((self.dashboard / "audit").glob("audit-*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]

    def events(self) -> list[str]:
        """Return the events in the log, in their order."""
        return [entry["event"] for entry in self.log()]


def check_chain(directory: Path) -> list[dict[str, Any]]:
    """Return the log's entries, after the peer's rule was recomputed over all of them."""
    previous, entries = GENESIS, []
    for file in sorted(directory.glob("audit-*.jsonl")):
        content = file.read_bytes()
        assert content.endswith(b"\n")
        for line in content.splitlines():
            entry = json.loads(line)
            assert list(entry)[-1] == "_integrity_hash"
            claimed = entry.pop("_integrity_hash")
            text = json.dumps(entry, sort_keys=True)
            previous = hashlib.sha256((previous + text).encode()).hexdigest()
            assert claimed == previous, f"the chain breaks in {file.name}: {line!r}"
            entries.append(entry)
    return entries


def make_peer_secret() -> str:
    """Return a secret as Loki Mode mints it."""
    return "loki_" + secrets.token_urlsafe(32)


def make_peer_record(name: str, secret: str, *, salt: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a record as Loki Mode's command line writes it; with a salt, as its dashboard does."""
    digest = hashlib.sha256(((salt or "") + secret).encode()).hexdigest()
    record: dict[str, Any] = {
        "id": f"tok-{digest[:12]}",
        "name": name,
        "hash": digest,
        "scopes": ["*"],
        "created_at": "2026-02-01T09:00:00+00:00",
        "expires_at": None,
        "last_used": None,
        "revoked": False,
    }
    if salt is not None:
        record["salt"] = salt
    return {**record, **fields}


def make_store_document(*records: dict[str, Any], **top: Any) -> dict[str, Any]:
    """Return a whole store of these records."""
    return {"version": "1.0", "tokens": {record["id"]: record for record in records}, **top}


@contextlib.contextmanager
def refuses(code: str) -> Iterator[pytest.ExceptionInfo[loki_core.LokiError]]:
    """Expect one of our errors with this code, a message in one line, and a remedy."""
    with pytest.raises(loki_core.LokiError) as caught:
        yield caught
    assert caught.value.code == code, repr(caught.value)
    assert "\n" not in str(caught.value)
    if not isinstance(caught.value, loki_core.AuthorizationError):
        assert caught.value.remedy, f"{code} names no remedy"


def is_root() -> bool:
    """Tell whether the tests run as root."""
    return os.geteuid() == 0

"""How quick the console is: its first frame against a trivial Textual app's, and what a key costs."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import loki_core
from loki_tui.ordering import Order
from loki_tui.token_list import TokenList, take_reading
from tests.bench.ratio import Ratio, compare
from tests.support.environment import build_environ
from tests.support.pty_process import PtyProcess

_TRIVIAL = """
from textual.app import App
from textual.widgets import Static

class Trivial(App):
    def compose(self):
        yield Static("the first frame")

Trivial().run()
"""
_QUERIES = ("c", "ci", "ci-b", "zzz", "billing -status:active", "owner:bo status:expiring", "scope:control")
_KEYS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something measured that is held against a bound and not against something else."""

    name: str
    value: float
    bound: float
    unit: str

    def __str__(self) -> str:
        return f"{self.name:<66} {self.value:5.4g} {self.unit}  (at most {self.bound:g} {self.unit})"


def measure() -> Iterator[Ratio | Figure]:
    """Yield the console's figures."""
    with tempfile.TemporaryDirectory(prefix="loki-bench-") as place:
        small, large = Path(place, "small"), Path(place, "large")
        write_store(small, 10_000)
        write_store(large, 100_000)
        trivial = Path(place, "trivial.py")
        trivial.write_text(_TRIVIAL)
        theirs = _paint([sys.executable, str(trivial)], small, "the first frame")
        console = [sys.executable, "-m", "loki_tui"]
        for home, count in ((small, "10,000"), (large, "100,000")):
            ours = _paint(console, home, "LAST USED")
            yield compare(f"first frame on {count} tokens : a trivial Textual app's", 1.5, ours, theirs, pairs=15)
        yield Figure(name="100,000 rows filtered, the slowest of queries", value=_filter(large), bound=100, unit="ms")
        milliseconds, written = _press(console, large)
        yield Figure(name="key to first byte at 100,000 rows, 95th percentile", value=milliseconds, bound=20, unit="ms")
        yield Figure(name="bytes written for a key, 95th percentile", value=written, bound=1500, unit="B")


def write_store(home: Path, count: int) -> None:
    """Write a store of that many tokens, as a year of use might leave it."""
    folder = home / ".loki" / "dashboard"
    folder.mkdir(mode=0o700, parents=True)
    chance, now = random.Random(1), datetime.now(UTC)
    tokens = {}
    for number in range(count):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        role, scopes = chance.choice([("viewer", ["read"]), ("operator", ["control", "read", "write"])])
        id_ = f"tok-{digest[:12]}"
        tokens[id_] = {
            "id": id_,
            "name": f"{chance.choice(['svc', 'ci', 'job'])}-{chance.choice(['billing', 'search', 'mail'])}-{number:06}",
            "hash": digest,
            "scopes": scopes,
            "role": role,
            "owner": chance.choice(["os:alice", "os:bo"]),
            "created_at": (now - timedelta(days=chance.randrange(1, 80))).isoformat(),
            "expires_at": (now + timedelta(days=chance.randrange(3, 300))).isoformat(),
            "last_used": (now - timedelta(minutes=chance.randrange(1, 50_000))).isoformat(),
            "revoked": False,
        }
    descriptor = os.open(folder / "tokens.json", os.O_WRONLY | os.O_CREAT, 0o600)
    with open(descriptor, "w") as file:
        json.dump({"version": "1.0", "tokens": tokens}, file)


def _paint(command: list[str], home: Path, text: str) -> Callable[[], object]:
    def run() -> None:
        terminal = PtyProcess(command, env=build_environ(home, {"COLORTERM": "truecolor"}))
        try:
            terminal.wait_for_bytes(text.encode())
        finally:
            terminal.close()

    return run


def _filter(home: Path) -> float:
    with loki_core.open(environ={"HOME": str(home)}, directory=home) as loki:
        reading = take_reading(loki, include_revoked=False, order=Order.URGENCY, backwards=False)
    tokens = TokenList(reading.at)
    tokens.show_reading(reading)
    slowest = 0.0
    for query in _QUERIES:
        tokens.show_matches("")
        began = time.perf_counter()
        tokens.show_matches(query)
        slowest = max(slowest, time.perf_counter() - began)
    return slowest * 1e3


def _press(command: list[str], home: Path) -> tuple[float, float]:
    terminal = PtyProcess(command, env=build_environ(home, {"COLORTERM": "truecolor"}))
    times, sizes = [], []
    try:
        terminal.wait_for("100,000 shown")
        time.sleep(1)
        for _ in range(_KEYS):
            before, began = len(terminal.raw), time.perf_counter()
            terminal.send("j")
            while len(terminal.raw) == before:
                time.sleep(0.0005)
            times.append(time.perf_counter() - began)
            time.sleep(0.04)  # what a held key leaves
            sizes.append(len(terminal.raw) - before)
    finally:
        terminal.close()
    at = int(_KEYS * 0.95)
    return sorted(times)[at] * 1e3, sorted(sizes)[at]

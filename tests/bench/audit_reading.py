"""How long reading the audit log takes: its end against Python doing nothing, all of it against parsing its JSON."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import loki_core
from loki_core.audit.chain import GENESIS, seal_entry
from loki_core.audit.events import AuditEntry
from tests.bench.processes import run_program
from tests.bench.ratio import Ratio, compare

LINES = 100_000
_DAYS = 5
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def measure() -> Iterator[Ratio]:
    """Yield the ratios of reading a log of 100,000 lines."""
    with tempfile.TemporaryDirectory(prefix="loki-bench-") as place:
        log = Path(place) / "dashboard" / "audit"
        make_log(log, LINES)
        nothing = run_program(place, "-c", "pass")
        for words in ("tail -n 20", "tail -n 20 --event auth.fail --json"):
            tailing = run_program(place, "-m", "loki_core", "enterprise", "audit", *words.split())
            yield compare(f"loki enterprise audit {words} : bare Python", 6, tailing, nothing, pairs=25)
        with loki_core.open(environ={"LOKI_HOME": place}) as loki:
            trail = loki.audit

            def parse() -> int:
                return sum(len(json.loads(line)) for file in sorted(log.iterdir()) for line in file.open("rb"))

            def search(query: loki_core.Query) -> int:
                return sum(1 for _ in trail.entries(query))

            fails = loki_core.Query(events=frozenset({"auth.fail"}))
            day = loki_core.Query(since=_BEGIN + timedelta(days=2), until=_BEGIN + timedelta(days=3))
            text = loki_core.Query(text="10.0.0.99")
            yield compare("search 100,000 lines, all : json.loads of each", 4, lambda: search(loki_core.Query()), parse)
            yield compare("search 100,000 lines, one event in ten : the same", 1, lambda: search(fails), parse)
            yield compare("search 100,000 lines, one day in five : the same", 1.5, lambda: search(day), parse)
            yield compare("search 100,000 lines, a text : the same", 1, lambda: search(text), parse)
            now = _BEGIN + timedelta(days=_DAYS)
            yield compare("summary of 100,000 lines : the same", 4, lambda: trail.summary(now), parse)


def make_log(place: Path, lines: int) -> None:
    """Write a log of chained lines on five days: uses of tokens, and a failure and a new token in ten.

    Args:
        place: its directory.
        lines: how many.
    """
    place.mkdir(mode=0o700, parents=True)
    previous, seq = GENESIS, 0
    for day in range(_DAYS):
        begin = _BEGIN + timedelta(days=day)
        file = place / f"audit-{begin:%Y-%m-%d}.jsonl"
        with file.open("wb") as opened:
            for number in range(lines // _DAYS):
                seq += 1
                event = {3: "auth.fail", 7: "auth.token.create"}.get(number % 10, "auth.token.use")
                token_id = f"tok-{number % 50:012x}"
                entry = AuditEntry(
                    timestamp=begin + timedelta(milliseconds=100 * number),
                    event=event,
                    user_id=token_id,
                    resource_id=token_id,
                    token_id=token_id,
                    ip_address=f"10.0.0.{number % 250}",
                    user_agent="curl/8.5.0",
                    success=event != "auth.fail",
                    error="token_expired" if event == "auth.fail" else "",
                )
                line, previous = seal_entry(entry, previous, seq)
                opened.write(line + b"\n")
        file.chmod(0o600)

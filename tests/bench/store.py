"""How dear a change is on disk: against serialising, writing, syncing and renaming the same file."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import loki_core
from loki_core.tokens.document import dump_document
from tests.bench.ratio import Ratio, compare
from tests.bench.verification import make_tokens

TOKENS = 10_000


def measure() -> Iterator[Ratio]:
    """Yield the ratios of the file store."""
    with tempfile.TemporaryDirectory(prefix="loki-bench-") as place:
        dashboard = Path(place) / "dashboard"
        dashboard.mkdir(mode=0o700)
        document, secrets = make_tokens(TOKENS)
        file = dashboard / "tokens.json"
        file.write_bytes(b"".join(dump_document(document)))
        file.chmod(0o600)
        content = json.loads(file.read_bytes())
        loki = loki_core.open(environ={"LOKI_HOME": place})
        numbers = itertools.count()

        def create() -> None:
            loki.tokens.generate(f"new-{next(numbers)}")

        def write_bare() -> None:
            aside = dashboard / "bare.new"
            with aside.open("wb") as target:
                target.write(json.dumps(content).encode())
                target.flush()
                os.fsync(target.fileno())
            aside.rename(dashboard / "bare.json")

        yield compare(
            f"create at {TOKENS:,} tokens : serialise + write + fsync + rename", 1.5, create, write_bare, pairs=25
        )
        secret = secrets[0]
        rounds = range(5_000)

        def verify() -> None:
            for _ in rounds:
                loki.authenticate(secret)

        def stat_alone() -> None:
            path = str(file)
            for _ in rounds:
                os.stat(path, follow_symlinks=False)

        yield compare("a verification from the file : its one stat", 3, verify, stat_alone, calls=len(rounds))
        loki.close()

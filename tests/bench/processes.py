"""How long whole processes take: against Python doing nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator

import loki_core
from tests.bench.ratio import Ratio, compare


def measure() -> Iterator[Ratio]:
    """Yield the ratios of processes."""
    with tempfile.TemporaryDirectory(prefix="loki-bench-") as place:
        environ = {**os.environ, "LOKI_HOME": place, "HOME": place}
        with loki_core.open(environ={"LOKI_HOME": place}) as loki:
            for number in range(20):
                loki.tokens.generate(f"bot-{number}")
        nothing = _run(environ, place, "-c", "pass")
        opening = _run(environ, place, "-c", "import loki_core; loki_core.open()")
        listing = _run(environ, place, "-m", "loki_core", "enterprise", "token", "list")
        yield compare("loki_core.open() in a new process : bare Python", 6, opening, nothing, pairs=25)
        yield compare("loki enterprise token list : bare Python", 6, listing, nothing, pairs=25)


def _run(environ: dict[str, str], place: str, *arguments: str) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, env=environ, cwd=place, check=True, stdout=subprocess.DEVNULL)

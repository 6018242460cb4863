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
        with loki_core.open(environ={"LOKI_HOME": place}) as loki:
            for number in range(20):
                loki.tokens.generate(f"bot-{number}")
        nothing = run_program(place, "-c", "pass")
        opening = run_program(place, "-c", "import loki_core; loki_core.open()")
        listing = run_program(place, "-m", "loki_core", "enterprise", "token", "list")
        yield compare("loki_core.open() in a new process : bare Python", 6, opening, nothing, pairs=25)
        yield compare("loki enterprise token list : bare Python", 6, listing, nothing, pairs=25)


def run_program(place: str, *arguments: str) -> Callable[[], object]:
    """Return what runs Python with some arguments to its end, in a home of its own.

    Args:
        place: the home, and where it runs.
        arguments: what follows `python`.
    """
    environ = {**os.environ, "LOKI_HOME": place, "HOME": place}
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, env=environ, cwd=place, check=True, stdout=subprocess.DEVNULL)

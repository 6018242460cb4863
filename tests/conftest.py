"""What every test can use, and how many run at a time."""

from __future__ import annotations

import os

import pytest

pytest_plugins = ["tests.support.fixtures", "tests.support.idp.fixtures"]

WORKERS_PER_CORE = 2
"""Many tests wait for other processes' answers: more workers than cores are quicker."""
MOST_WORKERS = 8


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes share the tests, unless `-n` says it; 0 is this one alone.

    The whole suite is shared. A part that is named on the command line starts sooner without workers; what is marked
    `bench` measures, and what is marked `nightly` brings processes enough of its own.
    """
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    marked = "not nightly and not bench" not in config.option.markexpr
    if not whole or marked or config.option.capture == "no":
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores * WORKERS_PER_CORE, MOST_WORKERS)

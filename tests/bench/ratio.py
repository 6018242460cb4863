"""A ratio of two durations, measured in turn so that a machine whose speed drifts does not change it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """What was measured against what.

    Attributes:
        name: what the ratio says.
        bound: what it should be at most.
        median, least, most: of the pairs of runs.
        ours, theirs: median seconds of one run each.
    """

    name: str
    bound: float
    median: float
    least: float
    most: float
    ours: float
    theirs: float

    def __str__(self) -> str:
        spread = f"{self.least:.2f} to {self.most:.2f}"
        return (
            f"{self.name:<66} {self.median:5.2f} x  (at most {self.bound:g}; {spread};"
            f" {_show(self.ours)} : {_show(self.theirs)})"
        )


def _show(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def compare(
    name: str, bound: float, ours: Callable[[], object], theirs: Callable[[], object], *, pairs: int = 9, calls: int = 1
) -> Ratio:
    """Run both in turn, after one run each to warm up, and return the ratio pair by pair.

    Args:
        name: what the ratio says.
        bound: what it should be at most.
        ours, theirs: what to time; `calls` calls of each make one run.
        pairs: how many pairs of runs.
        calls: by what to divide a run's time; the callables repeat themselves.
    """
    ours()
    theirs()
    mine: list[float] = []
    others: list[float] = []
    for _ in range(pairs):
        others.append(_time(theirs) / calls)
        mine.append(_time(ours) / calls)
    ratios = [a / b for a, b in zip(mine, others, strict=True)]
    return Ratio(
        name=name,
        bound=bound,
        median=statistics.median(ratios),
        least=min(ratios),
        most=max(ratios),
        ours=statistics.median(mine),
        theirs=statistics.median(others),
    )


def _time(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began

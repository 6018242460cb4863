"""Waiting without waiting: the waits of a sign-in move the clocks, and things happen during them."""

from __future__ import annotations

from collections.abc import Callable

from tests.core.workshop import HandClock
from tests.support.idp.process import Idp


class Waiting:
    """Stands for the event that cancels a sign-in: its waits are over at once, and the clocks are later.

    Attributes:
        waits: the seconds of each wait so far.
        now: the clock of the waits.
        during: what happens during the wait of that number, from 1.
    """

    def __init__(self, clock: HandClock | None = None, idp: Idp | None = None) -> None:
        self._clock = clock
        self._idp = idp
        self.waits: list[float] = []
        self.now = 0.0
        self.during: dict[int, Callable[[], object]] = {}
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, timeout: float) -> bool:
        self.waits.append(round(timeout, 6))
        self.now += timeout
        if self._clock is not None:
            self._clock.move(seconds=timeout)
        if self._idp is not None:
            self._idp.advance(timeout)
        self.during.get(len(self.waits), lambda: None)()
        return self._is_set

    def read_seconds(self) -> float:
        return self.now

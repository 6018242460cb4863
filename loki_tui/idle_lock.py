"""When a console that nobody touches locks. Pure but for the clock passed in."""

from __future__ import annotations

from collections.abc import Callable


class IdleLock:
    """Counts from the last key or mouse event."""

    def __init__(self, minutes: float, *, clock: Callable[[], float]) -> None:
        """Start counting now.

        Args:
            minutes: after how long the console locks; 0 means never.
            clock: seconds that only ever grow, such as `time.monotonic`.
        """
        self._limit = minutes * 60
        self._clock = clock
        self._touched_at = clock()
        self.is_locked = False

    def touch(self) -> None:
        """Count from now again. While locked nothing but `unlock` does that."""
        if not self.is_locked:
            self._touched_at = self._clock()

    def is_due(self) -> bool:
        """Tell whether it is time to lock."""
        return bool(self._limit) and not self.is_locked and self._clock() - self._touched_at >= self._limit

    def lock(self) -> None:
        """Note that the console is locked."""
        self.is_locked = True

    def unlock(self) -> None:
        """Note that somebody is back, and count from now."""
        self.is_locked = False
        self._touched_at = self._clock()

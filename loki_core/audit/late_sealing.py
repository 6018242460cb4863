"""Sealing that is made when it is first needed: who only reads the log does not wait for keys and their rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loki_core.audit.events import AuditEntry
    from loki_core.audit.log_end import LogEnd
    from loki_core.audit.sealing import SealedLog, Sealing
    from loki_core.disk.directory import PrivateDirectory
    from loki_core.interfaces import Finding


class LateSealing:
    """Stands for a sealing, which see for its methods."""

    def __init__(self, make: Callable[[], Sealing]) -> None:
        """Prepare; nothing is made.

        Args:
            make: returns the sealing.
        """
        self._make = make
        self._made: list[Sealing] = []
        self._log: SealedLog | None = None

    @property
    def _sealing(self) -> Sealing:
        if not self._made:
            made = self._make()
            if self._log is not None:
                made.attach(self._log)
            self._made.append(made)  # of two threads that made one, all use the first
        return self._made[0]

    def attach(self, log: SealedLog) -> None:
        """See Sealing.attach."""
        self._log = log

    def count_sealed(self, directory: PrivateDirectory) -> int:
        """See Sealing.count_sealed."""
        return self._sealing.count_sealed(directory)

    def begin_period(self, directory: PrivateDirectory, end: LogEnd, period: str) -> Sequence[AuditEntry]:
        """See Sealing.begin_period."""
        return self._sealing.begin_period(directory, end, period)

    def note_written(self, directory: PrivateDirectory, end: LogEnd) -> None:
        """See Sealing.note_written."""
        self._sealing.note_written(directory, end)

    @property
    def first_key_made(self) -> str:
        """See Sealing.first_key_made."""
        return self._made[0].first_key_made if self._made else ""

    def describe_newest(self, directory: PrivateDirectory) -> Mapping[str, Any] | None:
        """See Sealing.describe_newest."""
        return self._sealing.describe_newest(directory)

    def diagnose(self, directory: PrivateDirectory, end: LogEnd) -> tuple[Finding, ...]:
        """See Sealing.diagnose."""
        return self._sealing.diagnose(directory, end)

    def close(self) -> None:
        """See Sealing.close."""
        if self._made:
            self._made[0].close()

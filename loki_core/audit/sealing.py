"""What seals the log as it grows: told under the log's lock what is about to be and what was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from loki_core.audit.events import AuditEntry
from loki_core.audit.log_end import LogEnd
from loki_core.disk.directory import PrivateDirectory


class Sealing(Protocol):
    """Signs what the log holds. Every method but `close` is called under the log's lock; none of them may raise."""

    def count_sealed(self, directory: PrivateDirectory) -> int:
        """Return how many lines the newest head covers, or 0; asked when the end of the log is looked for."""

    def begin_period(self, directory: PrivateDirectory, end: LogEnd, period: str) -> Sequence[AuditEntry]:
        """Prepare for the first line of a new file, and return the entries that must stand before it.

        Called again for the same period when that line could not be written, and for each further piece of a day.

        Args:
            directory: where the log is.
            end: where it ends now, in an older file or in this one, still empty.
            period: the day that the new file belongs to.
        """

    def note_written(self, directory: PrivateDirectory, end: LogEnd, lines: Sequence[bytes], durable: bool) -> None:
        """Take note of what was appended.

        Args:
            directory: where the log is.
            end: where it ends now.
            lines: the new lines, without their ends.
            durable: whether the whole file is on the disk.
        """

    def close(self) -> None:
        """Seal what is not sealed yet, and let go of everything; called without the lock."""


class _NotSealed:
    """Seals nothing."""

    def count_sealed(self, directory: PrivateDirectory) -> int:
        return 0

    def begin_period(self, directory: PrivateDirectory, end: LogEnd, period: str) -> Sequence[AuditEntry]:
        return ()

    def note_written(self, directory: PrivateDirectory, end: LogEnd, lines: Sequence[bytes], durable: bool) -> None:
        return

    def close(self) -> None:
        return


NOT_SEALED: Sealing = _NotSealed()
"""For a log of which nothing is signed."""

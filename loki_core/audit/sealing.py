"""What seals the log as it grows: told under the log's lock what is about to be and what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from loki_core.audit.events import AuditEntry
from loki_core.audit.log_end import LogEnd
from loki_core.disk.directory import PrivateDirectory
from loki_core.interfaces import Finding


class SealedLog(Protocol):
    """What sealing needs of its log between two entries."""

    def record(self, entry: AuditEntry, *, durable: bool = True) -> None:
        """Append an entry."""

    def hold(self, *, wait_seconds: float | None = None) -> AbstractContextManager[tuple[PrivateDirectory, LogEnd]]:
        """Hold the log's lock, and return its directory and where it ends."""


class Sealing(Protocol):
    """Signs what the log holds. None of its methods may raise."""

    def attach(self, log: SealedLog) -> None:
        """Seal this log, which calls everything else."""

    # -- under the log's lock

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

    def note_written(self, directory: PrivateDirectory, end: LogEnd) -> None:
        """Take note of lines that were appended.

        Args:
            directory: where the log is.
            end: where it ends now.
        """

    # -- without the lock

    @property
    def first_key_made(self) -> str:
        """The first public key of the log (hex) when it was made here, else ""."""

    def describe_newest(self, directory: PrivateDirectory) -> Mapping[str, Any] | None:
        """Return the newest head without its marks, and `first_key`; None without heads."""

    def diagnose(self, directory: PrivateDirectory, end: LogEnd) -> tuple[Finding, ...]:
        """Return what is wrong with the seals of a log that ends there."""

    def close(self) -> None:
        """Seal what is not sealed yet, and let go of everything."""


class _NotSealed:
    """Seals nothing."""

    first_key_made = ""

    def attach(self, log: SealedLog) -> None:
        return

    def count_sealed(self, directory: PrivateDirectory) -> int:
        return 0

    def begin_period(self, directory: PrivateDirectory, end: LogEnd, period: str) -> Sequence[AuditEntry]:
        return ()

    def note_written(self, directory: PrivateDirectory, end: LogEnd) -> None:
        return

    def describe_newest(self, directory: PrivateDirectory) -> Mapping[str, Any] | None:
        return None

    def diagnose(self, directory: PrivateDirectory, end: LogEnd) -> tuple[Finding, ...]:
        return ()

    def close(self) -> None:
        return


NOT_SEALED: Sealing = _NotSealed()
"""For a log of which nothing is signed."""

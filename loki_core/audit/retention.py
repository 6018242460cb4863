"""Removes the days of the log that are older than they are to be kept, in the order that leaves no doubt after a crash.

First the entry that says so, then `pruned.json`, signed, then the heads of those lines, then the files, oldest first.
What a crash leaves undone is done at the next change of day.

Whoever calls holds the log's lock.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from loki_core.audit.chain import parse_line
from loki_core.audit.day_files import find_period, list_day_files
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_lines import read_files
from loki_core.audit.heads import HEADS_NAME
from loki_core.audit.log_end import LogEnd, count_to_end
from loki_core.audit.pruning import PRUNED_NAME, Pruned, dump_pruned, parse_pruned
from loki_core.audit.sealer import Sealer
from loki_core.audit.signed_lines import sync_file
from loki_core.disk.directory import PrivateDirectory
from loki_core.frozen import dataclass

_LARGEST = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What is about to go.

    Attributes:
        files: their names, oldest first.
        count: the number of the last line in them.
        last_hash: its hash.
    """

    files: tuple[str, ...]
    count: int
    last_hash: str


def describe_pruning(pruning: Pruning, user_id: str, at: datetime) -> AuditEntry:
    """Return the entry that says what goes."""
    days = {find_period(name) for name in pruning.files}
    return AuditEntry(
        timestamp=at,
        event=AuditEvent.PRUNE,
        user_id=user_id,
        resource_type="audit",
        details={"up_to": pruning.count, "files": len(pruning.files), "days": len(days)},
    )


class Retention:
    """How long the log is kept."""

    def __init__(self, days: int, sealer: Sealer) -> None:
        """Prepare.

        Args:
            days: a day's lines are kept until this many days later.
            sealer: signs how far the log was pruned.
        """
        self._days = days
        self._sealer = sealer

    def plan(self, directory: PrivateDirectory, end: LogEnd, period: str) -> Pruning | None:
        """Return what is to go when a day begins, or None.

        Args:
            directory: where the log is.
            end: where it ends.
            period: the day that begins.

        Raises:
            StorageError, OSError: the log cannot be read.
        """
        last = (date.fromisoformat(period) - timedelta(days=self._days)).isoformat()
        for name in (HEADS_NAME, PRUNED_NAME):
            directory.sweep(name)
        names = list_day_files(directory.names())
        old = [name for name in names if find_period(name) < last]
        if not old:
            return None
        kept = names[len(old) :]
        last_hash, _ = count_to_end(directory, old)
        return Pruning(files=tuple(old), count=_count_before(directory, kept, end), last_hash=last_hash)

    def prune(self, directory: PrivateDirectory, pruning: Pruning, entry_file: str, at: datetime) -> None:
        """Remove what was planned, after the entry that says so was written.

        Args:
            directory: where the log is.
            pruning: what goes.
            entry_file: the file in which that entry is.
            at: now (UTC).

        Raises:
            StorageError, OSError: not everything is gone; the next change of day tries again.
        """
        sync_file(directory, entry_file)
        heads_up_to = self._sealer.heads.find_number_up_to(directory, pruning.count)
        before = _load_pruned(directory)
        if before is None or before.count < pruning.count or before.heads_up_to < heads_up_to:
            pruned = self._sealer.sign_pruned(
                directory, count=pruning.count, last_hash=pruning.last_hash, heads_up_to=heads_up_to, at=at
            )
            os.close(directory.replace(PRUNED_NAME, [dump_pruned(pruned)]))
        self._sealer.heads.remove_up_to(directory, heads_up_to)
        for name in pruning.files:
            os.unlink(name, dir_fd=directory.descriptor)


def _count_before(directory: PrivateDirectory, names: Sequence[str], end: LogEnd) -> int:
    """Return how many lines the log has before these, its last files."""
    lines = 0
    for line in read_files(directory, list(names), newest_first=False):
        fields = parse_line(line.data)
        if fields is None:
            continue
        seq = fields.get("seq")
        if isinstance(seq, int):
            return seq - 1 - lines
        lines += 1
    return end.seq - lines


def _load_pruned(directory: PrivateDirectory) -> Pruned | None:
    try:
        opened = directory.open_file(PRUNED_NAME)
    except FileNotFoundError:
        return None
    try:
        return parse_pruned(os.pread(opened.descriptor, _LARGEST, 0))
    finally:
        os.close(opened.descriptor)

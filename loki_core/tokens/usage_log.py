"""`usage.jsonl`: when and from where each token was used. Appended in the background; a failure loses only a note."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Hashable
from datetime import timedelta

from loki_core.background import BackgroundWriter
from loki_core.disk.append_log import LogFollower, append_lines
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.lock import hold_lock
from loki_core.errors import LokiError
from loki_core.forks import renew_after_fork
from loki_core.tokens.token import Use
from loki_core.tokens.uses import UseTally, dump_use, parse_use

NAME = "usage.jsonl"
LOCK_NAME = ".usage.lock"
COMPACT_ABOVE = 1 << 20
KEPT = timedelta(days=400)
_LOCK_SECONDS = 5.0


class UsageLog:
    """The uses of one directory's tokens."""

    def __init__(self, path: str, background: BackgroundWriter, *, compact_above: int = COMPACT_ABOVE) -> None:
        """Prepare; nothing is read or made.

        Args:
            path: the directory.
            background: where writing is done.
            compact_above: the size in bytes from which lines are added up.
        """
        self._path = path
        self._background = background
        self._compact_above = compact_above
        self._compacted_size = 0
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin anew in a forked child: what waits is written by the parent."""
        self._follower = LogFollower(NAME)
        self._tally = UseTally()
        self._waiting: deque[Use] = deque()
        self._reading = threading.Lock()

    def note(self, use: Use) -> None:
        """Write the use soon."""
        self._waiting.append(use)
        self._background.submit(self._write_waiting)

    def _write_waiting(self) -> None:
        uses = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not uses:
            return
        # A disk that cannot be written never fails a verification, and this is only a note.
        with (
            contextlib.suppress(OSError, LokiError),
            PrivateDirectory.open(self._path) as directory,
            hold_lock(directory, LOCK_NAME, wait_seconds=_LOCK_SECONDS),
        ):
            append_lines(directory, NAME, [dump_use(use).encode() for use in uses], durable=False)
            # What cannot be added up further is not worth trying again before it has doubled.
            limit = max(self._compact_above, 2 * self._compacted_size)
            if os.stat(NAME, dir_fd=directory.descriptor).st_size > limit:
                self._compact(directory)

    def _compact(self, directory: PrivateDirectory) -> None:
        _, lines = LogFollower(NAME).read_new(directory)
        uses = UseTally(use for use in map(parse_use, lines) if use is not None).find()
        newest = uses[0].last_at if uses else None  # they come newest first
        kept = [dump_use(use).encode() + b"\n" for use in uses if newest and newest - use.last_at <= KEPT]
        self._compacted_size = sum(map(len, kept))
        os.close(directory.replace(NAME, kept))

    def refresh(self) -> UseTally:
        """Read on and return all uses; what cannot be read is as if it was not noted."""
        with (
            self._reading,
            contextlib.suppress(OSError, LokiError),
            PrivateDirectory.open(self._path) as directory,
        ):
            replaced, lines = self._follower.read_new(directory)
            if replaced:
                self._tally = UseTally()
            for use in map(parse_use, lines):
                if use is not None:
                    self._tally.add(use)
        return self._tally

    def revision(self) -> Hashable:
        """Return what changes whenever a use is noted; one stat."""
        try:
            status = os.stat(os.path.join(self._path, NAME), follow_symlinks=False)
        except OSError:
            return None
        return (status.st_ino, status.st_size)

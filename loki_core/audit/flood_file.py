"""The state of a flood of failures, shared by all processes of a log: one small file beside it.

It is overwritten in place, under the log's lock and without syncing: what a crash leaves of it at worst counts anew.
"""

from __future__ import annotations

import json
import os

from loki_core.audit.flood import Flood, dump_flood, parse_flood
from loki_core.disk.directory import PrivateDirectory

NAME = ".flood.json"
_LONGEST = 1 << 16


class FloodFile:
    """The file, open while one failure is judged."""

    def __init__(self, directory: PrivateDirectory) -> None:
        """Open the file, which is made when it is missing.

        Raises:
            StorageError, OSError: it cannot be opened.
        """
        self._descriptor = directory.open_file(NAME, os.O_RDWR, create=True).descriptor

    def load(self) -> Flood:
        """Return the state; a fresh one when there is none that makes sense.

        Raises:
            OSError: it cannot be read.
        """
        try:
            return parse_flood(json.loads(os.pread(self._descriptor, _LONGEST, 0)))
        except (ValueError, RecursionError):
            return Flood()

    def save(self, flood: Flood) -> None:
        """Store the state.

        Raises:
            OSError: it could not be written.
        """
        data = json.dumps(dump_flood(flood)).encode("ascii")
        os.pwrite(self._descriptor, data, 0)
        os.ftruncate(self._descriptor, len(data))

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

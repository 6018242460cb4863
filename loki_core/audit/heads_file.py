"""`heads.jsonl`: the signed heads, oldest first."""

from __future__ import annotations

import os
from itertools import takewhile

from loki_core.audit.file_lines import read_backwards
from loki_core.audit.heads import HEADS_NAME, Head, dump_head_line, parse_head_line
from loki_core.audit.signed_lines import append_signed_line, find_signature
from loki_core.disk.content import read_all
from loki_core.disk.directory import PrivateDirectory


class HeadsFile:
    """The heads beside the log; what was read is remembered until the file changes."""

    def __init__(self) -> None:
        self._newest: tuple[tuple[int, ...], Head | None] = ((), None)

    def find_newest(self, directory: PrivateDirectory) -> Head | None:
        """Return the newest head with its marks, or None; also one that another process has just appended.

        Raises:
            StorageError, OSError: the file cannot be read.
        """
        signature = find_signature(HEADS_NAME, directory.descriptor)
        known, newest = self._newest
        if signature != known:
            newest = self._read_newest(directory) if signature else None
            self._newest = signature, newest
        return newest

    def _read_newest(self, directory: PrivateDirectory) -> Head | None:
        opened = directory.open_file(HEADS_NAME)
        try:
            heads = (parse_head_line(line.data) for line in read_backwards(HEADS_NAME, opened))
            return next((head for head in heads if head is not None), None)
        finally:
            os.close(opened.descriptor)

    def append(self, directory: PrivateDirectory, head: Head) -> None:
        """Append a head durably; whoever calls holds the log's lock.

        Raises:
            StorageError, OSError: it was not written.
        """
        append_signed_line(directory, HEADS_NAME, dump_head_line(head))

    def find_number_up_to(self, directory: PrivateDirectory, count: int) -> int:
        """Return the number of the last of the oldest heads that cover no more than this many lines, or 0.

        Raises:
            StorageError, OSError: the file cannot be read.
        """
        heads = (head for head in map(parse_head_line, _read_lines(directory)) if head is not None)
        return max((head.number for head in takewhile(lambda head: head.count <= count, heads)), default=0)

    def remove_up_to(self, directory: PrivateDirectory, number: int) -> None:
        """Remove the oldest heads by replacing the file whole; whoever calls holds the log's lock.

        Args:
            directory: where the log is.
            number: of the last head that goes.

        Raises:
            StorageError, OSError: all heads are there still.
        """
        lines = _read_lines(directory)
        kept = next(
            (place for place, line in enumerate(lines) if (head := parse_head_line(line)) and head.number > number),
            len(lines),
        )
        if kept:
            os.close(directory.replace(HEADS_NAME, lines[kept:]))


def _read_lines(directory: PrivateDirectory) -> list[bytes]:
    try:
        opened = directory.open_file(HEADS_NAME)
    except FileNotFoundError:
        return []
    try:
        return read_all(opened.descriptor, opened.status.st_size).splitlines(keepends=True)
    finally:
        os.close(opened.descriptor)

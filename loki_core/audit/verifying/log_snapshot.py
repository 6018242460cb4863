"""The files of a log as they are at one moment, read without its lock while others may be writing, rotating or pruning.

What is written later than the moment is not read: sizes are taken first. The heads are taken before the lines, so no
head covers a line that is not there yet.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from loki_core.audit.day_files import list_day_files
from loki_core.audit.heads import HEADS_NAME
from loki_core.audit.pruning import PRUNED_NAME, Pruned, parse_pruned
from loki_core.audit.verifying.line_stream import CUT_TEXT, Piece
from loki_core.audit.verifying.log_line import LONGEST_LINE
from loki_core.disk.directory import OpenedFile, PrivateDirectory
from loki_core.errors import StorageError
from loki_core.frozen import dataclass

Tick = Callable[[int], None]
"""Is told of bytes that were read, and may raise to stop."""

_CHUNK = 1 << 16
_TOO_LONG = b"\xff"
"""Stands for a line that is too long to be an entry."""
_MOST_ATTEMPTS = 20
_LARGEST_PRUNED = 1 << 16


class Changed(Exception):
    """A file of the log is not there any more: it was pruned, or the log was put in another's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _DayFile:
    name: str
    inode: int
    size: int


class LogSnapshot:
    """One moment of a log's directory. Holds one file open; the others are opened when they are read."""

    def __init__(self, directory: PrivateDirectory) -> None:
        """Take the moment.

        Args:
            directory: where the log is.

        Raises:
            StorageError, OSError: it cannot be read, or changes all the time.
        """
        self._directory = directory
        self._heads = self._open_heads()
        try:
            self.pruned, self._files = self._settle()
        except BaseException:
            self.close()
            raise

    def _open_heads(self) -> OpenedFile | None:
        try:
            return self._directory.open_file(HEADS_NAME)
        except FileNotFoundError:
            return None

    def _settle(self) -> tuple[Pruned | None, tuple[_DayFile, ...]]:
        """Return what was pruned and which files there are, seen twice alike: in between nothing was pruned."""
        before = None
        for _ in range(_MOST_ATTEMPTS):
            seen = self._read_pruned(), self._list_files()
            if before is not None and (before[0], _name(before[1])) == (seen[0], _name(seen[1])):
                return seen
            before = seen
        raise StorageError("the audit log changes all the time", remedy="try again")

    def _read_pruned(self) -> Pruned | None:
        try:
            opened = self._directory.open_file(PRUNED_NAME)
        except FileNotFoundError:
            return None
        try:
            return parse_pruned(os.pread(opened.descriptor, _LARGEST_PRUNED, 0))
        finally:
            os.close(opened.descriptor)

    def _list_files(self) -> tuple[_DayFile, ...]:
        files = []
        for name in list_day_files(self._directory.names()):
            try:
                status = os.stat(name, dir_fd=self._directory.descriptor, follow_symlinks=False)
            except FileNotFoundError:
                continue
            files.append(_DayFile(name=name, inode=status.st_ino, size=status.st_size))
        return tuple(files)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the log's files, in their order."""
        return tuple(file.name for file in self._files)

    @property
    def size(self) -> int:
        """The bytes of the log and its heads."""
        heads = self._heads.status.st_size if self._heads is not None else 0
        return heads + sum(file.size for file in self._files)

    def close(self) -> None:
        """Let go of the open file."""
        if self._heads is not None:
            os.close(self._heads.descriptor)

    def read_heads(self, tick: Tick) -> Iterator[bytes]:
        """Yield the whole lines of `heads.jsonl`, "" for those that are too long.

        Raises:
            OSError: they cannot be read.
        """
        if self._heads is not None:
            for piece in read_pieces(HEADS_NAME, self._heads.descriptor, self._heads.status.st_size, tick):
                yield from piece.lines[:-1] if piece.is_torn else piece.lines

    def read_log(self, tick: Tick) -> Iterator[Piece]:
        """Yield the log from its first line to its last.

        Raises:
            Changed: a file is gone.
            StorageError, OSError: one cannot be read.
        """
        for file in self._files:
            opened = self._open(file)
            try:
                yield from read_pieces(file.name, opened.descriptor, file.size, tick)
            finally:
                os.close(opened.descriptor)

    def _open(self, file: _DayFile) -> OpenedFile:
        """Open a file also when it was renamed since, because it was full."""
        for name in [file.name, *list_day_files(self._directory.names())]:
            try:
                opened = self._directory.open_file(name)
            except FileNotFoundError:
                continue
            if opened.status.st_ino == file.inode:
                return opened
            os.close(opened.descriptor)
        raise Changed


def _name(files: tuple[_DayFile, ...]) -> list[tuple[str, int]]:
    return [(file.name, file.inode) for file in files]


def read_pieces(name: str, descriptor: int, size: int, tick: Tick) -> Iterator[Piece]:
    """Yield the lines of an open file, up to a size, with little of it in memory.

    Args:
        name: its base name.
        descriptor: the file.
        size: how many bytes to read.
        tick: is told of each chunk.

    Raises:
        OSError: it cannot be read.
    """
    offset, carry, number, is_skipping = 0, b"", 1, False
    while offset < size:
        chunk = os.pread(descriptor, min(_CHUNK, size - offset), offset)
        if not chunk:
            break  # somebody has cut it since
        tick(len(chunk))
        offset += len(chunk)
        data = carry + chunk
        lines = data.split(b"\n")
        carry = lines.pop()
        if lines and (is_skipping or len(lines[0]) > LONGEST_LINE):  # all others are shorter than a chunk
            lines[0], is_skipping = _TOO_LONG, False
        if len(carry) > LONGEST_LINE:
            carry, is_skipping = b"", True
        if lines:
            yield Piece(
                file=name,
                first=number,
                lines=lines,
                size=len(chunk),
                may_tell_of_cut=CUT_TEXT in data,
            )
            number += len(lines)
    if carry or is_skipping:
        yield Piece(file=name, first=number, lines=[_TOO_LONG if is_skipping else carry], size=len(carry), is_torn=True)

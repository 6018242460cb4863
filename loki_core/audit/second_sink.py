"""Where each head also goes, so that whoever can change the log and its keys cannot take back what was said of it."""

from __future__ import annotations

import os
import stat
from typing import Protocol

from loki_core.audit.file_lines import read_backwards
from loki_core.audit.heads import Head, parse_head_line
from loki_core.disk.content import write_all
from loki_core.disk.directory import FILE_MODE, OpenedFile
from loki_core.disk.durability import sync
from loki_core.errors import StorageError
from loki_core.interfaces import Finding

_GUARDED = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class SecondSink(Protocol):
    """Takes copies of heads."""

    def send(self, line: bytes) -> None:
        """Take a head without its marks and with the first public key: one JSON object, without a line end.

        Raises:
            StorageError, OSError: it was not taken.
        """

    def diagnose(self, newest: Head) -> tuple[Finding, ...]:
        """Return what is wrong with it, given the newest head of the log; never raises."""


class FileSink:
    """A file that heads are appended to, somewhere else: on another disk, append-only, or someone else's."""

    def __init__(self, path: str, log_path: str) -> None:
        """Prepare; nothing is opened.

        Args:
            path: the file. Its name may not be a link; it is made, with mode 0600, when it is missing.
            log_path: the directory of the log: root, working for its owner, writes to no file of anyone else.
        """
        self._path = path
        self._log_path = log_path

    def send(self, line: bytes) -> None:
        """Append a head and see it on the disk; see SecondSink.send."""
        descriptor = self._open()
        try:
            write_all(descriptor, line + b"\n")
            sync(descriptor)
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        parent = os.open(os.path.dirname(self._path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            name, flags = os.path.basename(self._path), os.O_WRONLY | os.O_APPEND | _GUARDED
            try:
                descriptor, is_new = os.open(name, flags, dir_fd=parent), False
            except FileNotFoundError:
                self._check_owner(os.fstat(parent))
                descriptor, is_new = os.open(name, flags | os.O_CREAT | os.O_EXCL, FILE_MODE, dir_fd=parent), True
        finally:
            os.close(parent)
        try:
            status = os.fstat(descriptor)
            if is_new:
                os.fchmod(descriptor, FILE_MODE)
                os.fchown(descriptor, *self._find_owner())
            elif not stat.S_ISREG(status.st_mode):
                raise StorageError(f"{self._path} is not a regular file", remedy="name a file")
            else:
                self._check_owner(status)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _find_owner(self) -> tuple[int, int]:
        if os.geteuid() != 0:
            return -1, -1
        status = os.stat(self._log_path)
        return status.st_uid, status.st_gid

    def _check_owner(self, status: os.stat_result) -> None:
        # The path may be one that the log's owner configured: root must not write for them where they could not.
        owner, _ = self._find_owner()
        if owner > 0 and (status.st_uid != owner or (stat.S_ISREG(status.st_mode) and status.st_nlink > 1)):
            raise StorageError(
                f"{self._path} does not belong to the owner of the log",
                code="foreign_owner",
                remedy=f"chown {owner} that file, or run as its owner",
            )

    def diagnose(self, newest: Head) -> tuple[Finding, ...]:
        """Return whether the newest head is missing in the file; see SecondSink.diagnose."""
        try:
            found = self._find_newest()
        except PermissionError:
            return ()  # one may be allowed to append and not to read
        except OSError as error:
            return (self._describe(f"cannot be read: {error.strerror}"),)
        if found is not None and found.number >= newest.number:
            return ()
        return (self._describe(f"is at head {found.number if found else 0}, the log is at {newest.number}"),)

    def _find_newest(self) -> Head | None:
        descriptor = os.open(self._path, os.O_RDONLY | _GUARDED)
        try:
            opened = OpenedFile(descriptor=descriptor, status=os.fstat(descriptor))
            heads = (parse_head_line(line.data) for line in read_backwards("", opened))
            return next((head for head in heads if head is not None), None)
        finally:
            os.close(descriptor)

    def _describe(self, what: str) -> Finding:
        return Finding(
            code="second_sink_behind",
            severity="warning",
            message=f"the second sink of the audit log, {self._path}, {what}",
            remedy="see whether it can be appended to (enterprise.audit.second_sink): the next head goes there",
        )

"""A private directory, reached by descriptor so that nobody can swap it, or a file in it, under us.

Checks are made with fstat on what is already open, never by looking first and opening then (CWE-367).
A directory or file is ours when it belongs to the user we run as; as root, to the directory's owner, who then also
gets the files that we make.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable

from loki_core.disk.content import write_all
from loki_core.disk.durability import sync
from loki_core.disk.ownership import DIRECTORY_MODE, is_writable_by_others, make_directories, open_directory
from loki_core.errors import StorageError
from loki_core.frozen import dataclass

FILE_MODE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file that passed the checks, still open: the caller closes `descriptor`."""

    descriptor: int
    status: os.stat_result


class PrivateDirectory:
    """One directory held open. Every method works on names inside it and follows no link."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self._status = os.fstat(descriptor)

    @classmethod
    def open(cls, path: str, *, create: bool = False, firm: int = 1) -> PrivateDirectory:
        """Open the directory and check whose it is.

        Args:
            path: the directory.
            create: make it (and its parents) with mode 0700 when it is missing, and tighten a looser mode.
            firm: how many of the last names in the path may not be links: of a directory in a private directory, two.

        Raises:
            FileNotFoundError: it does not exist and was not to be made.
            StorageError: it is not a directory of ours, or others can write to it.
            OSError: the system refused.
        """
        try:
            if create:
                make_directories(path, firm)
            descriptor = open_directory(path, firm)
        except OSError as error:
            if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
                raise
            links = [each for each in (path, os.path.dirname(path))[:firm] if os.path.islink(each)]
            what = f"{links[0]} is a symbolic link" if links else f"{path} is not a directory"
            raise StorageError(
                what, code="not_a_directory", remedy="move it away; a real directory is needed there"
            ) from None
        try:
            directory = cls(path, descriptor)
            directory._check_owner(create)
        except BaseException:
            os.close(descriptor)
            raise
        return directory

    def _check_owner(self, tighten: bool) -> None:
        status, mode, me = self._status, stat.S_IMODE(self._status.st_mode), os.geteuid()
        if status.st_uid != me and me != 0:
            raise StorageError(
                f"{self.path} belongs to another user (uid {status.st_uid})",
                code="foreign_owner",
                remedy=f"run as its owner, or: sudo chown -R {me} '{self.path}'",
            )
        if not tighten and is_writable_by_others(status):
            raise StorageError(
                f"others can write to {self.path} (mode {mode:04o})",
                code="writable_by_others",
                remedy=f"chmod 700 '{self.path}'",
            )
        if tighten and mode & 0o077:
            os.fchmod(self.descriptor, DIRECTORY_MODE)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self.descriptor)

    def __enter__(self) -> PrivateDirectory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open_file(self, name: str, flags: int = os.O_RDONLY, *, create: bool = False) -> OpenedFile:
        """Open a regular file of ours.

        Args:
            name: the file's name in this directory.
            flags: access mode and such as O_APPEND; what keeps links and pipes out is added.
            create: make it with mode 0600 when it is missing.

        Raises:
            FileNotFoundError: it does not exist and was not to be made.
            StorageError: it is a link, a pipe, a directory, someone else's, or others can write to it.
            OSError: the system refused.
        """
        guarded = flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        if create:
            guarded |= os.O_CREAT
        try:
            descriptor = os.open(name, guarded, FILE_MODE, dir_fd=self.descriptor)
        except OSError as error:
            raise self._explain_refusal(name, error) from None
        try:
            status = os.fstat(descriptor)
            self._check_file(name, status)
            if create:
                self._check_links(name, status)
            if create and status.st_size == 0:
                os.fchmod(descriptor, FILE_MODE)
                self.give_to_owner(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return OpenedFile(descriptor=descriptor, status=status)

    def _explain_refusal(self, name: str, error: OSError) -> OSError | StorageError:
        path = os.path.join(self.path, name)
        try:
            mode = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False).st_mode
        except OSError:
            return error
        for is_kind, kind in _KINDS:
            if is_kind(mode):
                return StorageError(
                    f"{path} is {kind}, not a regular file",
                    code="not_a_regular_file",
                    remedy="move it away and put the real file there",
                )
        return error

    def _check_file(self, name: str, status: os.stat_result) -> None:
        path = os.path.join(self.path, name)
        for is_kind, kind in _KINDS:
            if is_kind(status.st_mode):
                raise StorageError(
                    f"{path} is {kind}, not a regular file",
                    code="not_a_regular_file",
                    remedy="move it away and put the real file there",
                )
        if status.st_uid not in {os.geteuid(), self._status.st_uid}:
            raise StorageError(
                f"{path} belongs to another user (uid {status.st_uid})",
                code="foreign_owner",
                remedy=f"find out who put it there; if it is yours: sudo chown {self._status.st_uid} '{path}'",
            )
        if status.st_mode & 0o022:
            raise StorageError(
                f"others can write to {path} (mode {stat.S_IMODE(status.st_mode):04o})",
                code="writable_by_others",
                remedy=f"check its content, then: chmod 600 '{path}'",
            )

    def _check_links(self, name: str, status: os.stat_result) -> None:
        # Root works in someone's directory: a hard link there must not make us write to, or give away, root's files.
        if status.st_nlink > 1 and status.st_uid != self._status.st_uid:
            path = os.path.join(self.path, name)
            raise StorageError(
                f"{path} is another name of a file of uid {status.st_uid}",
                code="foreign_owner",
                remedy=f"find out who linked it there, then: rm '{path}'",
            )

    def give_to_owner(self, descriptor: int) -> None:
        """Give the file to the directory's owner when we are root working for someone."""
        if os.geteuid() == 0 and self._status.st_uid != 0:
            os.fchown(descriptor, self._status.st_uid, self._status.st_gid)

    def replace(
        self, name: str, chunks: list[bytes], *, previous: str = "", check: Callable[[], None] = lambda: None
    ) -> int:
        """Write the file whole: aside, synced, renamed over the old one, and the directory synced.

        After an error the old file stands, to the byte.

        Args:
            name: the file's name in this directory.
            chunks: its new content.
            previous: the name under which the old content is kept, or "" to keep none.
            check: is called right before the change and raises when it must not be made.

        Returns:
            A descriptor of the new file, open for reading alone (who keeps one open for writing keeps the system from
            making the disk read-only); the caller closes it.

        Raises:
            OSError: the system refused.
        """
        suffix = f".{os.getpid()}.{os.urandom(4).hex()}"
        aside, kept = f".{name}{suffix}.new", f".{name}{suffix}.old"
        descriptor, renamed = -1, False
        try:
            descriptor = self._write_aside(aside, chunks)
            has_old = self._link(name, kept)
            if has_old and previous:
                self._tighten(kept)
            check()
            os.rename(aside, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
            renamed = True
            sync(self.descriptor)
            if has_old and previous:
                # The kept copy is a convenience: the new file is already durable.
                with contextlib.suppress(OSError):
                    os.rename(kept, previous, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except BaseException:
            if descriptor >= 0:
                os.close(descriptor)
            with contextlib.suppress(OSError):
                if renamed:
                    # The rename may not be on the disk: an error must mean the state before.
                    self._put_back(kept, name)
                else:
                    os.unlink(aside, dir_fd=self.descriptor)
            raise
        finally:
            with contextlib.suppress(OSError):
                os.unlink(kept, dir_fd=self.descriptor)
        return descriptor

    def _write_aside(self, aside: str, chunks: list[bytes]) -> int:
        flags = os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(aside, flags | os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE, dir_fd=self.descriptor)
        try:
            os.fchmod(descriptor, FILE_MODE)  # the umask may have taken too much, an ACL given too much
            self.give_to_owner(descriptor)
            for chunk in chunks:
                write_all(descriptor, chunk)
            sync(descriptor)
            return os.open(aside, flags | os.O_RDONLY, dir_fd=self.descriptor)
        finally:
            os.close(descriptor)

    def _link(self, name: str, kept: str) -> bool:
        try:
            os.link(name, kept, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _tighten(self, name: str) -> None:
        """Make the old content private, which may have been open to others until now."""
        with contextlib.suppress(OSError, StorageError):
            opened = self.open_file(name)
            try:
                os.fchmod(opened.descriptor, FILE_MODE)
            finally:
                os.close(opened.descriptor)

    def _put_back(self, kept: str, name: str) -> None:
        try:
            os.rename(kept, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except FileNotFoundError:
            os.unlink(name, dir_fd=self.descriptor)

    def sweep(self, name: str) -> None:
        """Remove what interrupted replacements of this file left; only for who holds its lock."""
        for each in self.names():
            if each.startswith(f".{name}.") and each.endswith((".new", ".old")):
                with contextlib.suppress(OSError):
                    os.unlink(each, dir_fd=self.descriptor)

    def names(self) -> list[str]:
        """Return the names in this directory, sorted.

        Raises:
            OSError: the system refused.
        """
        return sorted(os.listdir(self.descriptor))


_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)

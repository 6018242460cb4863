"""A new file outside of our own directories: readable by its owner alone, whole or not there, never over another."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable

from loki_core.disk.content import write_all
from loki_core.disk.durability import sync
from loki_core.errors import InvalidInput, LokiError, Refused, StorageError
from loki_core.frozen import dataclass
from loki_core.text import safe_text
from loki_core.tokens.secret import holds_secret

_MODE = 0o600
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file that we wrote, told apart from whatever may later stand at its path."""

    path: str
    device: int
    inode: int


def write_new_file(path: str | os.PathLike[str], chunks: Iterable[bytes]) -> NewFile:
    """Write a new file that only its owner reads; a failure, also of what yields the content, leaves no file.

    Args:
        path: where to; `~` is the home directory. Nothing may be there yet, not even a dangling symlink.
        chunks: its content, asked for once the file is there.

    Raises:
        InvalidInput: `invalid_path`, the path is empty or cannot be one.
        Refused: `file_exists`, something is there already, or `no_directory`.
        StorageError: `file_not_written`, for the reason that the system gives.
    """
    target = os.path.expanduser(os.fspath(path)).strip()
    if not target or "\0" in target or holds_secret(target):
        raise InvalidInput(
            "that is no path for a file", code="invalid_path", remedy="name a new file in a directory of yours"
        )
    target = os.path.abspath(target)
    shown = safe_text(target)
    try:
        descriptor = os.open(target, _FLAGS, _MODE)
    except FileExistsError:
        raise Refused(
            f"{shown} exists already", code="file_exists", remedy="name a new file; nothing is overwritten"
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(
            f"the directory of {shown} does not exist",
            code="no_directory",
            remedy="make it first, or name another",
        ) from None
    except (OSError, UnicodeError) as error:
        raise _not_written(shown, error) from None
    written = None
    try:
        try:
            status = os.fstat(descriptor)
            written = NewFile(path=target, device=status.st_dev, inode=status.st_ino)
            os.fchmod(descriptor, _MODE)  # a umask such as 0777 takes our own bits away too
            for chunk in chunks:
                write_all(descriptor, chunk)
            sync(descriptor)
        finally:
            os.close(descriptor)
        _sync_directory(os.path.dirname(target))
    except BaseException as error:
        if written is not None:
            with contextlib.suppress(OSError):
                remove_new_file(written)
        if isinstance(error, OSError):
            raise _not_written(shown, error) from None
        raise
    return written


def remove_new_file(written: NewFile) -> bool:
    """Remove a file that `write_new_file` wrote, if it still is the one at its path; tell if it is gone.

    Raises:
        OSError: it is still ours and cannot be removed.
    """
    try:
        status = os.lstat(written.path)
    except FileNotFoundError:
        return True
    if not stat.S_ISREG(status.st_mode) or (status.st_dev, status.st_ino) != (written.device, written.inode):
        return False
    os.unlink(written.path)
    return True


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def _not_written(shown: str, error: Exception) -> LokiError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return StorageError(
        f"{shown} cannot be written: {reason}",
        code="file_not_written",
        remedy="name a file in a directory of yours, with room on its disk",
    )

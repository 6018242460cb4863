"""A file that was opened, checked and read: what was checked is what was read, because the descriptor is one.

Decisions:
    A symbolic link is followed for the user's own files, because people keep their dotfiles as links and
    secret volumes are made of them; owner and mode are those of what it points to, and a link in a directory
    where others can write is refused, because they could point it at any file of ours. In a project none is
    followed: a repository can carry links.
    A FIFO is refused without waiting for a writer (O_NONBLOCK), a device too, except the null device, which
    people name to say "no file".
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Collection
from pathlib import Path

from loki_core.errors import ConfigurationError
from loki_core.frozen import dataclass
from loki_core.text import safe_text

MAX_SIZE = 1024 * 1024
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeFile:
    """What a file holds, and which file it was.

    Attributes:
        path: as it was named.
        data: all of its bytes.
        identity: device and inode.
        mode: its permission bits.
        owner: its owner's number.
    """

    path: Path
    data: bytes
    identity: tuple[int, int]
    mode: int
    owner: int


def find_file(
    path: Path, label: str, *, owners: Collection[int] = (), follows_links: bool = True, limit: int = MAX_SIZE
) -> SafeFile | None:
    """Return the file's bytes, or None when there is no such file.

    Args:
        path: an absolute path.
        label: the file as it is named in errors.
        owners: whose file it may be, besides the current user's and root's.
        follows_links: whether the file may be a symbolic link.
        limit: how many bytes it may have.

    Raises:
        ConfigurationError: it is not a regular file, belongs to someone else, can be written by others, is
            too big or cannot be read.
    """
    try:
        descriptor = _open(path, label, follows_links)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such name is possible"
        raise ConfigurationError(
            f"{label}: cannot be opened: {reason}", remedy="make it readable for you, or remove it"
        ) from None
    try:
        found = os.fstat(descriptor)
        if is_null_device(found):
            return SafeFile(path=path, data=b"", identity=(0, 0), mode=0, owner=0)
        check_status(found, path, label, owners=owners)
        data = _read(descriptor, limit + 1)
    except OSError as error:
        raise ConfigurationError(
            f"{label}: cannot be read: {error.strerror}", remedy="make it readable for you, or remove it"
        ) from None
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise ConfigurationError(f"{label}: larger than {limit} bytes", remedy="it cannot be the right file")
    return SafeFile(
        path=path,
        data=data,
        identity=(found.st_dev, found.st_ino),
        mode=stat.S_IMODE(found.st_mode),
        owner=found.st_uid,
    )


def _open(path: Path, label: str, follows_links: bool) -> int:
    try:
        return os.open(path, _FLAGS | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
    if not follows_links:
        raise ConfigurationError(
            f"{label}: a symbolic link, which a project's file must not be",
            remedy="replace it by the file it points to, or name that one in LOKI_CONFIG",
        )
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = os.fstat(directory)
        # root's own directories (secret volumes are 0777 and mounted read-only) are root's responsibility
        if found.st_uid != 0 and (found.st_uid != os.geteuid() or is_writable_by_others(found)):
            raise ConfigurationError(
                f"{label}: a symbolic link in a directory where others can write",
                remedy=f"chmod go-w {quote_path(path.parent)}",
            )
        return os.open(path.name, _FLAGS, dir_fd=directory)
    except FileNotFoundError:
        raise ConfigurationError(
            f"{label}: a symbolic link to a file that does not exist", remedy="correct or remove the link"
        ) from None
    finally:
        os.close(directory)


def _read(descriptor: int, limit: int) -> bytes:
    parts, left = [], limit
    while left and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def check_status(found: os.stat_result, path: Path, label: str, *, owners: Collection[int] = ()) -> None:
    """Refuse what is not a plain file of ours that only we can write.

    Raises:
        ConfigurationError: with the command that mends it.
    """
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(f"{label}: not a regular file", remedy="move it away")
    me = os.geteuid()
    if found.st_uid not in {0, me, *owners}:
        raise ConfigurationError(
            f"{label}: belongs to {_get_login(found.st_uid)}, not to you",
            remedy=f"if you trust what it says: chown {_get_login(me)} {quote_path(path)}",
        )
    if is_writable_by_others(found):
        raise ConfigurationError(f"{label}: others can write it", remedy=f"chmod go-w {quote_path(path)}")


def is_writable_by_others(found: os.stat_result) -> bool:
    """Tell whether someone else than the owner can write; the owner's own primary group does not count."""
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and found.st_gid != _find_primary_group(found.st_uid)


def is_null_device(found: os.stat_result) -> bool:
    """Tell whether it is the null device."""
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == os.stat(os.devnull).st_rdev


def quote_path(path: Path) -> str:
    """Return the path as a shell takes it, on one printable line."""
    return safe_text(shlex.quote(str(path)))


def _find_primary_group(user: int) -> int | None:
    import pwd

    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:  # a container may run as a number that has no entry
        return os.getegid() if user == os.geteuid() else None


def _get_login(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)

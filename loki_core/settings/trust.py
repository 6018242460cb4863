"""Which project files the user trusts: path and SHA-256 of each, as direnv keeps them, in `trusted.json`.

A cloned repository can bring its own configuration. Until the user has said yes to exactly these bytes at
exactly this path, what it says counts only where it is stricter.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from loki_core.errors import ConfigurationError
from loki_core.settings.places import Places
from loki_core.settings.safefile import SafeFile, find_file

FILE_NAME = "trusted.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedFile:
    """A file that the user said yes to.

    Attributes:
        path: its real path.
        sha256: of its bytes, in hex.
    """

    path: Path
    sha256: str


def identify(file: SafeFile) -> TrustedFile:
    """Return path and digest of a file as it was read.

    The directory is resolved, the rest is not: a link to a file trusted elsewhere is not that file.
    """
    real = Path(os.path.realpath(file.path.parent.parent)) / file.path.parent.name / file.path.name
    return TrustedFile(path=real, sha256=hashlib.sha256(file.data).hexdigest())


def load_trusted(places: Places, owners: tuple[int, ...] = ()) -> dict[str, str]:
    """Return the digests of trusted files by path.

    Raises:
        ConfigurationError: the record cannot be believed: foreign, writable by others, or not what we write.
    """
    path = places.home / FILE_NAME
    label = places.get_label(path)
    file = find_file(path, label, owners=owners, follows_links=False)
    if file is None:
        return {}
    try:
        document = json.loads(file.data)
        files = document["files"]
        if not all(isinstance(name, str) and isinstance(digest, str) for name, digest in files.items()):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigurationError(
            f"{label}: damaged", remedy="remove it, and trust your projects anew"
        ) from None
    return dict(files)


def remember(places: Places, trusted: TrustedFile, owners: tuple[int, ...] = ()) -> None:
    """Add a file to the trusted ones, in place of an older state of it.

    Raises:
        ConfigurationError: the record cannot be believed.
        OSError: it cannot be written.
    """
    with _open_home(places.home) as directory:
        files = {**load_trusted(places, owners), str(trusted.path): trusted.sha256}
        _replace(directory, files)


def forget(places: Places, path: Path, owners: tuple[int, ...] = ()) -> bool:
    """Take a file out of the trusted ones; return whether it was among them.

    Raises:
        ConfigurationError: the record cannot be believed.
        OSError: it cannot be written.
    """
    if str(path) not in load_trusted(places, owners):
        return False
    with _open_home(places.home) as directory:
        files = load_trusted(places, owners)
        files.pop(str(path), None)
        _replace(directory, files)
    return True


@contextmanager
def _open_home(home: Path) -> Iterator[int]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a network file system may not lock directories; two trusts at once are rare
            fcntl.flock(directory, fcntl.LOCK_EX)
        yield directory
    finally:
        os.close(directory)


def _replace(directory: int, files: Mapping[str, str]) -> None:
    data = json.dumps({"version": 1, "files": dict(sorted(files.items()))}, indent=1).encode() + b"\n"
    aside = f".{FILE_NAME}.{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(aside, flags, 0o600, dir_fd=directory)
    try:
        try:
            os.fchmod(descriptor, 0o600)
            owner = os.fstat(directory)
            if (
                os.geteuid() == 0 and owner.st_uid != 0
            ):  # as root on someone's home: theirs, like all files there
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(aside, FILE_NAME, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        with suppress(OSError):
            os.unlink(aside, dir_fd=directory)
        raise
    os.fsync(directory)

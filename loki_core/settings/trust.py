"""Which project files the user trusts: path and SHA-256 of each, as direnv keeps them, in `trusted.json`.

A cloned repository can bring its own configuration. Until the user has said yes to exactly these bytes at
exactly this path, what it says counts only where it is stricter.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.lock import hold_lock
from loki_core.errors import ConfigurationError, StorageError
from loki_core.frozen import dataclass
from loki_core.settings.places import Places, find_places
from loki_core.settings.safefile import SafeFile, find_file
from loki_core.settings.sources import find_home_file, find_project_file, list_store_owners, read_project

FILE_NAME = "trusted.json"
LOCK_NAME = ".trusted.lock"


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
    return TrustedFile(path=_resolve(file.path), sha256=hashlib.sha256(file.data).hexdigest())


def _resolve(path: Path) -> Path:
    return Path(os.path.realpath(path.parent.parent)) / path.parent.name / path.name


def load_trusted(places: Places) -> dict[str, str]:
    """Return the digests of trusted files by path.

    Raises:
        ConfigurationError: the record cannot be believed: foreign, writable by others, or not what we write.
    """
    path = places.home / FILE_NAME
    label = places.get_label(path)
    file = find_file(path, label, owners=list_store_owners(places), follows_links=False)
    if file is None:
        return {}
    try:
        document = json.loads(file.data)
        files = document["files"]
        if not all(isinstance(name, str) and isinstance(digest, str) for name, digest in files.items()):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigurationError(f"{label}: damaged", remedy="remove it, and trust your projects anew") from None
    return dict(files)


def find_distrust(file: SafeFile, places: Places) -> str | None:
    """Return why a project's file is not trusted, or None when it is.

    Raises:
        ConfigurationError: the record of trusted files cannot be believed.
    """
    identity = identify(file)
    digest = load_trusted(places).get(str(identity.path))
    if digest == identity.sha256:
        return None
    return "not trusted" if digest is None else "changed since it was trusted"


def _remember(places: Places, trusted: TrustedFile) -> None:
    with _open_home(places.home) as directory:
        files = {**load_trusted(places), str(trusted.path): trusted.sha256}
        _replace(directory, files)


def _forget(places: Places, path: Path) -> bool:
    if str(path) not in load_trusted(places):
        return False
    with _open_home(places.home) as directory:
        files = load_trusted(places)
        files.pop(str(path), None)
        _replace(directory, files)
    return True


def trust_project(
    environ: Mapping[str, str], directory: Path, *, user_home: Path | None = None, sha256: str = ""
) -> TrustedFile:
    """Trust the file that a project brings, as it is now.

    Args:
        environ: the environment, such as `os.environ`.
        directory: the project's directory, which holds `.loki/config.yaml`.
        user_home: the user's home directory; by default `HOME`.
        sha256: the digest of what the user was shown; what has changed since then is not trusted.

    Raises:
        ConfigurationError: there is no such file, it is not safe, breaks a rule or holds a secret.
        StorageError: the record of trusted files cannot be written.
    """
    places = find_places(environ, directory, user_home)
    trusted = identify(_get_project_file(places))
    if sha256 and sha256 != trusted.sha256:
        raise ConfigurationError(
            f"{places.get_label(places.project_file)}: changed while you were looking at it",
            remedy="look at it again",
        )
    try:
        _remember(places, trusted)
    except OSError as error:
        raise _refuse_writing(places, error) from None
    return trusted


def forget_project(environ: Mapping[str, str], directory: Path, *, user_home: Path | None = None) -> bool:
    """Trust a project's file no longer; return whether it was trusted.

    Raises:
        ConfigurationError: the record of trusted files cannot be believed.
        StorageError: the record cannot be written.
    """
    places = find_places(environ, directory, user_home)
    try:
        return _forget(places, _resolve(places.project_file))
    except OSError as error:
        raise _refuse_writing(places, error) from None


def _get_project_file(places: Places) -> SafeFile:
    file = find_project_file(places, find_home_file(places))
    if file is None:
        raise ConfigurationError(
            f"{places.get_label(places.project_file)}: there is no such file, or it is your own",
            remedy="trust from the directory of a project that has one",
        )
    read_project(file, places)
    return file


def _refuse_writing(places: Places, error: OSError) -> StorageError:
    return StorageError(
        f"{places.get_label(places.home / FILE_NAME)}: cannot be written: {error.strerror}",
        remedy=f"make {places.get_label(places.home)} a directory that you can write",
    )


@contextmanager
def _open_home(home: Path) -> Iterator[PrivateDirectory]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with PrivateDirectory.open(os.path.realpath(home)) as directory, hold_lock(directory, LOCK_NAME):
        yield directory


def _replace(directory: PrivateDirectory, files: Mapping[str, str]) -> None:
    data = json.dumps({"version": 1, "files": dict(sorted(files.items()))}, indent=1).encode() + b"\n"
    os.close(directory.replace(FILE_NAME, [data]))

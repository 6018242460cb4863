"""The configuration files that count: the one that is named, the user's own, and the project's."""

from __future__ import annotations

import os
from collections.abc import Mapping

from loki_core.errors import ConfigurationError
from loki_core.settings.keys import KEYS
from loki_core.settings.places import Places
from loki_core.settings.reader import Found, read_file
from loki_core.settings.safefile import SafeFile, find_file, quote_path


def get_named_file(places: Places) -> SafeFile:
    """Return the file that `LOKI_CONFIG` names.

    Raises:
        ConfigurationError: it does not exist, is not safe or cannot be read.
    """
    assert places.named is not None  # noqa: S101 - the caller looked
    label = places.get_label(places.named)
    file = find_file(places.named, label)
    if file is None:
        raise ConfigurationError(
            f"LOKI_CONFIG names {label}, which does not exist", remedy="correct or unset LOKI_CONFIG"
        )
    return file


def find_home_file(places: Places) -> SafeFile | None:
    """Return the user's file, or None when there is none.

    Raises:
        ConfigurationError: it is not safe or cannot be read.
    """
    path = places.home_file
    return find_file(path, places.get_label(path), owners=list_store_owners(places))


def find_project_file(places: Places, own: SafeFile | None = None) -> SafeFile | None:
    """Return the project's file, or None when there is none, or when it is the user's own file.

    Raises:
        ConfigurationError: it is a link, is not safe or cannot be read.
    """
    path = places.project_file
    try:
        if os.path.samefile(path.parent, places.home):
            return None
    except (OSError, ValueError):
        pass
    file = find_file(path, places.get_label(path), follows_links=False)
    return None if file is None or (own is not None and file.identity == own.identity) else file


def list_store_owners(places: Places) -> tuple[int, ...]:
    """Return, as root, the owner of the home directory, whose files are taken too; else nobody."""
    if os.geteuid() != 0:
        return ()
    try:
        return (os.stat(places.home).st_uid,)
    except (OSError, ValueError):
        return ()


def read_own(file: SafeFile, places: Places) -> dict[str, Found]:
    """Return what the user's own file says.

    Raises:
        ConfigurationError: it breaks a rule, or everyone can read the secret in it.
    """
    label = places.get_label(file.path)
    found = read_file(file, label, places.user_home)
    for origin in _list_secrets(found):
        if file.mode & 0o004:
            raise ConfigurationError(
                f"{origin}: holds a secret, and others can read it", remedy=f"chmod 600 {quote_path(file.path)}"
            )
    return found


def read_project(file: SafeFile, places: Places) -> dict[str, Found]:
    """Return what a project's file says.

    Raises:
        ConfigurationError: it breaks a rule, or holds a secret, trusted or not: a repository is shared.
    """
    label = places.get_label(file.path)
    found = read_file(file, label, places.user_home)
    for origin in _list_secrets(found):
        raise ConfigurationError(
            f"{origin}: a secret must not stand in a project's file",
            remedy=f"renew it, and put it into {places.get_label(places.home_file)} or into a file of its own",
        )
    return found


def _list_secrets(found: Mapping[str, Found]) -> list[str]:
    names = [key.name for key in KEYS if key.is_refused_in_projects and key.name in found]
    return [f"{found[name].origin}: {name}" for name in names if found[name].value is not None]

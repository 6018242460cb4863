"""What is remarkable about the store's files, for a person to read. Looks, and changes nothing."""

from __future__ import annotations

import os
import stat

from loki_core.disk.directory import PrivateDirectory
from loki_core.interfaces import Finding


def describe_file(path: str, name: str, previous_name: str) -> tuple[Finding, ...]:
    """Return the findings about a store that can be read.

    Args:
        path: the directory.
        name: the store's file.
        previous_name: the file of the previous copy.
    """
    file = os.path.join(path, name)
    try:
        with PrivateDirectory.open(path) as directory:
            names = directory.names()
            status = os.stat(name, dir_fd=directory.descriptor, follow_symlinks=False)
            loose = stat.S_IMODE(os.fstat(directory.descriptor).st_mode) & 0o077
    except FileNotFoundError:
        backup = os.path.join(path, previous_name)
        if os.path.lexists(backup):
            remedy = f"if that was not you: cp '{backup}' '{file}'"
            message = f"{file} is gone, but its previous copy is there"
            return (Finding(code="store_gone", severity="error", message=message, remedy=remedy),)
        return (Finding(code="store_missing", severity="info", message=f"{file} does not exist yet"),)
    except OSError as error:
        return (Finding(code="storage_failed", severity="error", message=f"{path}: {error.strerror}"),)
    found = []
    if loose:
        message = f"{path} can be entered by others"
        found.append(Finding(code="mode_loose", severity="warning", message=message, remedy=f"chmod 700 '{path}'"))
    if status.st_mode & 0o077:
        message = f"{file} can be read by others (mode {stat.S_IMODE(status.st_mode):04o})"
        found.append(Finding(code="mode_loose", severity="warning", message=message, remedy=f"chmod 600 '{file}'"))
    if status.st_nlink > 1:
        message = f"{file} has {status.st_nlink} hard links: another name shows its content"
        remedy = f"find it: find / -xdev -samefile '{file}'"
        found.append(Finding(code="hard_link", severity="warning", message=message, remedy=remedy))
    leftovers = [each for each in names if each.startswith(f".{name}.") and each.endswith((".new", ".old"))]
    if leftovers:
        message = f"{len(leftovers)} unfinished files of interrupted writes in {path}"
        remedy = f"remove them: rm '{path}'/.{name}.*"
        found.append(Finding(code="leftovers", severity="info", message=message, remedy=remedy))
    return tuple(found) or (Finding(code="store_files", severity="ok", message=f"{file} is private and whole"),)

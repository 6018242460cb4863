"""Whose a file or directory is, and who else can write to it."""

from __future__ import annotations

import os
import stat

DIRECTORY_MODE = 0o700


def is_writable_by_others(status: os.stat_result) -> bool:
    """Tell whether someone else than the owner can write.

    The owner's private group does not count: the umask 002 of many systems is made for it (pam_umask, usergroups: the
    primary group bears the user's name), and Loki Mode makes its directory under it with mode 0775.
    """
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _is_private_group(status.st_gid, status.st_uid)


def _is_private_group(group: int, user: int) -> bool:
    import grp  # only a loose mode makes anyone ask
    import pwd

    try:
        owner, found = pwd.getpwuid(user), grp.getgrgid(group)
    except KeyError:
        return False
    return owner.pw_gid == group and owner.pw_name == found.gr_name and set(found.gr_mem) <= {owner.pw_name}


def open_directory(path: str, firm: int) -> int:
    """Return a descriptor of a directory.

    Args:
        path: where it is.
        firm: how many of the last names in the path may not be links.

    Raises:
        OSError: the system refused; ENOTDIR or ELOOP when one of those names is a link.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    if firm <= 1:
        return os.open(path, flags | (os.O_NOFOLLOW if firm else 0))
    parent, name = os.path.split(path)
    above = open_directory(parent, firm - 1)
    try:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=above)
    finally:
        os.close(above)


def make_directories(path: str, firm: int = 1) -> None:
    """Make a directory and its parents with mode 0700; made by root, they belong to the owner of what they are in.

    Args:
        path: where it is to be.
        firm: how many of the last names in the path may not be links.

    Raises:
        OSError: the system refused.
    """
    parent, name = os.path.split(path)
    if not os.path.lexists(parent):
        make_directories(parent, max(firm - 1, 0))
    above = open_directory(parent, max(firm - 1, 0))
    try:
        os.mkdir(name, DIRECTORY_MODE, dir_fd=above)
        owner = os.fstat(above)
        if os.geteuid() == 0 and owner.st_uid != 0:
            # By descriptor: that owner could put another name of a file of root's in its place meanwhile.
            descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
            try:
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            finally:
                os.close(descriptor)
    except FileExistsError:
        return
    finally:
        os.close(above)

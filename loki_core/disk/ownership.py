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


def make_directories(path: str) -> None:
    """Make a directory and its parents with mode 0700; made by root, they belong to the owner of what they are in.

    Raises:
        OSError: the system refused.
    """
    parent = os.path.dirname(path)
    if parent and parent != path and not os.path.lexists(parent):
        make_directories(parent)
    try:
        os.mkdir(path, DIRECTORY_MODE)
    except FileExistsError:
        return
    if os.geteuid() == 0:
        above = os.stat(parent)
        if above.st_uid != 0:
            # By descriptor: that owner could put another name of a file of root's in its place meanwhile.
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.fchown(descriptor, above.st_uid, above.st_gid)
            finally:
                os.close(descriptor)

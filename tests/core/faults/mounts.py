"""File systems that are really full or really read-only, seen by one scenario alone and gone when it ends."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

_CLONE_NEWNS = 0x20000
_DEADLINE = 30.0
"""Seconds until a wait gives up: a bound against hanging, no measure of anything."""


def require_mounts() -> None:
    """Skip the test where file systems cannot be mounted."""
    if sys.platform != "linux":
        pytest.skip("mount namespaces are Linux's")
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None or subprocess.run([unshare, "-m", "true"], check=False).returncode:
        pytest.skip("mounting needs root and CAP_SYS_ADMIN, which this system does not give")


def begin_private_mounts() -> None:
    """Leave the system's mount namespace: what this process and its children mount, nobody else sees."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def mount_tmpfs(place: Path, kilobytes: int) -> None:
    """Mount a file system of that size."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = f"size={kilobytes}k,mode=0700,nr_inodes=2000"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)


def remount(place: Path, mode: str) -> None:
    """Make a mounted file system read-only (`ro`) or writable (`rw`).

    It is busy for as long as a thread signs the log, or keeps its file open because more may come at once.
    """
    limit = time.monotonic() + _DEADLINE
    while (done := subprocess.run(["mount", "-o", f"remount,{mode}", str(place)], check=False)).returncode:
        assert time.monotonic() < limit, f"mount ended with {done.returncode} for {_DEADLINE:.0f} s"
        time.sleep(0.05)


def fill(place: Path, *, pages_left: int = 0) -> Path:
    """Fill a file system up to a number of pages, and return the file that fills it."""
    page = os.sysconf("SC_PAGE_SIZE")
    filler = place / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(page)) == page:
                pass
        except OSError:
            pass
        stream.truncate(max(0, os.fstat(stream.fileno()).st_size // page - pages_left) * page)
    return filler

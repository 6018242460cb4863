"""Telling whether a process that was started earlier, perhaps by another one of ours, is still the same one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

_POLL = 0.05


def find_start(pid: int) -> str:
    """Return what tells a process from a later one with its number, or "" when it has ended.

    On Linux the start in clock ticks since boot (proc(5)), elsewhere what ps(1) says of it.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return "" if fields[0] in {b"Z", b"X"} else fields[19].decode("ascii")
    except (FileNotFoundError, ProcessLookupError, IndexError):
        if os.path.isdir("/proc/self"):
            return ""
    except OSError:
        return ""
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5)  # noqa: S603 - numbers only
    state, _, start = told.stdout.strip().partition(" ")
    return "" if told.returncode or state.startswith("Z") else start.strip()


def end_group(group: int, *, grace: float) -> bool:
    """End a process group: SIGTERM, then SIGKILL for what is left after the grace; tell whether it had to be killed.

    Args:
        group: its number.
        grace: seconds to end in order.
    """
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return number == signal.SIGKILL
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _has_members(group):
                return number == signal.SIGKILL
            time.sleep(_POLL)
    return True


def _has_members(group: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
    return True

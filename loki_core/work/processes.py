"""Telling whether a process that was started earlier, perhaps by another one of ours, is still the same one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator

_POLL = 0.05


def find_start(pid: int) -> str:
    """Return what tells a process from a later one with its number, or "" when it has ended.

    On Linux the start in clock ticks since boot (proc(5)), elsewhere what ps(1) says of it.
    """
    if os.path.isdir("/proc/self"):
        fields = _read_stat(pid)
        return fields[19].decode("ascii") if len(fields) > 19 and fields[0] not in {b"Z", b"X"} else ""
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
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # What has ended and nobody has waited for yet is counted by killpg(2), too.
    states = list(_list_states(group))
    return not states or any(state not in {b"Z", b"X"} for state in states)


def _list_states(group: int) -> Iterator[bytes]:
    """Yield the states of a group's processes, where the system has such a list (proc(5))."""
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                fields = _read_stat(int(name))
                if len(fields) > 2 and fields[2] == str(group).encode("ascii"):
                    yield fields[0]


def _read_stat(pid: int) -> list[bytes]:
    """Return the fields of a process behind its name: state, parent, group, …; none when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []

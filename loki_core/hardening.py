"""Keeping the secrets of this process in it: no core dump, no debugger of the same user."""

from __future__ import annotations

import contextlib
import sys

_PR_SET_DUMPABLE = 4


def harden_process() -> None:
    """Turn off core dumps and, on Linux, reading this process's memory and environment from another of its user.

    A core file or `/proc/PID/mem` would hold every secret that was shown or verified. What a system refuses is
    left as it is: nothing here is a reason not to work. Children inherit the limit but can be debugged again.
    """
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return
    try:
        import ctypes

        # A piped core_pattern (systemd-coredump, apport) ignores the limit but honours this.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return

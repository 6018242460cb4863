"""Leaving the process with the status that was meant, even when the terminal is gone."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def leave(status: int) -> NoReturn:
    """End the program.

    Python flushes stdout and stderr at its end and turns a failure into status 120; a terminal that is gone would
    hide that the end was a hang-up.

    Args:
        status: the exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            for descriptor in (1, 2):
                os.dup2(null, descriptor)
            os.close(null)
            break
    raise SystemExit(status)

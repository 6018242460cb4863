"""Python code in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence

DEADLINE = 60.0
"""Seconds after which a process that hangs is ended; far more than any of them takes."""


def run_process(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: str = "",
    deadline: float = DEADLINE,
    cwd: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal to its end and return status, stdout and stderr as text.

    It works in its home, unless `cwd` says where.

    Raises:
        subprocess.TimeoutExpired: it took longer than `deadline` seconds and was killed.
    """
    return subprocess.run(
        list(argv),
        env=dict(env),
        input=stdin,
        cwd=env["HOME"] if cwd is None else cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=deadline,
        start_new_session=True,
    )


def run_python(
    code: str,
    *arguments: str,
    env: Mapping[str, str],
    stdin: str = "",
    deadline: float = DEADLINE,
    cwd: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Python code (indented as in the test) in a fresh interpreter."""
    argv = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return run_process(argv, env=env, stdin=stdin, deadline=deadline, cwd=cwd)

"""Asking the tmux that this process runs in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence

_DEADLINE = 5.0


class TmuxUnavailableError(Exception):
    """tmux is not there, is too old, or does not answer; the text is a few words."""


def run_tmux(arguments: Sequence[str], *, environ: Mapping[str, str], stdin: str = "") -> str:
    """Run a tmux command on the server that the environment's TMUX names and return its output.

    Args:
        arguments: the command; no secrets, they would be in the process list.
        environ: the environment; what names a variable of ours is not handed on.
        stdin: what the command reads; secrets go here.

    Raises:
        TmuxUnavailableError: it could not be run, refused, or took longer than five seconds.
    """
    program = shutil.which("tmux", path=environ.get("PATH"))
    if program is None:
        raise TmuxUnavailableError("tmux is not on PATH")
    try:
        done = subprocess.run(  # noqa: S603 no shell; the arguments are ours
            [program, *arguments],
            env={name: value for name, value in environ.items() if not name.startswith("LOKI_")},
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_DEADLINE,
        )
    except subprocess.TimeoutExpired:
        # The exception is not chained: it holds what was given to the command.
        raise TmuxUnavailableError("tmux does not answer") from None
    except OSError as problem:
        raise TmuxUnavailableError(f"tmux does not start: {problem.strerror}") from None
    if done.returncode != 0:
        # Older than 3.2 it has no `load-buffer -w` and prints its usage. Its words could quote what it was given.
        raise TmuxUnavailableError("tmux refused, it may be older than 3.2")
    return done.stdout

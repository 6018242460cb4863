"""Passing subcommands on to another `loki` on PATH, Loki Mode's own, when ours shares its name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

_OURS = b"loki_core.cli.main"
_PASSES = "_LOKI_PASSES"
_MOST_PASSES = 8


def pass_on(program: str, arguments: Sequence[str]) -> None:
    """Become the other `loki`, with the same arguments; return when there is none, or it cannot be started.

    Args:
        program: the file that we were started as.
        arguments: what to pass.
    """
    try:
        # A wrapper script around ours may itself be called loki: it would pass to us what we passed to it, for ever.
        passes = int(os.environ.get(_PASSES, "0"))
    except ValueError:
        passes = 0
    if passes >= _MOST_PASSES:
        return
    for path in find_others(program, os.environ.get("PATH", os.defpath)):
        os.environ[_PASSES] = str(passes + 1)
        try:
            os.execv(path, [path, *arguments])  # noqa: S606 - no shell is meant
        except OSError:
            continue
    os.environ.pop(_PASSES, None)


def find_others(program: str, search: str) -> Iterator[str]:
    """Yield every executable `loki` on a search path that is not this program.

    Args:
        program: the file that we were started as.
        search: directories, as in PATH.
    """
    for directory in search.split(os.pathsep):
        path = os.path.join(directory or os.curdir, "loki")
        if os.path.isfile(path) and os.access(path, os.X_OK) and not _is_ours(path, program):
            yield path


def _is_ours(path: str, program: str) -> bool:
    if os.path.realpath(path) == os.path.realpath(program):
        return True
    try:
        with open(path, "rb") as file:  # another installation of ours: pip, pipx and uv write the entry point's name
            return _OURS in file.read(4096)
    except OSError:
        return False

"""Whether what is shown is being recorded or watched, as far as that can be known.

A recording by the terminal itself, by GNU screen (`screen -L`) or by sudo cannot be seen from here, so "nothing
found" never means "nothing records".
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from loki_tui.terminal.tmux_command import TmuxUnavailableError, run_tmux

_VARIABLES = {
    "SCRIPT": "script",
    "ASCIINEMA_REC": "asciinema",
    "ASCIINEMA_SESSION": "asciinema",
    "TERMTOSVG_REC": "termtosvg",
    "TLOG_REC_SESSION_ID": "tlog",
    "TTYREC": "ttyrec",
}
_RECORDERS = ("script", "scriptlive", "asciinema", "ttyrec", "tlog-rec", "tlog-rec-sessio", "termrec", "termtosvg")
"""Names as the kernel keeps them: 15 characters at most."""

_MAX_ANCESTORS = 64


def judge_recordings(environ: Mapping[str, str], ancestors: Sequence[str], pane: str | None) -> tuple[str, ...]:
    """Return what records or watches, one short line each. Pure.

    Args:
        environ: the environment.
        ancestors: the names of the processes that this one descends from.
        pane: what tmux says of the pane, `PIPE CLIENTS`; "" when it does not answer, None outside tmux.
    """
    warnings = []
    if pane is not None:
        match = re.fullmatch(r"([01]) (\d+)", pane.strip())
        if match is None:
            warnings.append("tmux does not say whether it records this pane")
        else:
            if match[1] == "1":
                warnings.append("tmux pipe-pane records this pane")
            if int(match[2]) > 1:
                warnings.append(f"{match[2]} terminals show this tmux session")
    recorders = {name for variable, name in _VARIABLES.items() if environ.get(variable)}
    recorders |= {name for name in ancestors if name in _RECORDERS}
    warnings += [f"{name} records this terminal" for name in sorted(recorders)]
    return tuple(warnings)


def find_recordings(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Look, and return what records or watches, one short line each; asks tmux when inside one.

    Args:
        environ: the environment, or None for this process's.
    """
    environ = os.environ if environ is None else environ
    pane: str | None = None
    if environ.get("TMUX"):
        target = ["-t", environ["TMUX_PANE"]] if environ.get("TMUX_PANE") else []
        form = "#{pane_pipe} #{session_attached}"
        try:
            pane = run_tmux(["display-message", "-p", *target, form], environ=environ)
        except TmuxUnavailableError:
            pane = ""
    return judge_recordings(environ, list_ancestors(), pane)


def list_ancestors() -> tuple[str, ...]:
    """Return the names of the processes that this one descends from, nearest first; () where /proc is missing."""
    names: list[str] = []
    pid = os.getppid()
    while pid > 1 and len(names) < _MAX_ANCESTORS:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            break
        match = re.match(r"\d+ \((.*)\) \S (\d+)", stat, re.DOTALL)
        if match is None:
            break
        names.append(match[1])
        pid = int(match[2])
    return tuple(names)

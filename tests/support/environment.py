"""The environment of a person who never used the program: an empty home and nothing inherited."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_KEPT = ("PATH", "TMPDIR", "SSL_CERT_FILE")


def build_environ(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment with only PATH kept, `home` as HOME, a plain xterm and a UTF-8 locale.

    Args:
        home: created when missing.
        extra: variables that are added or win.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environ.update(
        HOME=str(home),
        TERM="xterm-256color",
        LANG="C.UTF-8",
        USER="alice",
        LOGNAME="alice",
        SHELL="/bin/sh",
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONPATH=str(Path(__file__).parents[2]),
    )
    environ.update(extra or {})
    return environ

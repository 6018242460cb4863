"""Who is at the keyboard: on a local store, whoever the operating system says.

Whoever owns the file holds everything, so the actor of a local store is `os:<login name>` with `*`. What the
environment claims beyond that is recorded as claimed.
"""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Mapping

from loki_core.principal import Method, Principal
from loki_core.scopes import ScopeCatalog
from loki_core.text import safe_text

_CLAIMS = ("SUDO_USER", "SSH_CONNECTION", "SSH_TTY")


def find_os_actor(environ: Mapping[str, str], catalog: ScopeCatalog) -> Principal:
    """Return the user that the process runs as.

    Args:
        environ: the environment, for what is only claimed.
        catalog: the scopes that exist.
    """
    uid = os.geteuid()
    try:
        login = pwd.getpwuid(uid).pw_name
    except KeyError:
        login = str(uid)
    claimed = tuple((name, safe_text(environ[name], limit=200)) for name in _CLAIMS if environ.get(name))
    return Principal(
        subject=f"os:{login}",
        name=login,
        role=None,
        scopes=("*",),
        effective_scopes=catalog.sort(catalog.expand(("*",))),
        method=Method.OS,
        terminal=_find_terminal(),
        claimed=claimed,
        catalog=catalog,
    )


def _find_terminal() -> str:
    """Return the terminal at which the process was started, or "" without one."""
    for descriptor in range(3):
        with contextlib.suppress(OSError):
            return safe_text(os.ttyname(descriptor), limit=200)
    return ""

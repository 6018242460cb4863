"""Loading the settings: environment over the project's file over the user's file over the defaults.

Nothing is created, written or asked of a network. Where nothing is configured, which is most starts, neither YAML
nor the table of keys is imported: that would double the time a command takes to begin.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from loki_core.settings.places import Places, find_places
from loki_core.settings.sections import Settings

_NOT_VALUES = frozenset({"LOKI_HOME", "LOKI_TOKEN", "LOKI_TOKEN_FILE"})
"""Variables of ours that set no key."""


def load_settings(environ: Mapping[str, str], directory: Path, *, user_home: Path | None = None) -> Settings:
    """Return what is configured.

    Args:
        environ: the environment, such as `os.environ`; empty variables count as absent.
        directory: where the program was started; its `.loki/config.yaml` is the project's file.
        user_home: the user's home directory; by default `HOME`.

    Raises:
        ConfigurationError: something is wrong, unsafe or unreadable; the message names file and line, or the
            variable, and the remedy says what to write.
    """
    places = find_places(environ, directory, user_home)
    if _is_unconfigured(environ, places):
        return Settings(home=places.home)
    from loki_core.settings.assembly import assemble_settings

    return assemble_settings(environ, places)


def _is_unconfigured(environ: Mapping[str, str], places: Places) -> bool:
    if any(name.startswith("LOKI_") and name not in _NOT_VALUES and environ[name] for name in environ):
        return False
    return _is_absent(places.home_file) and _is_absent(places.project_file)


def _is_absent(path: Path) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):  # there may be one that cannot be reached: said by whoever opens it
        return False
    return False

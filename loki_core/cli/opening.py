"""Opening the store for a command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import loki_core
from loki_core.cli.failure import UsageError

if TYPE_CHECKING:
    from loki_core import Loki


def open_loki() -> Loki:
    """Open the configured store.

    Raises:
        ConfigurationError: a setting is wrong.
        UsageError: there is no current directory to look for a project's settings in.
    """
    check_directory()
    return loki_core.open()


def check_directory() -> None:
    """Refuse to run in a directory that was removed.

    Raises:
        UsageError: `no_directory`.
    """
    try:
        os.getcwd()
    except OSError:
        raise UsageError("the current directory is gone", code="no_directory", remedy="cd to another") from None

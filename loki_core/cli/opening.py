"""Opening the store for a command."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import loki_core
from loki_core.cli import output
from loki_core.cli.failure import UsageError

if TYPE_CHECKING:
    from loki_core import Loki


@contextlib.contextmanager
def open_loki() -> Iterator[Loki]:
    """Open the configured store, and close it afterwards; say so once when that began the audit log's first key.

    Raises:
        ConfigurationError: a setting is wrong.
        UsageError: there is no current directory to look for a project's settings in.
    """
    check_directory()
    with loki_core.open() as loki:
        yield loki
    if loki.audit_first_key and os.isatty(2):
        _tell_first_key(loki.audit_first_key)


def _tell_first_key(key: str) -> None:
    from loki_core.audit.words import spell_key
    from loki_core.cli.audit_note import format_words

    output.complain(
        "\nThe audit log is signed from now on. The words of its first key prove all later ones:\n"
        f"{format_words(spell_key(key))}"
        "Write them down. Later: loki enterprise audit verify --head WORDS\n"
        "Again: loki enterprise audit head --first-key"
    )


def check_directory() -> None:
    """Refuse to run in a directory that was removed.

    Raises:
        UsageError: `no_directory`.
    """
    try:
        os.getcwd()
    except OSError:
        raise UsageError("the current directory is gone", code="no_directory", remedy="cd to another") from None

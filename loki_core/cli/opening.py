"""Opening the store for a command, as whoever is signed in or as the local user."""

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
    """Open the configured store, acted on as whoever is signed in, else as the user of this system; then close it.

    Raises:
        ConfigurationError: a setting is wrong.
        UsageError: there is no current directory to look for a project's settings in.
        SignInFailed: `session_ended`: whoever was signed in is not any more.
        ProviderUnavailable: the sign-in has to be renewed, and the provider does not answer.
        StorageError: the sign-in cannot be read.
    """
    with open_local() as loki:
        session = loki.sign_in.current() if loki.settings.auth.oidc.is_configured and is_signed_in() else None
        yield loki if session is None else loki.acting_as(session.principal)


def is_signed_in() -> bool:
    """Tell whether a sign-in is kept here; what it says is not looked at."""
    from loki_core.user_directories import find_session_file  # only where a provider is configured

    return os.path.lexists(find_session_file())


@contextlib.contextmanager
def open_local() -> Iterator[Loki]:
    """Open the configured store as the user of this system, whoever is signed in; then close it.

    Says so once when that began the audit log's first key.

    Raises:
        ConfigurationError, UsageError: as for `open_loki`.
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

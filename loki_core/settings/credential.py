"""Secrets out of the environment and out of files that it names.

Decisions:
    A file that others can read is refused, unless it is root's: container platforms mount secrets as root's and
    readable (0444), and there the mount is the protection.
    A variable and its file variable together are refused, as the container images' custom is: nobody could tell
    which of two credentials was used.
    What a file variable names is not repeated until it is known to be a file: a secret may stand in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from loki_core.errors import ConfigurationError
from loki_core.settings.places import expand_path
from loki_core.settings.safefile import SafeFile, find_file, quote_path
from loki_core.settings.sections import OidcSettings
from loki_core.tokens.secret import Secret, remember_secret

MAX_SIZE = 16 * 1024
"""The longest credential, in bytes: a JWT of 16 KiB."""


def find_credential(environ: Mapping[str, str], directory: Path | None = None) -> Secret | None:
    """Return the credential in `LOKI_TOKEN` or in the file that `LOKI_TOKEN_FILE` names, or None.

    It is not checked for its form; one line break at its end is taken off.

    Args:
        environ: the environment, such as `os.environ`; empty variables count as absent.
        directory: what a relative path starts from; by default the working directory.

    Raises:
        ConfigurationError: both variables are set, the credential is too long, or the file does not exist, is
            empty, not safe or cannot be read.
    """
    text, path = environ.get("LOKI_TOKEN", ""), environ.get("LOKI_TOKEN_FILE", "")
    if text.strip() and path:
        raise ConfigurationError("LOKI_TOKEN and LOKI_TOKEN_FILE are both set", remedy="unset one of them")
    if path:
        start = Path.cwd() if directory is None else directory
        home = Path(environ.get("HOME") or "/")
        return _load_secret(expand_path(path, start, home), "the file that LOKI_TOKEN_FILE names")
    if not text.strip():
        return None
    if len(text) > MAX_SIZE:
        raise ConfigurationError("LOKI_TOKEN is too long for a credential", remedy="set it to one credential")
    return remember_secret(_strip_line_break(text))


def load_client_secret(oidc: OidcSettings) -> Secret | None:
    """Return the client secret, as configured inline or out of its file, or None when there is none.

    Raises:
        ConfigurationError: the file does not exist, is empty, not safe or cannot be read.
    """
    if oidc.client_secret is not None or oidc.client_secret_file is None:
        return oidc.client_secret
    return _load_secret(oidc.client_secret_file, "the file that client_secret_file names")


def _load_secret(path: Path, label: str) -> Secret:
    file = find_file(Path(os.path.abspath(path)), label, limit=MAX_SIZE + 2)
    if file is None:
        raise ConfigurationError(f"{label} does not exist", remedy="correct the path")
    _check_hidden(file, label)
    try:
        text = _strip_line_break(file.data.decode())
    except UnicodeDecodeError:
        raise ConfigurationError(f"{label} is not text", remedy="write the secret alone into it") from None
    if not text.strip():
        raise ConfigurationError(f"{label} is empty", remedy="write the secret alone into it")
    return remember_secret(text)


def _check_hidden(file: SafeFile, label: str) -> None:
    if file.mode & 0o004 and file.owner != 0:
        raise ConfigurationError(f"{label} can be read by others", remedy=f"chmod 600 {quote_path(file.path)}")


def _strip_line_break(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")

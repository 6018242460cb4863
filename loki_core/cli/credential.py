"""Reading a secret that is to be verified: from standard input or the environment, never an argument."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from loki_core.cli.arguments import refuse_secret
from loki_core.cli.failure import UsageError

if TYPE_CHECKING:
    from loki_core.cli.arguments import Parser
    from loki_core.tokens.secret import Secret

_STDIN = "-"
_MOST = 16 * 1024 + 2


def declare_source(parser: Parser) -> None:
    """Add the argument that says where the secret is read from."""
    parser.add_argument(
        "source",
        nargs="?",
        metavar="-",
        help="read the secret from standard input, even when LOKI_TOKEN or LOKI_TOKEN_FILE is set",
    )


def read_credential(source: str | None) -> Secret:
    """Return the secret to look at: `-` is standard input, nothing is the environment, then standard input.

    Args:
        source: the argument.

    Raises:
        UsageError: `secret_in_argument`, anything but `-`; `nothing_to_verify`.
        ConfigurationError: LOKI_TOKEN or LOKI_TOKEN_FILE cannot be used.
    """
    if source not in (None, _STDIN):
        raise refuse_secret()
    if source is None:
        from loki_core.settings.credential import find_credential

        found = find_credential(os.environ)
        if found is not None:
            return found
    from loki_core.tokens.secret import Secret

    text = _ask() if os.isatty(0) else read_stdin()
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise UsageError(
            "there is nothing to verify",
            code="nothing_to_verify",
            remedy="give a secret on standard input, or in LOKI_TOKEN",
        )
    return Secret(text)


def read_stdin() -> str:
    """Return what stands on standard input, as much of it as a credential may be long; "" when it cannot be read."""
    data = b""
    try:
        while len(data) < _MOST:
            chunk = os.read(0, _MOST - len(data))
            if not chunk:
                break
            data += chunk
    except OSError:  # closed, or a directory
        return ""
    return data.decode("utf-8", "replace")


def _ask() -> str:
    from getpass import getpass

    try:
        return getpass("Secret (it is not shown): ")
    except (EOFError, OSError):
        return ""

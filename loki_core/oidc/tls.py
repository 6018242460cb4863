"""What the provider's certificate is checked with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from loki_core.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl


def make_tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return what certificates are checked with: those of a file alone, or the system's.

    Raises:
        ConfigurationError: the file cannot be used.
    """
    import ssl

    if ca_file is not None:
        try:
            return ssl.create_default_context(cafile=os.fspath(ca_file))
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            reason = "it holds no certificates" if isinstance(error, ssl.SSLError) else getattr(error, "strerror", "")
            raise ConfigurationError(
                f"enterprise.auth.oidc.ca_file cannot be used: {reason}", remedy="name a file of PEM certificates"
            ) from None
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None and paths.capath is None:  # a Python without the system's, as some on macOS
        import certifi

        context.load_verify_locations(certifi.where())
    return context

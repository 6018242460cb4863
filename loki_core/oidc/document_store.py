"""The provider's documents on disk, so that the next command need not ask for them again.

A convenience: whatever is wrong with the file, the provider is asked instead. What is read passes the same rules as
what is fetched, and the directory and the file are the user's own (0700, 0600).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from loki_core.disk.directory import PrivateDirectory
from loki_core.errors import LokiError
from loki_core.oidc.documents import ProviderDocuments, read_documents

_LARGEST = 3 * 1024 * 1024


class DocumentStore:
    """Keeps the documents of one provider in a directory."""

    def __init__(self, directory: Callable[[], str], issuer: str, ca_file: Path | None) -> None:
        """Name the file; nothing is read or made yet.

        Args:
            directory: returns where to keep it; it is made when missing.
            issuer: whose documents they are.
            ca_file: by whose certificates they were fetched: with others they are fetched anew.
        """
        self._find_directory = directory
        self._issuer = issuer
        identity = json.dumps([issuer, None if ca_file is None else os.fspath(ca_file)])
        self._name = f"provider-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.json"

    def load(self) -> ProviderDocuments | None:
        """Return what was stored last, or None; never raises."""
        try:
            with PrivateDirectory.open(self._find_directory()) as directory:
                opened = directory.open_file(self._name)
                with open(opened.descriptor, "rb") as file:
                    raw = json.loads(file.read(_LARGEST))
            sources = (raw["discovery"].encode(), raw["keys"].encode())
            fetched_at = float(raw["fetched_at"])
            if raw["issuer"] != self._issuer:
                return None
            return read_documents(sources, self._issuer, fetched_at)
        except (OSError, LokiError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def store(self, documents: ProviderDocuments) -> None:
        """Keep documents that were just fetched; never raises."""
        described, keys = (source.decode("utf-8", "replace") for source in documents.sources)
        value = {"issuer": self._issuer, "fetched_at": documents.fetched_at, "discovery": described, "keys": keys}
        with (
            contextlib.suppress(OSError, LokiError),
            PrivateDirectory.open(self._find_directory(), create=True) as directory,
        ):
            os.close(directory.replace(self._name, [json.dumps(value).encode()]))

"""The two documents that are needed of a provider, fetched together: what it says of itself, and its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from loki_core.errors import ProviderUnavailable
from loki_core.frozen import dataclass, field
from loki_core.oidc.answer import Answer, Unreachable
from loki_core.oidc.discovery import ProviderMetadata, make_discovery_url, parse_discovery
from loki_core.oidc.key_set import KeySet, parse_key_set
from loki_core.text import safe_text


class Get(Protocol):
    """Asks for a document; ProviderClient does."""

    def get(self, url: str) -> Answer:
        """Return the answer to a GET, or raise ProviderUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDocuments:
    """What the provider said of itself and of its keys.

    Attributes:
        fetched_at: when (seconds since the epoch).
        sources: both as they were sent, to be kept.
        is_kept: they were read from the disk, where another process left them.
    """

    metadata: ProviderMetadata
    keys: KeySet
    fetched_at: float
    sources: tuple[bytes, bytes] = field(repr=False, compare=False)
    is_kept: bool = False


def fetch_documents(client: Get, issuer: str, read_seconds: Callable[[], float]) -> ProviderDocuments:
    """Ask the provider for both documents.

    Args:
        client: sends the requests.
        issuer: the configured issuer.
        read_seconds: the clock (seconds since the epoch).

    Raises:
        ProviderUnavailable: it cannot be reached, or what it says makes no sense.
        ConfigurationError: it cannot be asked as it is configured.
    """
    described = fetch(client, make_discovery_url(issuer)).body
    metadata = parse_discovery(described, issuer)
    keys = fetch(client, metadata.jwks_uri).body
    return ProviderDocuments(
        metadata=metadata, keys=parse_key_set(keys), fetched_at=read_seconds(), sources=(described, keys)
    )


def read_documents(sources: tuple[bytes, bytes], issuer: str, fetched_at: float) -> ProviderDocuments:
    """Return documents that were kept, read by the same rules as if they had just been sent.

    Raises:
        ProviderUnavailable: they are not what they were.
    """
    metadata, keys = parse_discovery(sources[0], issuer), parse_key_set(sources[1])
    return ProviderDocuments(metadata=metadata, keys=keys, fetched_at=fetched_at, sources=sources, is_kept=True)


def fetch(client: Get, url: str) -> Answer:
    """Return the answer that holds the document at a URL.

    Raises:
        ProviderUnavailable: it cannot be reached, or the answer is an error.
        ConfigurationError: as for `fetch_documents`.
    """
    answer = client.get(url)
    if answer.status == 200:
        return answer
    shown = safe_text(url, limit=200)
    kind = Unreachable if answer.status >= 500 or answer.status == 429 else ProviderUnavailable
    remedy = "try again soon" if kind is Unreachable else "check enterprise.auth.oidc.issuer: nothing is there"
    raise kind(f"{shown} answers with status {answer.status}", remedy=remedy)

"""The configured identity provider: its client, its documents and the verification of its tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from loki_core.clock import in_seconds
from loki_core.errors import ConfigurationError
from loki_core.oidc.configuration import check_configuration
from loki_core.oidc.document_store import DocumentStore
from loki_core.oidc.documents import fetch_documents
from loki_core.oidc.expectation import Expectation
from loki_core.oidc.key_cache import KeyCache
from loki_core.oidc.provider_client import ProviderClient
from loki_core.oidc.role_mapping import RoleMapping
from loki_core.oidc.verifier import Verifier

if TYPE_CHECKING:
    from loki_core.interfaces import Clock
    from loki_core.roles import RoleCatalog
    from loki_core.scopes import ScopeCatalog
    from loki_core.settings import OidcSettings


class Provider:
    """One identity provider, as configured. Safe to use from several threads.

    Attributes:
        client: sends requests to it.
        documents: what it says of itself, and its keys.
        expectation: what a token that is presented must be issued by and meant for.
        mapping: which role the claims of its tokens give.
        verifier: verifies its tokens.
    """

    def __init__(
        self,
        settings: OidcSettings,
        *,
        roles: RoleCatalog,
        scopes: ScopeCatalog,
        clock: Clock,
        environ: Mapping[str, str],
        find_cache: Callable[[], str],
    ) -> None:
        """Check the configuration; nothing is asked yet.

        Args:
            settings: `enterprise.auth.oidc`.
            roles: the roles that exist.
            scopes: the scopes that exist.
            clock: returns the current time, aware.
            environ: where a proxy is looked up.
            find_cache: returns the directory that keeps the provider's documents.

        Raises:
            ConfigurationError: no provider is configured, or it may not be used as it is.
        """
        if settings.issuer is None or settings.client_id is None:
            raise ConfigurationError(
                "no identity provider is configured",
                code="no_provider",
                remedy="set enterprise.auth.oidc.issuer and client_id, or LOKI_OIDC_ISSUER and LOKI_OIDC_CLIENT_ID",
            )
        self.settings = settings
        self.issuer = settings.issuer
        self.client_id = settings.client_id
        self.clock = clock
        self.scopes = scopes
        self.expectation = Expectation(
            issuer=self.issuer,
            client_id=self.client_id,
            audience=settings.audience or self.client_id,
            allowed_clients=settings.allowed_clients,
        )
        self.mapping = RoleMapping(settings, roles, scopes)
        check_configuration(self.expectation, self.mapping)
        self.client = ProviderClient(settings.issuer, ca_file=settings.ca_file, environ=environ)
        read_seconds = in_seconds(clock)
        self.documents = KeyCache(
            lambda: fetch_documents(self.client, self.issuer, read_seconds),
            read_seconds,
            keep=DocumentStore(find_cache, self.issuer, settings.ca_file),
        )
        self.verifier = Verifier(self.documents, self.expectation, self.mapping, scopes)

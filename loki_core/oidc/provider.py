"""The configured identity provider: its client, its documents and the verification of its tokens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from loki_core.clock import in_seconds
from loki_core.errors import ConfigurationError, ProviderUnavailable, SignInFailed
from loki_core.frozen import replace
from loki_core.oidc.client_proof import ClientProof, prove_client
from loki_core.oidc.configuration import check_configuration
from loki_core.oidc.document_store import DocumentStore
from loki_core.oidc.documents import fetch_documents
from loki_core.oidc.driver import run_exchange
from loki_core.oidc.expectation import Expectation
from loki_core.oidc.key_cache import KeyCache
from loki_core.oidc.provider_client import ProviderClient
from loki_core.oidc.refusal import Refusal
from loki_core.oidc.renewal import revoke_token
from loki_core.oidc.role_mapping import ROLE_RULES, RoleMapping
from loki_core.oidc.verifier import Proof, Verifier
from loki_core.settings.credential import load_client_secret

if TYPE_CHECKING:
    from datetime import datetime

    from loki_core.interfaces import Clock
    from loki_core.oidc.discovery import ProviderMetadata
    from loki_core.oidc.token_answer import Tokens
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
        """Wire it together; nothing is asked yet, and whether it may be used so is up to `check`.

        Args:
            settings: `enterprise.auth.oidc`.
            roles: the roles that exist.
            scopes: the scopes that exist.
            clock: returns the current time, aware.
            environ: where a proxy is looked up.
            find_cache: returns the directory that keeps the provider's documents.

        Raises:
            ConfigurationError: `no_provider`: none is configured.
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
        self.client = ProviderClient(settings.issuer, ca_file=settings.ca_file, environ=environ)
        read_seconds = in_seconds(clock)
        self.documents = KeyCache(
            lambda: fetch_documents(self.client, self.issuer, read_seconds),
            read_seconds,
            keep=DocumentStore(find_cache, self.issuer, settings.ca_file),
        )
        self.verifier = Verifier(self.documents, self.expectation, self.mapping, scopes)

    def check(self) -> Provider:
        """Return this provider, when it may be used as it is configured.

        Raises:
            ConfigurationError: it may not: it cannot work, or would let strangers in.
        """
        check_configuration(self.expectation, self.mapping)
        return self

    def prove_client(self, metadata: ProviderMetadata) -> ClientProof:
        """Return what shows the provider which client we are.

        Raises:
            ConfigurationError: the file with the client secret cannot be used.
        """
        secret = load_client_secret(self.settings)
        revealed = None if secret is None else secret.reveal()
        return prove_client(self.client_id, revealed, metadata.token_auth_methods)

    def verify_sign_in(self, tokens: Tokens, now: datetime, *, nonce: str | None = None) -> Proof:
        """Return who the tokens of a sign-in prove.

        It is the ID token that says who somebody is, also where callers present access tokens (OpenID Connect Core
        3.1.3.7).

        Args:
            tokens: what the provider gave.
            now: the time (UTC).
            nonce: what was sent along, in a flow that has one.

        Raises:
            SignInFailed: `no_id_token`, `invalid_token`, or `access_denied` when nothing gives that person a role. The
                token came from the provider itself, so whoever signs in may learn what is wrong with it.
            ProviderUnavailable: there are no keys to verify with.
        """
        if tokens.id_token is None:
            raise SignInFailed(
                "the provider gave no ID token",
                code="no_id_token",
                remedy="put openid into enterprise.auth.oidc.scopes, and let the client have it at the provider",
            )
        expectation = replace(self.expectation, audience=self.client_id, access_token=tokens.access_token, nonce=nonce)
        try:
            return self.verifier.verify(tokens.id_token, now, expectation)
        except Refusal as refusal:
            if refusal.rule in ROLE_RULES:
                raise SignInFailed(
                    f"the provider knows you, but you may not sign in here: {refusal.reason}",
                    code="access_denied",
                    remedy="ask whoever administers enterprise.auth.oidc and the directory's groups",
                ) from None
            raise SignInFailed(
                f"the ID token of the provider is not valid: {refusal.for_log}",
                code="invalid_token",
                remedy="compare the configuration with the provider: loki enterprise oidc check",
            ) from None

    def revoke(self, tokens: Tokens, seconds: float) -> None:
        """Give tokens back to the provider.

        Args:
            tokens: what it gave.
            seconds: how long each request may take.

        Raises:
            ProviderUnavailable: it did not take them.
            ConfigurationError: as for `prove_client`.
        """
        metadata = self.documents.get().metadata
        proof, client = self.prove_client(metadata), self.client.hasten(seconds)
        refresh, access = tokens.refresh_token, tokens.access_token
        if refresh is not None:
            run_exchange(revoke_token(metadata, proof, refresh, "refresh_token"), client)
            # That should end its access tokens too (RFC 7009, 2.1). Where it does not, they end by themselves soon.
            with contextlib.suppress(ProviderUnavailable):
                if access is not None:
                    run_exchange(revoke_token(metadata, proof, access, "access_token"), client)
        elif access is not None:
            run_exchange(revoke_token(metadata, proof, access, "access_token"), client)

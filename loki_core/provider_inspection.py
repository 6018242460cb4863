"""Looking at the identity provider and its tokens, for whoever sets it up: nothing is signed in and nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from loki_core.errors import LokiError, ProviderUnavailable
from loki_core.interfaces import Finding, sort_findings
from loki_core.oidc.configuration import judge_configuration
from loki_core.oidc.discovery import make_discovery_url, parse_discovery
from loki_core.oidc.documents import fetch
from loki_core.oidc.explain import Explanation, explain_token
from loki_core.oidc.key_set import parse_key_set
from loki_core.oidc.provider_findings import judge_clock, judge_keys, judge_metadata

if TYPE_CHECKING:
    from loki_core.oidc.provider import Provider


class ProviderInspection:
    """What can be told about the configured provider."""

    def __init__(self, provider: Provider, clock: Callable[[], datetime]) -> None:
        """Prepare; nothing is asked yet.

        Args:
            provider: the provider, whether or not it may be used as it is configured.
            clock: returns the current time, aware.
        """
        self._provider = provider
        self._clock = clock

    @property
    def gives_full_access(self) -> bool:
        """Whether whoever may sign in has every right, because nothing says otherwise."""
        return self._provider.mapping.gives_full_access

    def check(self) -> tuple[Finding, ...]:
        """Ask the provider anew, and return what is right and wrong with it and the configuration, worst first."""
        provider = self._provider
        return sort_findings([*judge_configuration(provider.expectation, provider.mapping), *self._check_documents()])

    def _check_documents(self) -> Iterator[Finding]:
        provider = self._provider
        try:
            answer = fetch(provider.client, make_discovery_url(provider.issuer))
            yield from judge_clock(answer.said_at, self._clock())
            metadata = parse_discovery(answer.body, provider.issuer)
            yield from judge_metadata(metadata, provider.settings)
            yield from judge_keys(parse_key_set(fetch(provider.client, metadata.jwks_uri).body))
            provider.prove_client(metadata)
        except LokiError as error:
            yield Finding(code=error.code, severity="error", message=error.message, remedy=error.remedy)

    def explain(self, token: str) -> tuple[Explanation, str]:
        """Return what each rule says of a token, and why the provider's keys could not be had, or "".

        Args:
            token: whatever was given as one. It is not kept, and no log entry is made.
        """
        provider = self._provider
        keys, problem = None, ""
        try:
            keys = provider.documents.get().keys
        except ProviderUnavailable as error:
            problem = str(error)
        return explain_token(token, keys, provider.expectation, provider.mapping, self._clock()), problem

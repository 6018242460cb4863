"""From a JWT to a principal, by the provider's keys and the configured rules."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from loki_core.errors import InvalidTokenError
from loki_core.frozen import dataclass
from loki_core.oidc import rules
from loki_core.oidc.compact import parse_compact
from loki_core.oidc.expectation import Expectation
from loki_core.oidc.refusal import Refusal
from loki_core.oidc.validation import check_token
from loki_core.principal import Method, Principal

if TYPE_CHECKING:
    from loki_core.oidc.claims import SignedClaims
    from loki_core.oidc.compact import Compact
    from loki_core.oidc.key_cache import KeyCache
    from loki_core.oidc.role_mapping import RoleDecision, RoleMapping
    from loki_core.scopes import ScopeCatalog

_OURS = ("os:", "tok-", "oidc:", "anonymous")
"""How actors of other kinds are called: a provider's `sub` must not pass for one of them in the log."""

_EXPLAINED_BY_NEW_KEYS = (rules.KEY, rules.KEY_ALGORITHM, rules.SIGNATURE)
"""The rules that a good token breaks when the provider has new keys: under a new name, the old one, or without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a token proved: who, and how the role came about."""

    principal: Principal
    claims: SignedClaims
    decision: RoleDecision


class Verifier:
    """Verifies JWTs of the configured provider. Safe to use from several threads."""

    def __init__(
        self, documents: KeyCache, expectation: Expectation, mapping: RoleMapping, scopes: ScopeCatalog
    ) -> None:
        """Bring together what a verification needs.

        Args:
            documents: where the provider's keys come from.
            expectation: what a token must be issued by and meant for.
            mapping: which role its claims give.
            scopes: the scopes that exist.
        """
        self._documents = documents
        self._expectation = expectation
        self._mapping = mapping
        self._scopes = scopes

    def verify(self, token: str, now: datetime, expectation: Expectation | None = None) -> Proof:
        """Return what a token proves.

        Args:
            token: the JWT.
            now: the time (UTC).
            expectation: what the flow that brought it expects; by default what is configured.

        Raises:
            Refusal: it broke a rule, or its claims give no role.
            ProviderUnavailable: there are no keys to verify with.
            ConfigurationError: the provider cannot be used as it is configured.
        """
        compact = parse_compact(token)
        claims = self._check(compact, now, expectation or self._expectation)
        return self._prove(claims)

    def _check(self, compact: Compact, now: datetime, expectation: Expectation) -> SignedClaims:
        documents = self._documents.get()
        try:
            return check_token(compact, documents.keys, expectation, now)
        except Refusal as refusal:
            if refusal.rule not in _EXPLAINED_BY_NEW_KEYS:
                raise
            newer = self._documents.get_newer(documents)
            if newer is None:
                raise
        return check_token(compact, newer.keys, expectation, now)

    def _prove(self, claims: SignedClaims) -> Proof:
        decision = self._mapping.decide(claims)
        principal = Principal(
            subject=qualify_subject(claims.subject),
            name=claims.name,
            role=decision.role.name,
            scopes=decision.scopes,
            effective_scopes=self._scopes.sort(self._scopes.expand(decision.scopes)),
            method=Method.OIDC,
            expires_at=claims.expires_at,
            catalog=self._scopes,
        )
        return Proof(principal=principal, claims=claims, decision=decision)


def qualify_subject(subject: str) -> str:
    """Return what a provider's subject is called here: as it is, unless it could be taken for another kind of actor."""
    return f"oidc:{subject}" if subject.startswith(_OURS) else subject


def describe_refusal(error: InvalidTokenError) -> str:
    """Return for the log why a token was refused."""
    return error.for_log if isinstance(error, Refusal) else error.message

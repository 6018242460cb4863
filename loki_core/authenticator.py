"""From a credential to a principal, or to the reason why not.

The path of a good secret is short on purpose: one view of the store, one dictionary access, one comparison in constant
time, two comparisons of times. Notes of uses and log entries are made in the background.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from loki_core.auth_journal import AuthJournal, UseQuota
from loki_core.clock import find_time, in_seconds
from loki_core.errors import AuthenticationError, InvalidTokenError
from loki_core.interfaces import Clock, Store
from loki_core.principal import Method, Principal
from loki_core.scopes import ScopeCatalog
from loki_core.tokens.secret import LONGEST_SECRET, PREFIX, is_well_formed
from loki_core.tokens.snapshot import Entry

if TYPE_CHECKING:
    from loki_core.jwt_authenticator import JwtAuthenticator

_EXPLANATIONS = {
    "token_expired": ("the token has expired", "generate a new one"),
    "token_revoked": ("the token was revoked", "generate a new one"),
    "token_locked": ("the token is locked", "ask an administrator to unlock it"),
    "token_unknown": ("no such token", "check that all of it was copied, and that it is for this store"),
    "token_malformed": ("this is not a token", "a token begins with loki_"),
    "invalid_token": ("the token is not valid", "sign in again"),
}


def _refusal(code: str) -> AuthenticationError:
    message, remedy = _EXPLANATIONS[code]
    kind = InvalidTokenError if code == "invalid_token" else AuthenticationError
    return kind(message, code=code, remedy=remedy)


_LONGEST_SHAPED = 16 * 1024


def is_jwt_shaped(credential: object) -> bool:
    """Tell whether a credential is meant as a JWT: three parts with dots; a very long one is not searched for them."""
    if not isinstance(credential, str) or credential.startswith(PREFIX):
        return False
    return credential.startswith("eyJ") if len(credential) > _LONGEST_SHAPED else credential.count(".") == 2


class Authenticator:
    """Verifies credentials: `loki_…` secrets against a store, JWTs against the identity provider's keys."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        catalog: ScopeCatalog,
        journal: AuthJournal,
        get_jwts: Callable[[], JwtAuthenticator] | None = None,
    ) -> None:
        """Bring together what a verification needs.

        Args:
            store: where tokens are.
            clock: returns the current time, aware.
            catalog: the scopes that exist.
            journal: what notes uses and failures.
            get_jwts: returns what verifies JWTs, or None when no identity provider is configured.
        """
        self._store = store
        self._clock = clock
        self._read_seconds = in_seconds(clock)
        self._catalog = catalog
        self._journal = journal
        self._quota = UseQuota()
        self._get_jwts = get_jwts

    def authenticate(self, credential: str, *, address: str = "", agent: str = "") -> Principal:
        """Return who the credential proves.

        Args:
            credential: a `loki_…` secret, or a JWT of the configured identity provider.
            address: where the caller is, for the log.
            agent: what the caller calls itself, for the log.

        Raises:
            AuthenticationError: it proves nobody; `code` says why.
            StorageError: the store cannot be read.
            ProviderUnavailable: a JWT cannot be judged, because the provider's keys cannot be had.
            ConfigurationError: a JWT cannot be judged, because the provider may not be used as it is configured.
        """
        view = self._store.view()
        try:
            # What is too long for a secret is not even hashed.
            entry = view.find(credential) if len(credential) <= LONGEST_SECRET else None
        except (UnicodeEncodeError, AttributeError, TypeError):
            entry = None
        if entry is not None and self._read_seconds() < entry.fresh_until and address == entry.address:
            return entry.proof  # type: ignore[no-any-return]
        now = self._clock()
        if entry is not None and not entry.refusal and now < entry.live_until:
            return self._accept(entry, now, address, agent)
        if entry is None and self._get_jwts is not None and is_jwt_shaped(credential):
            return self._get_jwts().authenticate(credential, find_time(now, view), address, agent)
        raise self._refuse(credential, entry, now, address, agent)

    def _accept(self, entry: Entry, now: datetime, address: str, agent: str) -> Principal:
        is_noted, due = self._quota.take((entry.token_id, address), now)
        if is_noted:
            self._journal.note_use(entry.token_id, now, address, agent)
        if entry.proof is None:
            entry.proof = self._prove(entry)
        # Written in this order: a thread that sees the new time must not see the old address with it.
        entry.fresh_until = 0.0
        entry.address = address
        entry.fresh_until = min(due, entry.live_until).timestamp()
        return entry.proof  # type: ignore[no-any-return]

    def _prove(self, entry: Entry) -> Principal:
        record = entry.record
        assert record is not None  # noqa: S101 - an entry without a record always has a refusal
        return Principal(
            subject=record.id,
            name=record.name,
            role=record.role,
            scopes=record.scopes,
            effective_scopes=self._catalog.sort(self._catalog.expand(record.scopes)),
            method=Method.TOKEN,
            expires_at=record.expires_at,
            catalog=self._catalog,
        )

    def _refuse(
        self, credential: str, entry: Entry | None, now: datetime, address: str, agent: str
    ) -> AuthenticationError:
        if entry is not None:
            is_over = entry.refusal in {"", "token_locked"} and now >= entry.live_until
            code = "token_expired" if is_over else entry.refusal
        elif not isinstance(credential, str):
            code = "token_malformed"
        elif credential.startswith(PREFIX):
            code = "token_unknown" if is_well_formed(credential) else "token_malformed"
        else:
            code = "invalid_token" if is_jwt_shaped(credential) else "token_malformed"
        self._journal.note_failure(code, now, address, agent, token_id=entry.token_id if entry else "")
        return _refusal(code)

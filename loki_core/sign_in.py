"""Signing in with the identity provider, for commands and console: start, wait, adopt, renew, sign out.

pending = loki.sign_in.start()          a code and an address to show
session = pending.wait()                who approved it, with which role and why; in a thread of its own
loki.sign_in.adopt(session)             kept from now on; or `discard`
loki.acting_as(session.principal)       the same store, acted on as that person
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from loki_core.audit.events import AuditEvent
from loki_core.errors import LokiError, ProviderUnavailable, SignInFailed, StorageError
from loki_core.frozen import replace
from loki_core.oidc.device_flow import ask_for_code, choose_scopes, poll_for_tokens
from loki_core.oidc.driver import Cancellation, refuse_cancelled, run_exchange
from loki_core.oidc.renewal import refresh_tokens
from loki_core.oidc.session import Session, SignedOut, make_session, refuse_ended
from loki_core.oidc.token_answer import Tokens
from loki_core.pending_sign_in import PendingSignIn

if TYPE_CHECKING:
    from loki_core.oidc.discovery import ProviderMetadata
    from loki_core.oidc.provider import Provider
    from loki_core.oidc.session_file import SessionFile
    from loki_core.settings import OidcSettings
    from loki_core.sign_in_log import SignInLog

EARLY = timedelta(seconds=30)
"""How long before its end a session is renewed."""
_HASTE = 1.5
"""Seconds for giving back what nobody wants any more, while somebody waits for the end."""


class SignIn:
    """The sign-in of this user on this machine. Safe to use from several threads."""

    def __init__(
        self,
        settings: OidcSettings,
        get_provider: Callable[[], Provider],
        sessions: SessionFile,
        log: SignInLog,
        clock: Callable[[], datetime],
    ) -> None:
        """Prepare; nothing is read or asked yet.

        Args:
            settings: `enterprise.auth.oidc`.
            get_provider: returns the configured provider, or raises ConfigurationError.
            sessions: where the session is kept.
            log: where sign-ins are noted.
            clock: returns the current time, aware.
        """
        self._settings = settings
        self._get_provider = get_provider
        self._sessions = sessions
        self._log = log
        self._clock = clock

    # -- becoming somebody

    def start(
        self, cancelled: Cancellation | None = None, *, read_seconds: Callable[[], float] = time.monotonic
    ) -> PendingSignIn:
        """Ask the provider for a code that a person can approve.

        Args:
            cancelled: ends the wait for the person; by default what `PendingSignIn.cancel` sets.
            read_seconds: the clock of the waits.

        Raises:
            SignInFailed: `device_flow_unavailable`, `client_not_allowed`; the remedy names the setting at the provider.
            ProviderUnavailable: it does not answer, or not with anything usable.
            ConfigurationError: no provider is configured, or it may not be used as it is.
        """
        provider = self._get_provider()
        until = threading.Event() if cancelled is None else cancelled
        with self._log.noting_failures():
            metadata = self._get_metadata(provider)
            proof = provider.prove_client(metadata)
            scopes = choose_scopes(provider.settings.scopes, metadata)
            code = run_exchange(ask_for_code(metadata, proof, scopes), provider.client, until, read_seconds)
        began = read_seconds()

        def wait() -> Session:
            exchange = poll_for_tokens(metadata, proof, code, began)
            with self._log.noting_failures():
                tokens = run_exchange(exchange, provider.client, until, read_seconds)
                return self._take(provider, tokens, until)

        return PendingSignIn(code, self._clock() + timedelta(seconds=code.life), until, wait)

    def _get_metadata(self, provider: Provider) -> ProviderMetadata:
        documents = provider.documents.get()
        if documents.metadata.device_endpoint is None:
            # It may have been switched on at the provider a moment ago, because we said so.
            documents = provider.documents.get_newer(documents) or documents
        return documents.metadata

    def _take(self, provider: Provider, tokens: Tokens, cancelled: Cancellation) -> Session:
        with self._giving_back(provider, tokens):
            if cancelled.is_set():
                raise refuse_cancelled()
            now = self._clock()
            proof = provider.verify_sign_in(tokens, now)
        self._log.note(
            AuditEvent.OIDC_SUCCESS, proof.principal.subject, role=proof.principal.role, issuer=provider.issuer
        )
        return make_session(proof, tokens, provider.client_id, now)

    @contextlib.contextmanager
    def _giving_back(self, provider: Provider, tokens: Tokens) -> Iterator[None]:
        """Give tokens back when the block does not come to its end: nobody will use them."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(LokiError):
                provider.revoke(tokens, _HASTE)
            raise

    def adopt(self, session: Session) -> None:
        """Keep a session: from now on this user is that person. The one before is given back.

        Raises:
            StorageError: it could not be kept; what the provider gave was given back.
        """
        try:
            with self._sessions.change() as change:
                before = self._load_quietly()
                change.replace(session)
        except StorageError:
            self.discard(session)
            raise
        if before is not None:
            self.discard(before)
        self._log.note(
            AuditEvent.SIGN_IN_START,
            session.principal.subject,
            role=session.principal.role,
            issuer=session.issuer,
            expires_at=session.expires_at.isoformat(),
            renews=session.renews,
            full_access=session.is_full_access,
        )

    def discard(self, session: Session, *, seconds: float = 5.0) -> bool:
        """Give back what the provider gave, and return whether it took it. Nothing that is kept changes.

        Args:
            session: whose tokens they are.
            seconds: how long it may take.
        """
        try:
            self._revoke(session, seconds)
        except LokiError:
            return False
        return True

    # -- being somebody

    def find(self) -> Session | None:
        """Return the session as it is kept, ended or not, or None when nobody is signed in. Asks nobody.

        Raises:
            StorageError: there is one that cannot be read or believed.
        """
        return self._sessions.load()

    def current(self) -> Session | None:
        """Return the session, renewed when it is about to end, or None when nobody is signed in.

        Raises:
            SignInFailed: `session_ended`: it is over, or another provider is configured by now.
            ProviderUnavailable: it has ended, and the provider cannot be asked to renew it now.
            StorageError: it cannot be read, or what renews it cannot be kept.
            ConfigurationError: it has to be renewed, and the provider may not be used as it is configured.
        """
        session = self._sessions.load()
        if session is None:
            return None
        if not self._is_ours(session):
            raise refuse_ended(session)
        if self._clock() < session.expires_at - EARLY:
            return session
        if not session.renews:
            return self._check_live(session)
        return self._renew(session)

    def _is_ours(self, session: Session) -> bool:
        return (session.issuer, session.client_id) == (self._settings.issuer, self._settings.client_id)

    def _check_live(self, session: Session) -> Session:
        if self._clock() < session.expires_at:
            return session
        raise refuse_ended(session)

    def _renew(self, seen: Session) -> Session | None:
        with self._sessions.change() as change:
            session = self._sessions.load()
            if session is None:
                return None  # signed out meanwhile
            is_renewed = session.tokens.refresh_token != seen.tokens.refresh_token
            if is_renewed and self._clock() < session.expires_at:
                return session
            try:
                renewed = self._ask_to_renew(session)
            except ProviderUnavailable:
                if self._clock() < session.expires_at:
                    return session
                raise
            except SignInFailed:
                return self._check_live(session)
            change.replace(renewed)
        return renewed

    def _ask_to_renew(self, session: Session) -> Session:
        provider = self._get_provider()
        metadata = provider.documents.get().metadata
        with self._log.noting_failures():
            exchange = refresh_tokens(metadata, provider.prove_client(metadata), session.tokens.refresh_token or "")
            tokens = run_exchange(exchange, provider.client)
            now = self._clock()
            with self._giving_back(provider, tokens):
                proof = provider.verify_sign_in(tokens, now)
                if proof.claims.subject != session.provider_subject:  # OpenID Connect Core 12.2
                    raise SignInFailed(
                        "the provider renewed the sign-in for somebody else",
                        code="invalid_token",
                        remedy="sign in again",
                    )
        kept = replace(tokens, refresh_token=tokens.refresh_token or session.tokens.refresh_token)
        renewed = make_session(proof, kept, provider.client_id, now)
        return replace(renewed, signed_in_at=session.signed_in_at)

    # -- being nobody again

    def sign_out(self) -> SignedOut:
        """Forget the session, and tell the provider, also when nobody answers there.

        Raises:
            StorageError: it could not be removed.
        """
        with self._sessions.change() as change:
            session = self._load_quietly()
            change.remove()
        if session is None:
            return SignedOut(session=None, is_revoked=False, problem="")
        problem = ""
        try:
            self._revoke(session, 5.0)
        except LokiError as error:
            problem = str(error)
        self._log.note(AuditEvent.SIGN_IN_END, session.principal.subject, issuer=session.issuer, revoked=not problem)
        return SignedOut(session=session, is_revoked=not problem, problem=problem)

    def _load_quietly(self) -> Session | None:
        try:
            return self._sessions.load()
        except StorageError:
            return None

    def _revoke(self, session: Session, seconds: float) -> None:
        if not self._is_ours(session):
            raise ProviderUnavailable(
                "another provider is configured by now", remedy="end the session at the provider that gave it"
            )
        self._get_provider().revoke(session.tokens, seconds)

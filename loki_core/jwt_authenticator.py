"""From a presented JWT to a principal. The log learns exactly why one was refused, the caller only that it was."""

from __future__ import annotations

from datetime import datetime

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.auth_journal import AuthJournal, UseQuota
from loki_core.errors import InvalidTokenError, ProviderUnavailable
from loki_core.oidc.verifier import Proof, Verifier, describe_refusal
from loki_core.principal import Principal


class JwtAuthenticator:
    """Verifies JWTs of the configured provider, and notes what came of it."""

    def __init__(self, verifier: Verifier, journal: AuthJournal) -> None:
        self._verifier = verifier
        self._journal = journal
        self._quota = UseQuota()

    def authenticate(self, token: str, now: datetime, address: str, agent: str) -> Principal:
        """Return who a JWT proves.

        Args:
            token: the JWT.
            now: the time (UTC).
            address: where the caller is, for the log.
            agent: what the caller calls itself, for the log.

        Raises:
            InvalidTokenError: it proves nobody.
            ProviderUnavailable: nobody can say, because the provider's keys cannot be had.
        """
        proof, reason = self._verify(token, now, address, agent)
        if proof is None:
            self._note_failure("invalid_token", reason, now, address, agent)
            # Raised here and not where the reason was caught, so that it does not travel to the caller as the context.
            raise InvalidTokenError("the token is not valid", remedy="sign in again")
        principal = proof.principal
        if self._quota.take((principal.subject, address), now)[0]:
            self._journal.note(
                AuditEntry(
                    timestamp=now,
                    event=AuditEvent.OIDC_SUCCESS,
                    user_id=principal.subject,
                    resource_type="auth",
                    ip_address=address,
                    user_agent=agent,
                    details={
                        "role": principal.role,
                        "issuer": proof.claims.issuer,
                        "full_access": proof.decision.is_full_access,
                    },
                )
            )
        return principal

    def _verify(self, token: str, now: datetime, address: str, agent: str) -> tuple[Proof | None, str]:
        try:
            return self._verifier.verify(token, now), ""
        except InvalidTokenError as error:
            return None, describe_refusal(error)
        except ProviderUnavailable as error:
            self._note_failure(error.code, error.message, now, address, agent)
            raise

    def _note_failure(self, code: str, reason: str, now: datetime, address: str, agent: str) -> None:
        self._journal.note_failure(code, now, address, agent, event=AuditEvent.OIDC_FAIL, reason=reason)

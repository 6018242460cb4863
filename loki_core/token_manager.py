"""The operations on tokens, together."""

from __future__ import annotations

from loki_core.administration.issuing import Issuing
from loki_core.administration.looking import Looking
from loki_core.administration.removing import Removing
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.tokens.record import format_time


class TokenManager(Looking, Issuing, Removing):
    """The operations on tokens. All of them need `*`."""

    def accept_clock(self) -> None:
        """Take the clock's time as true although the store was written later.

        Raises:
            AuthorizationError, AuditUnavailable, StorageError: as for `generate`.
        """
        self._require_all()
        with self._ledger.change(self._caller.principal.subject) as (transaction, _):
            now = self._clock()
            transaction.accept_clock()
            entry = AuditEntry(
                timestamp=now,
                event=AuditEvent.POLICY_CHANGE,
                user_id=self._caller.principal.subject,
                resource_type="clock",
                ip_address=self._caller.address,
                user_agent=self._caller.agent,
                details={
                    "accepted": format_time(now),
                    "was": format_time(transaction.view.written_at),
                    **self._caller.describe_seat(),
                },
            )
            self._ledger.grant(transaction, entry)

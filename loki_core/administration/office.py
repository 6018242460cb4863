"""What every operation needs: the store, the log, the time and who acts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.clock import find_time
from loki_core.errors import AuthenticationError, AuthorizationError
from loki_core.principal import Caller
from loki_core.scopes import ALL, ScopeCatalog
from loki_core.tokens.listing import Judge
from loki_core.tokens.record import Record
from loki_core.tokens.secret import clean_text

if TYPE_CHECKING:
    from loki_core.auth_journal import AuthJournal
    from loki_core.interfaces import AuditSink, Clock, Store, TokenView
    from loki_core.ledger import Ledger
    from loki_core.minting import Mint


class Resources(Protocol):
    """What the operations work with. Whoever provides it may make each of these when it is first asked for."""

    @property
    def store(self) -> Store:
        """Where tokens live."""

    @property
    def sink(self) -> AuditSink:
        """Where entries are read from; they are written through the ledger."""

    @property
    def ledger(self) -> Ledger:
        """How changes are logged and stored."""

    @property
    def journal(self) -> AuthJournal:
        """Where refusals are noted."""

    def settle(self, view: TokenView, user_id: str) -> None:
        """Deliver the entries that wait for the log, if any do; see Ledger.settle."""

    @property
    def mint(self) -> Mint:
        """How tokens are made."""

    @property
    def clock(self) -> Clock:
        """What time it is."""

    @property
    def scopes(self) -> ScopeCatalog:
        """The scopes that exist."""


def admit(resources: Resources, caller: Caller, scope: str, *, resource_type: str = "token") -> None:
    """Return when the caller holds a scope and is still proved; that it does not hold it is noted in the log.

    Args:
        resources: where the refusal is noted.
        caller: who acts.
        scope: what is needed.
        resource_type: what it is needed for.

    Raises:
        AuthorizationError: the caller does not hold it.
        AuthenticationError: `session_ended`.
    """
    expires_at = caller.principal.expires_at
    if expires_at is not None and resources.clock() >= expires_at:
        raise AuthenticationError(
            f"what proved {caller.principal.name} has ended", code="session_ended", remedy="sign in again"
        )
    try:
        caller.principal.require(scope)
    except AuthorizationError as error:
        resources.journal.note_refusal(
            AuditEntry(
                timestamp=resources.clock(),
                event=AuditEvent.PERMISSION_DENIED,
                user_id=caller.principal.subject,
                resource_type=resource_type,
                ip_address=caller.address,
                user_agent=caller.agent,
                success=False,
                error=error.code,
                details={"needed": scope, **caller.describe_seat()},
            )
        )
        raise


class Office:
    """The common ground of the operations on tokens. All of them need `*`."""

    def __init__(self, resources: Resources, caller: Caller) -> None:
        """Prepare the operations.

        Args:
            resources: what they work with.
            caller: who acts, and is named in every entry.
        """
        self._resources = resources
        self._caller = caller
        self._store = resources.store
        self._clock = resources.clock
        self._catalog = resources.scopes

    @property
    def _ledger(self) -> Ledger:
        return self._resources.ledger

    def _require_all(self) -> None:
        admit(self._resources, self._caller, ALL)

    def _enter(self) -> datetime:
        """Check who acts, deliver what waits for the log, and return the time to judge by."""
        self._require_all()
        view = self._store.view()
        self._resources.settle(view, self._caller.principal.subject)
        return find_time(self._clock(), view)

    def _look(self) -> tuple[datetime, Judge]:
        now = self._enter()
        return now, Judge(self._catalog, now, self._store.find_last_uses())

    def _entry(self, event: AuditEvent, record: Record, now: datetime, **details: Any) -> AuditEntry:
        return AuditEntry(
            timestamp=now,
            event=event,
            user_id=self._caller.principal.subject,
            resource_id=record.id,
            ip_address=self._caller.address,
            user_agent=self._caller.agent,
            details={"name": clean_text(record.name), **details, **self._caller.describe_seat()},
        )

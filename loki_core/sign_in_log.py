"""What the log learns of sign-ins at this terminal: who became whom, until when, and why somebody did not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.auth_journal import AuthJournal
from loki_core.errors import ProviderUnavailable, SignInFailed
from loki_core.principal import Caller


class SignInLog:
    """Notes sign-ins, each entry with who sits at the terminal."""

    def __init__(self, journal: AuthJournal, clock: Callable[[], datetime], caller: Caller) -> None:
        """Prepare.

        Args:
            journal: where entries go.
            clock: returns the current time, aware.
            caller: who is at the keyboard, as far as the operating system knows.
        """
        self._journal = journal
        self._clock = clock
        self._caller = caller

    def note(self, event: AuditEvent, user_id: str, **details: Any) -> None:
        """Note what somebody did."""
        self._journal.note(self._make_entry(event, user_id, details))

    @contextlib.contextmanager
    def noting_failures(self) -> Iterator[None]:
        """Note it when the block ends with a refusal, unless whoever began it cancelled it."""
        try:
            yield
        except (SignInFailed, ProviderUnavailable) as error:
            if error.code != "cancelled":
                subject = self._caller.principal.subject
                entry = self._make_entry(AuditEvent.OIDC_FAIL, subject, {"reason": error.message}, error.code)
                self._journal.note_refusal(entry)
            raise

    def _make_entry(self, event: AuditEvent, user_id: str, details: dict[str, Any], error: str = "") -> AuditEntry:
        seat = self._caller.describe_seat()
        if user_id != self._caller.principal.subject:
            seat["operator"] = self._caller.principal.subject
        return AuditEntry(
            timestamp=self._clock(),
            event=event,
            user_id=user_id,
            resource_type="session",
            ip_address=self._caller.address,
            user_agent=self._caller.agent,
            success=not error,
            error=error,
            details={**details, **seat},
        )

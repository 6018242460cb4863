"""What can be logged: the events, by name, and an entry's fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from loki_core.frozen import dataclass, field


class AuditEvent(StrEnum):
    """The kinds of events: area, object, deed."""

    TOKEN_CREATE = "auth.token.create"  # noqa: S105
    TOKEN_ROTATE = "auth.token.rotate"  # noqa: S105
    TOKEN_REVOKE = "auth.token.revoke"  # noqa: S105
    TOKEN_DELETE = "auth.token.delete"  # noqa: S105
    TOKEN_USE = "auth.token.use"  # noqa: S105
    FAIL = "auth.fail"
    OIDC_SUCCESS = "auth.oidc.success"
    OIDC_FAIL = "auth.oidc.fail"
    SIGN_IN_START = "auth.session.start"
    SIGN_IN_END = "auth.session.end"
    PERMISSION_DENIED = "permission.denied"
    POLICY_CHANGE = "policy.change"
    LOCK_SET = "lock.set"
    LOCK_LIFTED = "lock.lifted"
    PRUNE = "audit.prune"
    RECOVER = "audit.recover"
    STORE_REPAIRED = "store.repaired"
    WORK_START = "session.start"
    WORK_STOP = "session.stop"
    TASK_CREATE = "task.create"


GRANTS = frozenset({AuditEvent.TOKEN_CREATE, AuditEvent.TOKEN_ROTATE, AuditEvent.TOKEN_DELETE})
"""Logged before they are stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the log, in the peer's fields and ours.

    Attributes:
        timestamp: when (UTC).
        event: what happened: one of AuditEvent, or what another writer put there.
        resource_type, resource_id: what it was done to; of `auth.token.*` the token's id.
        user_id: who did it; never empty.
        token_id: the token that was presented, when a secret proved one, or "".
        ip_address, user_agent: where the caller was and what it called itself, or "".
        success: whether it was done.
        error: the stable code of why not, or "".
        details: what else there is to say; never a secret.
        seq: the line's number in the whole log, or 0 before it is written.
    """

    timestamp: datetime
    event: str
    user_id: str
    resource_type: str = "token"
    resource_id: str = ""
    token_id: str = ""
    ip_address: str = ""
    user_agent: str = ""
    success: bool = True
    error: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0

    @property
    def action(self) -> str:
        """The deed alone: the event's last word."""
        return self.event.rpartition(".")[2]

"""Switching the log off and on: the last word before a silence, and the first word after it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.principal import SEAT

_RESOURCE = "audit"


def describe_switch(entry: AuditEntry, *, enabled: bool) -> AuditEntry:
    """Return the entry that says that the log is switched off, or on again.

    Args:
        entry: the one before which it is said: by its user and at its time.
        enabled: whether the log is on.
    """
    return AuditEntry(
        timestamp=entry.timestamp,
        event=AuditEvent.POLICY_CHANGE,
        user_id=entry.user_id,
        resource_type=_RESOURCE,
        ip_address=entry.ip_address,
        user_agent=entry.user_agent,
        details={"enabled": enabled, **{name: entry.details[name] for name in SEAT if name in entry.details}},
    )


def says_off(fields: Mapping[str, Any]) -> bool:
    """Tell whether a line says that the log is switched off."""
    details = fields.get("details")
    return (
        fields.get("event") == AuditEvent.POLICY_CHANGE
        and fields.get("resource_type") == _RESOURCE
        and isinstance(details, Mapping)
        and details.get("enabled") is False
    )

"""What a commit mends on its way, put in words for the audit log. Pure."""

from __future__ import annotations

from loki_core.interfaces import Finding
from loki_core.tokens.snapshot import Snapshot


def describe_repairs(view: Snapshot) -> tuple[Finding, ...]:
    """Return a finding for each revocation that another writer had undone in what the view shows."""
    return tuple(
        Finding(
            code="revocation_undone",
            severity="warning",
            message=f"{token_id} was revoked, but its record said otherwise: revoked again",
            remedy="find out who rewrote the store, or which backup was restored",
        )
        for token_id in view.undone
    )

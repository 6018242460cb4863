"""How tokens, principals and counts of the log look as JSON, in commands and over HTTP alike. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loki_core.tokens.record import format_time

if TYPE_CHECKING:
    from loki_core.audit.summary import AuditSummary, Tally
    from loki_core.principal import Principal
    from loki_core.tokens.token import Token


def describe_token(token: Token) -> dict[str, Any]:
    """Return a token as JSON shows it."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "effective_scopes": list(token.effective_scopes),
        "role": token.role,
        "owner": token.owner,
        "status": str(token.status),
        "created_at": format_time(token.created_at),
        "expires_at": format_time(token.expires_at),
        "last_used": format_time(token.last_used),
        "revoked": token.revoked,
        "revoked_at": format_time(token.revoked_at),
    }


def describe_principal(principal: Principal) -> dict[str, Any]:
    """Return a principal as JSON shows it."""
    return {
        "subject": principal.subject,
        "name": principal.name,
        "role": principal.role,
        "scopes": list(principal.scopes),
        "effective_scopes": list(principal.effective_scopes),
        "method": str(principal.method),
        "expires_at": format_time(principal.expires_at),
    }


def describe_summary(summary: AuditSummary) -> dict[str, Any]:
    """Return what happened in the last days as JSON shows it."""
    return {
        "since": format_time(summary.since),
        "until": format_time(summary.until),
        "entries": summary.entries,
        "days": [_describe_tally(tally) for tally in summary.days],
        "events": [_describe_tally(tally) for tally in summary.events],
        "actors": [_describe_tally(tally) for tally in summary.actors],
        "failed_sign_ins": {
            "last_hour": summary.failures,
            "by_code": dict(summary.failures_by_code),
            "by_address": dict(summary.failures_by_address),
        },
        "oldest_at": format_time(summary.oldest_at),
        "newest_at": format_time(summary.newest.timestamp) if summary.newest else None,
        "unreadable": summary.unreadable,
    }


def _describe_tally(tally: Tally) -> dict[str, Any]:
    return {"name": tally.name, "ok": tally.ok, "failed": tally.failed}

"""How tokens and principals look as JSON, in commands and over HTTP alike. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loki_core.tokens.record import format_time

if TYPE_CHECKING:
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

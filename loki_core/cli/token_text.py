"""A token as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from loki_core.cli.failure import clean
from loki_core.tokens.record import format_time

if TYPE_CHECKING:
    from loki_core import Principal, Token


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


def format_day(time: datetime | None, otherwise: str = "never") -> str:
    """Return the UTC date."""
    return f"{time:%Y-%m-%d}" if time else otherwise


def format_minute(time: datetime | None, otherwise: str = "never") -> str:
    """Return the UTC date and time to the minute, without a blank in it."""
    return f"{time:%Y-%m-%dT%H:%MZ}" if time else otherwise


def join_scopes(scopes: Iterable[str], separator: str = ", ") -> str:
    """Return scopes in their order, fit for a screen."""
    return clean(separator.join(scopes))


def name_token(token: Token) -> str:
    """Return a token's name and id, fit for a screen."""
    name, token_id = clean(token.name), clean(token.id)
    return f"{name} ({token_id})" if name and name != token_id else token_id

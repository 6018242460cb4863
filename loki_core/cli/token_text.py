"""A token as text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from loki_core.cli.failure import clean

if TYPE_CHECKING:
    from loki_core import Token


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

"""Pages of a list: a cursor names the last row that was given, so that rows made or removed meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime

from loki_core.errors import InvalidInput
from loki_core.tokens.token import Token

MOST_ROWS = 1_000
LONGEST_CURSOR = 512
_PAST = datetime.min.replace(tzinfo=UTC)


def cut_page(tokens: Sequence[Token], limit: int, cursor: str) -> tuple[list[Token], str]:
    """Return one page, oldest first, and the cursor that leads on, or "".

    Args:
        tokens: all that were asked for.
        limit: how many at most.
        cursor: where the page before ended, or "".

    Raises:
        InvalidInput: `invalid_cursor`.
    """
    rows = sorted(tokens, key=_find_place)
    if cursor:
        after = _parse(cursor)
        rows = [token for token in rows if _find_place(token) > after]
    page = rows[:limit]
    return page, _format(_find_place(page[-1])) if len(rows) > limit else ""


def _find_place(token: Token) -> tuple[str, str]:
    return ((token.created_at or _PAST).astimezone(UTC).isoformat(timespec="microseconds"), token.id)


def _format(place: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode("\n".join(place).encode()).decode("ascii").rstrip("=")


def _parse(cursor: str) -> tuple[str, str]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        created, _, token_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8").partition("\n")
        datetime.fromisoformat(created)
    except (ValueError, binascii.Error):
        raise InvalidInput(
            "that cursor is none of ours", code="invalid_cursor", remedy="use X-Next-Cursor of the page before"
        ) from None
    return created, token_id

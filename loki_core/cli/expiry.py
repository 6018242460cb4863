"""`--expires`, as generate and rotate take it, and spans of time such as 14d."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from loki_core.cli.failure import UsageError
from loki_core.tokens.policy import DEFAULT, ExpiresDays, parse_expiry

if TYPE_CHECKING:
    from loki_core.cli.arguments import Parser

_SPAN = re.compile(r"([0-9]{1,5})([hdw]?)\Z")
_UNITS = {"h": timedelta(hours=1), "": timedelta(days=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Expiry(TypedDict, total=False):
    """The end of a token, as the library's functions take it."""

    expires_days: ExpiresDays
    expires_at: datetime


def declare_expiry(parser: Parser, otherwise: str) -> None:
    """Add `--expires`; `otherwise` says what holds without it."""
    parser.add_argument(
        "--expires", metavar="N", help=f"days until it ends, a last day such as 2027-03-31, or never ({otherwise})"
    )


def read_expiry(text: str | None) -> Expiry:
    """Return what `--expires` asks for.

    Raises:
        InvalidInput: `invalid_expiry`.
    """
    if text is None:
        return {"expires_days": DEFAULT}
    wanted = parse_expiry(text)
    return {"expires_at": wanted} if isinstance(wanted, datetime) else {"expires_days": wanted}


def read_span(text: str | None, option: str) -> timedelta | None:
    """Return a span such as 14d, 36h or 2w; days when no unit is given.

    Raises:
        UsageError: `invalid_span`.
    """
    if text is None:
        return None
    found = _SPAN.match(text.strip().lower())
    if found is None or int(found[1]) == 0:
        raise UsageError(f"{option} is not a span of time", code="invalid_span", remedy=f"such as {option} 14d")
    return int(found[1]) * _UNITS[found[2]]

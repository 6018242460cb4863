"""What a term of the filter line can be about on the Tokens screen. Pure."""

from __future__ import annotations

from operator import attrgetter

from loki_tui.filtering import Field, holds, starts
from loki_tui.rows import Row


def _is_never(value: object, text: str) -> bool:
    return ("never" if value is None else "yes").startswith(text)


def _names_scope(scopes: tuple[str, ...], text: str) -> bool:
    return any(scope.lower().startswith(text) for scope in scopes)


def _needs(concern: str | None, text: str) -> bool:
    return concern is not None and concern.startswith(text)


def _holds_id(row: Row, text: str) -> bool:
    return any(text in token.id for token in row.tokens)


TOKEN_FIELDS: dict[str, Field[Row]] = {
    "name": Field(get=attrgetter("sort_name"), means=holds, shared=False),
    "id": Field(get=lambda row: row, means=_holds_id, shared=False),
    "status": Field(get=attrgetter("status"), means=starts),
    "owner": Field(get=attrgetter("owner"), means=holds),
    "role": Field(get=attrgetter("role"), means=starts),
    "scope": Field(get=attrgetter("token.effective_scopes"), means=_names_scope),
    "used": Field(get=attrgetter("last_used"), means=_is_never, shared=False),
    "expires": Field(get=attrgetter("token.expires_at"), means=_is_never, shared=False),
    "note": Field(get=attrgetter("token.note"), means=lambda note, text: text in note.lower(), shared=False),
    "needs": Field(get=attrgetter("concern"), means=_needs),
}
"""The terms there are. `used:never` and `expires:never` say what they say; `needs:` finds what needs somebody."""

"""What the new-token form asks for, as the library takes it and as the command line says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from loki_core import DEFAULT, ExpiresDays, parse_expiry, redact
from loki_tui.dialogs import headless


class MintArguments(TypedDict):
    """The keywords of `tokens.preview` and `tokens.prepare`."""

    scopes: tuple[str, ...] | None
    role: str | None
    expires_days: ExpiresDays
    expires_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """The fields of the form.

    Attributes:
        name: as typed, but for white space at the ends.
        role: the role chosen, or None when scopes are.
        scopes: the scopes chosen, or None when a role is.
        expires: a number of days, a date, or `never`.
        note: as typed.
    """

    name: str
    role: str | None
    scopes: tuple[str, ...] | None
    expires: str
    note: str

    def resolve(self) -> MintArguments:
        """Return the request as the library takes it.

        Raises:
            InvalidInput: `invalid_expiry`, the expiry cannot be read.
        """
        expiry = parse_expiry(self.expires)
        return {
            "scopes": self.scopes,
            "role": self.role,
            "expires_days": DEFAULT if isinstance(expiry, datetime) else expiry,
            "expires_at": expiry if isinstance(expiry, datetime) else None,
            "note": self.note,
        }

    def build_command(self, extra: Sequence[str] = ()) -> list[str]:
        """Return the command line that asks for the same."""
        return headless.generate(
            redact(self.name) or "NAME",
            role=self.role,
            scopes=self.scopes,
            expires=self.expires or "DATE",
            note=redact(self.note.strip()),
            extra=extra,
        )

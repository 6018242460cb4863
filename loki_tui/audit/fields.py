"""What a term of the filter line can be about on the Audit screen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from loki_core import Level
from loki_tui.audit.rows import EntryRow
from loki_tui.filtering import Field, holds


def build_entry_fields(names: Mapping[str, str]) -> dict[str, Field[EntryRow]]:
    """Return the terms there are.

    `actor:` and `token:` know tokens by id and by name. `outcome:` is `ok`, `failed` or the code of an error.
    `level:` means that level and all above it.

    Args:
        names: what tokens are called, by id; it may grow while the fields are in use.
    """

    def is_called(token: str, text: str) -> bool:
        return text in token.lower() or text in names.get(token, "").lower()

    def is_one_called(tokens: tuple[str, ...], text: str) -> bool:
        return any(is_called(token, text) for token in tokens)

    return {
        "event": Field(get=attrgetter("event"), means=lambda event, text: text in event.lower()),
        "actor": Field(get=attrgetter("actor"), means=is_called),
        "token": Field(get=_find_tokens, means=lambda found, text: text in found[1] or is_one_called(found[0], text)),
        "outcome": Field(get=attrgetter("success", "error"), means=_ended),
        "from": Field(get=attrgetter("address"), means=lambda address, text: holds(address.lower() or "local", text)),
        "level": Field(get=attrgetter("level"), means=_is_at_least),
    }


def _find_tokens(row: EntryRow) -> tuple[tuple[str, ...], str]:
    return row.tokens, row.name.lower() if row.kind == "token" else ""


def _ended(outcome: tuple[bool, str], text: str) -> bool:
    success, error = outcome
    return ("ok" if success else "failed").startswith(text) or error.lower().startswith(text)


def _is_at_least(level: Level, text: str) -> bool:
    return any(known.startswith(text) and level.rank >= known.rank for known in Level)

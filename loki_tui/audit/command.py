"""The command that shows without the console what the Audit screen shows. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from loki_core import AuditEvent, Level, safe_text
from loki_tui.audit.fields import build_entry_fields
from loki_tui.audit.rows import EntryRow
from loki_tui.filtering import parse_filter

TAIL = "loki enterprise audit tail"
_AREAS = frozenset(event.rsplit(".", depth)[0] for event in AuditEvent for depth in range(event.count(".") + 1))


def find_options(text: str, row: EntryRow | None, names: Mapping[str, str]) -> tuple[str, bool]:
    """Return the options that mean what a filter line does, and whether they mean all of it.

    The command knows whole names only, so a term is one if it is the whole name of what it has found.

    Args:
        text: the filter line.
        row: an entry that passes it, or None.
        names: what tokens are called, by id.
    """
    wanted = parse_filter(text, build_entry_fields(names))
    options: list[str] = []
    taken: set[str] = set()
    is_all = len(wanted.words) <= 1
    if wanted.words:
        options += ["--text", wanted.words[0]]
    for is_wanted, field, value in wanted.terms:
        option = _find_option(field, value, row, names) if is_wanted and field not in taken else []
        taken.add(field)
        options += option
        is_all = is_all and bool(option)
    return safe_text(shlex.join(options)), is_all


def _find_option(field: str, value: str, row: EntryRow | None, names: Mapping[str, str]) -> list[str]:
    if field == "event" and value in _AREAS:
        return ["--event", value]
    if field == "level" and value in set(Level):
        return ["--level", value]
    if field == "outcome" and value == "failed":
        return ["--failed"]
    if row is None:
        return []
    if field == "actor" and value in {row.actor.lower(), row.actor.lower().removeprefix("os:")}:
        return ["--actor", value]
    if field == "token":
        called = {row.name: row.name, **{token: token for token in row.tokens}}
        called |= {names[token]: names[token] for token in row.tokens if token in names}
        found = next((name for name in called if name.lower() == value), "")
        return ["--token", found] if found else []
    return []

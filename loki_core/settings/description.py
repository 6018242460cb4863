"""The settings as lines, for `config show --origin`."""

from __future__ import annotations

from typing import Any, NamedTuple

from loki_core.settings.keys import KEYS, Key
from loki_core.settings.sections import Settings


class SettingLine(NamedTuple):
    """One key as it is shown: printable, secrets masked.

    Attributes:
        key: the dotted key.
        value: what holds, or `not set`.
        origin: where that comes from.
        note: what a project file says in vain about it, or "".
    """

    key: str
    value: str
    origin: str
    note: str


def describe(settings: Settings) -> tuple[SettingLine, ...]:
    """Return one line for every key, in the order of the table."""
    ignored = {entry.key: entry for entry in settings.ignored}
    lines = []
    for key in KEYS:
        value = get_value(settings, key)
        entry = ignored.get(key.name)
        lines.append(
            SettingLine(
                key=key.name,
                value="not set" if value is None else key.value.show(value),
                origin=str(settings.get_origin(key.name)),
                note=f"the project's line {entry.line} is ignored: {entry.reason}" if entry else "",
            )
        )
    return tuple(lines)


def get_value(settings: Settings, key: Key) -> Any:
    """Return the value of a key."""
    value: Any = settings
    for name in key.path:
        value = getattr(value, name)
    return value

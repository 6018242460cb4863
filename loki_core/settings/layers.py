"""Laying one source of values over another. Pure: what was read comes in, what holds comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from loki_core.frozen import dataclass
from loki_core.settings.keys import KEYS, KEYS_BY_NAME
from loki_core.settings.origin import DEFAULT, IgnoredKey, Origin
from loki_core.settings.reader import Found


class Rank(IntEnum):
    """How strong a layer is."""

    DEFAULT = 0
    HOME = 1
    PROJECT = 2
    ENVIRONMENT = 3


Layer = tuple[Rank, Mapping[str, Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layered:
    """What holds: value, origin and rank of every key."""

    values: dict[str, Any]
    origins: dict[str, Origin]
    ranks: dict[str, int]


def lay_over(layers: Iterable[Layer]) -> Layered:
    """Return what holds when each layer lies over the ones before it, and all over the defaults."""
    values = {key.name: key.default for key in KEYS}
    origins = {key.name: DEFAULT for key in KEYS}
    ranks: dict[str, int] = {key.name: Rank.DEFAULT for key in KEYS}
    for rank, layer in layers:
        for name, found in layer.items():
            values[name], origins[name], ranks[name] = found.value, found.origin, rank
    return Layered(values=values, origins=origins, ranks=ranks)


def sift_project(
    project: Mapping[str, Found], without: Mapping[str, Any], reason: str
) -> tuple[dict[str, Found], tuple[IgnoredKey, ...]]:
    """Return what of an untrusted project file counts, and what does not.

    Keys that need trust have the rule that nothing is stricter.

    Args:
        project: what the file says.
        without: what holds without it.
        reason: why its keys that need trust do not count.
    """
    counts, ignored = {}, []
    for name, found in project.items():
        key = KEYS_BY_NAME[name]
        if found.value == without[name]:
            continue
        if key.is_stricter(found.value, without[name], without):
            counts[name] = found
            continue
        assert found.origin.file is not None  # noqa: S101 - it was read from a file
        why = reason if key.needs_trust else f"not stricter than what holds without it, and {reason}"
        ignored.append(IgnoredKey(key=name, file=found.origin.file, line=found.origin.line, reason=why))
    return counts, tuple(ignored)

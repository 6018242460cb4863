"""A JSON array of the stored objects (RFC 8259), in ASCII. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loki_core.audit.lines import LoggedLine


def format_json_array(lines: Iterable[LoggedLine]) -> Iterator[str]:
    """Yield the array piece by piece: one object a line."""
    opening = "["
    for line in lines:
        yield f"{opening}\n{line.format_json()}"
        opening = ","
    yield "[]\n" if opening == "[" else "\n]\n"

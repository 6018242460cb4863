"""The log's entries for other programs: a JSON array, a spreadsheet's CSV, ArcSight's CEF. Pure, and line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from loki_core.audit.formats.cef import format_cef
from loki_core.audit.formats.csv_table import format_csv
from loki_core.audit.formats.json_array import format_json_array
from loki_core.audit.lines import LoggedLine

Format = Callable[[Iterable[LoggedLine]], Iterator[str]]
"""Turns entries into pieces of text, each a line or the array's ends."""

FORMATS: Mapping[str, Format] = MappingProxyType({"json": format_json_array, "csv": format_csv, "cef": format_cef})

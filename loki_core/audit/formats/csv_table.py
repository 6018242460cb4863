"""CSV (RFC 4180) that a spreadsheet may open: no cell is a formula. Pure.

A cell that begins with one of `= + - @`, a tab or a line break is run as a formula by spreadsheets (OWASP, "CSV
Injection"): a user agent or a token's name could then send the sheet elsewhere. Such a cell begins with an apostrophe.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from loki_core.audit.chain import HASH_FIELD
from loki_core.audit.lines import LoggedLine
from loki_core.text import safe_text

COLUMNS = (
    "seq",
    "timestamp",
    "level",
    "event",
    "action",
    "user_id",
    "success",
    "error",
    "resource_type",
    "resource_id",
    "token_id",
    "ip_address",
    "user_agent",
    "details",
    HASH_FIELD,
    "other",
)
"""`level` is derived; `details` and `other` (fields that we do not know) are JSON."""
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def format_csv(lines: Iterable[LoggedLine]) -> Iterator[str]:
    """Yield a heading and a row for each entry."""
    yield _format_row(COLUMNS)
    for line in lines:
        yield _format_row(_list_cells(line))


def _list_cells(line: LoggedLine) -> Iterator[str]:
    fields = line.fields
    for column in COLUMNS:
        if column == "level":
            yield str(line.level)
        elif column == "event":
            yield line.entry.event
        elif column == "details":
            yield json.dumps(fields.get(column) or {})
        elif column == "other":
            other = {name: value for name, value in fields.items() if name not in COLUMNS}
            yield json.dumps(other) if other else ""
        else:
            value = fields.get(column)
            yield "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _format_row(cells: Iterable[str]) -> str:
    row = io.StringIO()
    csv.writer(row).writerow(escape_cell(cell) for cell in cells)
    return row.getvalue()


def escape_cell(cell: str) -> str:
    """Return the cell as one printable line that no spreadsheet takes for a formula."""
    is_dangerous = cell.startswith(_DANGEROUS) or cell.lstrip().startswith(_DANGEROUS)
    return f"'{safe_text(cell)}" if is_dangerous else safe_text(cell)

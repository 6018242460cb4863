"""`config show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loki_core.cli import output
from loki_core.cli.columns import Column, write_columns
from loki_core.cli.failure import clean
from loki_core.cli.opening import check_directory

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Settings
    from loki_core.cli.arguments import Parser

_COLUMNS = (Column("KEY"), Column("VALUE", least=12))
_WITH_ORIGIN = (*_COLUMNS, Column("ORIGIN", least=14))


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--origin", action="store_true", help="also say where each value comes from, and what a project says in vain"
    )


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    check_directory()
    import os
    from pathlib import Path

    from loki_core.settings import load_settings
    from loki_core.settings.description import describe

    settings = load_settings(os.environ, Path.cwd())
    if options.json:
        output.write_json(_describe(settings, with_origin=options.origin))
        return 0
    lines = describe(settings)
    if options.origin:
        rows = [(line.key, clean(line.value), clean(_join_origin(line.origin, line.note))) for line in lines]
        write_columns(_WITH_ORIGIN, rows)
    else:
        write_columns(_COLUMNS, [(line.key, clean(line.value)) for line in lines])
    return 0


def _join_origin(origin: str, note: str) -> str:
    return f"{origin}; {note}" if note else origin


def _describe(settings: Settings, *, with_origin: bool) -> dict[str, Any]:
    from loki_core.settings.description import describe, get_value
    from loki_core.settings.keys import KEYS_BY_NAME

    shown: dict[str, Any] = {}
    for line in describe(settings):
        value = get_value(settings, KEYS_BY_NAME[line.key])
        # Numbers, truth values and null as they are; all else as it is shown, with secrets masked.
        value = value if value is None or isinstance(value, bool | int) else line.value
        shown[line.key] = {"value": value, "origin": line.origin, "note": line.note} if with_origin else value
    return shown

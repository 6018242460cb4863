"""`audit search`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.audit_filters import declare_filters, declare_times, read_count, read_query
from loki_core.cli.audit_rows import RowWriter, warn_of_unreadable, write_json_array
from loki_core.cli.opening import open_loki

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments."""
    declare_times(parser)
    declare_filters(parser)
    parser.add_argument("--limit", metavar="N", help="only the newest N of them")
    parser.epilog = "Newest first. With --json an array of the stored objects."


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    limit = read_count(options.limit, "--limit", otherwise=None)
    with open_loki() as loki:
        found = loki.audit.entries(read_query(options, loki.clock()), limit=limit)
        if options.json:
            write_json_array(found)
            return 0
        count = RowWriter(loki.clock()).write(found)
    if not count and output.is_terminal():
        output.write("No entry is like that.\n")
    warn_of_unreadable(options.program, found.unreadable)
    return 0

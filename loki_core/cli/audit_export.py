"""`audit export`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.audit_filters import declare_filters, declare_times, read_query
from loki_core.cli.failure import UsageError, clean
from loki_core.cli.opening import open_loki

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser

_STDOUT = "-"
_BATCH = 500


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("--format", metavar="F", default="json", help="json (the default), csv or cef")
    parser.add_argument(
        "--output", metavar="FILE", help="a new file, readable by you alone; - is standard output", required=True
    )
    declare_times(parser)
    declare_filters(parser)
    parser.epilog = (
        "Oldest first. JSON is an array of the stored objects, CSV has one column a\n"
        "field and no formula in any cell, CEF (ArcSight) one line an entry."
    )


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    if options.json and options.output == _STDOUT:
        raise UsageError("--json has no place beside --output -", remedy="leave one of them out")
    with open_loki() as loki:
        pieces = _batch(loki.audit.export(options.format, read_query(options, loki.clock())))
        if options.output == _STDOUT:
            for piece in pieces:
                output.write_bytes(piece)
            return 0
        from loki_core.cli.signals import signals_raised
        from loki_core.disk.new_file import write_new_file

        with signals_raised():
            written = write_new_file(options.output, pieces)
    size = os.stat(written.path).st_size
    if options.json:
        output.write_json({"file": written.path, "format": options.format, "bytes": size})
    else:
        output.write(f"Wrote {clean(written.path)} ({size:,} bytes), readable by you alone.\n")
    return 0


def _batch(pieces: Iterable[bytes]) -> Iterator[bytes]:
    found = iter(pieces)
    while batch := b"".join(islice(found, _BATCH)):
        yield batch

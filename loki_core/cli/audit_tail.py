"""`audit tail`."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.audit_filters import declare_filters, read_count, read_query
from loki_core.cli.audit_rows import RowWriter, warn_of_unreadable, write_json_lines
from loki_core.cli.opening import open_loki

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import datetime

    from loki_core import Follower
    from loki_core.cli.arguments import Parser

_LINES = 20
_PAUSE = 0.25
"""Seconds between looks at the log."""


def declare(parser: Parser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add("-n", "--lines", metavar="N", help=f"how many of the newest entries (default: {_LINES})")
    add("-f", "--follow", action="store_true", help="go on with every new entry, until ctrl+c")
    declare_filters(parser)
    parser.epilog = "Oldest first. With --json one stored object a line."


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    count = read_count(options.lines, "--lines", otherwise=_LINES, least=0) or 0
    with open_loki() as loki:
        now = loki.clock()
        query = read_query(options, now)
        if options.follow:
            _follow(loki.audit.follow(query, last=count), now, as_json=options.json)
        found = loki.audit.entries(query, limit=count)
        newest = list(found)[::-1]
    if options.json:
        write_json_lines(newest)
        return 0
    if not RowWriter(now).write(newest) and output.is_terminal():
        output.write("There are no such entries yet.\n")
    warn_of_unreadable(options.program, found.unreadable)
    return 0


def _follow(follower: Follower, now: datetime, *, as_json: bool) -> None:
    """Write every entry as it comes.

    Raises:
        ReaderGone: nobody reads it any more, also when nothing came meanwhile.
        KeyboardInterrupt: somebody pressed ctrl+c.
    """
    rows = RowWriter(now, is_following=True)
    while True:
        new = follower.read_new()
        if as_json:
            write_json_lines(new)
        else:
            rows.write(new)
        _wait()


def _wait() -> None:
    poll = select.poll()
    poll.register(1, 0)  # nothing but that the reader has gone
    for _, happened in poll.poll(_PAUSE * 1000):
        if not happened & select.POLLNVAL:
            raise output.ReaderGone
        time.sleep(_PAUSE)  # a kind of file that cannot be waited for

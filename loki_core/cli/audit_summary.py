"""`audit summary`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.audit_filters import read_count
from loki_core.cli.audit_rows import warn_of_unreadable
from loki_core.cli.columns import Column, format_fields, write_columns
from loki_core.cli.failure import clean
from loki_core.cli.opening import open_loki
from loki_core.cli.token_text import format_minute
from loki_core.json_forms import describe_summary
from loki_core.text import safe_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from loki_core import AuditSummary, Tally
    from loki_core.cli.arguments import Parser

_DAYS = 7
_MOST = 10
_MOST_DAYS = 3650


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("--days", metavar="N", help=f"how many days, today counted, in UTC (default: {_DAYS})")


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    days = min(read_count(options.days, "--days", otherwise=_DAYS) or _DAYS, _MOST_DAYS)
    with open_loki() as loki:
        summary, label = loki.audit.summary(days=days), loki.audit_label
    if options.json:
        output.write_json(describe_summary(summary))
        return 0
    output.write(_format_facts(summary, label, days))
    _write_tallies("DAY", summary.days)
    _write_tallies("EVENT", summary.events[:_MOST])
    _write_tallies("ACTOR", summary.actors[:_MOST])
    _write_counts("FAILED IN THE LAST HOUR", summary.failures_by_code)
    _write_counts("FAILED FROM", summary.failures_by_address)
    warn_of_unreadable(options.program, summary.unreadable)
    return 0


def _format_facts(summary: AuditSummary, label: str, days: int) -> str:
    newest, span = summary.newest, "1 day" if days == 1 else f"{days} days"
    fields = [
        ("Log", clean(label)),
        ("Entries", f"{summary.entries:,} in {span}"),
        ("Oldest", format_minute(summary.oldest_at, "")),
    ]
    if newest is not None:
        event, actor = safe_text(clean(newest.event), limit=30), safe_text(clean(newest.user_id), limit=30)
        fields.append(("Newest", f"{format_minute(newest.timestamp)} {event} by {actor}"))
    sign_ins = "1 sign-in" if summary.failures == 1 else f"{summary.failures:,} sign-ins"
    fields.append(("Failed", f"{sign_ins} in the last hour"))
    return format_fields(fields)


def _write_tallies(title: str, tallies: Sequence[Tally]) -> None:
    if tallies:
        output.write("\n")
        rows = [(clean(tally.name), f"{tally.ok:,}", f"{tally.failed:,}") for tally in tallies]
        write_columns((Column(title, least=12), Column("OK"), Column("FAILED")), rows)


def _write_counts(title: str, counts: Mapping[str, int]) -> None:
    if counts:
        output.write("\n")
        rows = [(clean(name), f"{count:,}") for name, count in list(counts.items())[:_MOST]]
        write_columns((Column(title, least=12), Column("COUNT")), rows)

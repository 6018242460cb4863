"""`doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.findings import describe_findings, format_findings
from loki_core.cli.opening import open_local, open_loki

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--accept-clock",
        action="store_true",
        help="take the clock's time as true, although the store was written later, because the clock was wrong then",
    )
    parser.epilog = "Exit status: 0, or 4 when there is an error among the findings; warnings alone are 0."


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_loki() if options.accept_clock else open_local() as loki:
        if options.accept_clock:
            loki.accept_clock()
        findings = loki.health()
    has_error = any(finding.severity == "error" for finding in findings)
    if options.json:
        output.write_json(describe_findings(findings))
    else:
        output.write(format_findings(findings))
    return 4 if has_error else 0

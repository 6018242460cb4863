"""`oidc check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.findings import describe_findings, format_findings
from loki_core.cli.opening import open_local

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments: there are none."""
    parser.epilog = "Exit status: 0, or 1 when there is an error among the findings."


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_local() as loki:
        findings = loki.oidc.check()
    if options.json:
        output.write_json(describe_findings(findings))
    else:
        output.write(format_findings(findings))
    return 1 if any(finding.severity == "error" for finding in findings) else 0

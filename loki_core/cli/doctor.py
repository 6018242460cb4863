"""`doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.failure import clean
from loki_core.cli.opening import open_loki

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Finding
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
    with open_loki() as loki:
        if options.accept_clock:
            loki.accept_clock()
        findings = loki.health()
    has_error = any(finding.severity == "error" for finding in findings)
    if options.json:
        output.write_json(
            {
                "ok": not has_error,
                "findings": [
                    {
                        "code": finding.code,
                        "severity": finding.severity,
                        "message": finding.message,
                        "remedy": finding.remedy,
                    }
                    for finding in findings
                ],
            }
        )
    else:
        output.write("".join(map(_format, findings)) or "ok       nothing was found\n")
    return 4 if has_error else 0


def _format(finding: Finding) -> str:
    remedy = f"         {clean(finding.remedy)}\n" if finding.remedy else ""
    return f"{finding.severity:<7}  {clean(finding.message)}\n{remedy}"

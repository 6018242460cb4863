"""Findings of a check, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from loki_core.cli.failure import clean

if TYPE_CHECKING:
    from loki_core import Finding


def describe_findings(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return findings as JSON shows them; `ok` is whether there is no error among them."""
    return {
        "ok": not any(finding.severity == "error" for finding in findings),
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity,
                "message": clean(finding.message),
                "remedy": clean(finding.remedy),
            }
            for finding in findings
        ],
    }


def format_findings(findings: Sequence[Finding]) -> str:
    """Return findings as lines, each followed by its remedy."""
    return "".join(map(_format, findings)) or "ok       nothing was found\n"


def _format(finding: Finding) -> str:
    remedy = f"         {clean(finding.remedy)}\n" if finding.remedy else ""
    return f"{finding.severity:<7}  {clean(finding.message)}\n{remedy}"

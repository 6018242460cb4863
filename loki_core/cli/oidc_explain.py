"""`oidc explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loki_core.cli import output
from loki_core.cli.columns import format_fields
from loki_core.cli.credential import declare_source, read_credential
from loki_core.cli.failure import clean
from loki_core.cli.opening import open_local
from loki_core.cli.token_text import join_scopes

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser
    from loki_core.oidc.explain import Explanation


def declare(parser: Parser) -> None:
    """Add the arguments."""
    declare_source(parser)
    parser.epilog = (
        "The token is read from standard input or LOKI_TOKEN, shown nowhere and sent to nobody.\n"
        "Exit status: 0 when it holds every rule, else 1."
    )


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_local() as loki:
        inspection = loki.oidc  # before a token is asked for: without a provider there is nothing to say
        explanation, problem = inspection.explain(read_credential(options.source).reveal())
    if options.json:
        output.write_json(_describe(explanation, problem))
    else:
        output.write(_format(explanation, problem))
    return 0 if explanation.is_accepted else 1


def _describe(explanation: Explanation, problem: str) -> dict[str, Any]:
    decision = explanation.decision
    return {
        "valid": explanation.is_accepted,
        "rules": [
            {
                "rule": line.rule.name,
                "section": line.rule.section,
                "says": line.rule.says,
                "outcome": str(line.outcome),
                "reason": clean(line.reason),
            }
            for line in explanation.lines
        ],
        "role": None if decision is None else decision.role.name,
        "scopes": [] if decision is None else list(decision.scopes),
        "because": [] if decision is None else [clean(step) for step in decision.steps],
        "problem": clean(problem),
    }


def _format(explanation: Explanation, problem: str) -> str:
    lines = []
    for line in explanation.lines:
        lines.append(f"{line.outcome:<11}  {line.rule.says} ({line.rule.section})")
        if line.reason:
            lines.append(f"{'':<11}  {clean(line.reason)}")
    decision = explanation.decision
    verdict = "taken" if explanation.is_accepted else "refused"
    fields = [("This token is", verdict), ("The keys", clean(problem))]
    if decision is not None:
        fields += [("Role" if explanation.is_accepted else "Role, if it were good", clean(decision.role.name))]
        fields += [("Scopes", join_scopes(decision.scopes))]
        fields += [("Because", clean(step)) for step in decision.steps]
    return "\n".join(lines) + "\n\n" + format_fields(fields)

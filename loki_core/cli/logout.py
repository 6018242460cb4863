"""`logout`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.failure import clean
from loki_core.cli.opening import is_signed_in, open_local

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import SignedOut
    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments: there are none."""
    parser.epilog = "The sign-in is removed here also when the provider does not answer. Exit status: 0 in either case."


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_local() as loki:
        done = loki.sign_in.sign_out() if is_signed_in() else None
    session = None if done is None else done.session
    if options.json:
        output.write_json(
            {
                "signed_out": done is not None,
                "subject": None if session is None else session.principal.subject,
                "revoked": done is not None and done.is_revoked,
                "problem": "" if done is None else clean(done.problem),
            }
        )
    else:
        output.write(_format(done))
    return 0


def _format(done: SignedOut | None) -> str:
    if done is None:
        return "Nobody is signed in here.\n"
    if done.session is None:
        return "Signed out.\n"
    line = f"Signed out: {clean(done.session.principal.name)} ({clean(done.session.principal.subject)})\n"
    if done.problem:
        line += f"The provider did not take back what it gave: {clean(done.problem)}\n"
    return line

"""`config trust`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.failure import clean
from loki_core.cli.opening import check_directory

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("--forget", action="store_true", help="trust it no longer")
    parser.epilog = (
        "Trusts ./.loki/config.yaml as it is now: read it before. A changed file has to be trusted anew.\n"
        "Until then its settings count only where they are stricter than what would hold without it."
    )


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    check_directory()
    return _forget(as_json=options.json) if options.forget else _trust(as_json=options.json)


def _trust(*, as_json: bool) -> int:
    from loki_core.settings import load_settings
    from loki_core.settings.trust import trust_project

    ignored = [entry.key for entry in load_settings(os.environ, Path.cwd()).ignored]
    trusted = trust_project(os.environ, Path.cwd())
    if as_json:
        output.write_json({"path": os.fspath(trusted.path), "sha256": trusted.sha256, "now_counts": ignored})
        return 0
    lines = [f"Trusted {clean(trusted.path)}", f"SHA-256: {trusted.sha256}"]
    if ignored:
        lines.append(f"Counts from now on: {clean(', '.join(ignored))}")
    output.write("".join(f"{line}\n" for line in lines))
    return 0


def _forget(*, as_json: bool) -> int:
    from loki_core.settings.trust import forget_project

    was_trusted = forget_project(os.environ, Path.cwd())
    if as_json:
        output.write_json({"was_trusted": was_trusted})
    else:
        output.write("It is trusted no longer\n" if was_trusted else "It was not trusted\n")
    return 0

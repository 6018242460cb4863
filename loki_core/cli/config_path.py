"""`config path`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loki_core.cli import output
from loki_core.cli.failure import clean
from loki_core.cli.opening import check_directory

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments: there are none."""
    parser.epilog = (
        "Prints the files that exist, the weakest first, one a line; when there is none, the one to make.\n"
        "LOKI_CONFIG names one file instead; LOKI_HOME moves ~/.loki."
    )


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    check_directory()
    files = list(list_files())
    if options.json:
        output.write_json({"files": files})
        return 0
    shown = [file for file in files if file["exists"]] or files[:1]
    output.write("".join(f"{clean(file['path'])}\n" for file in shown))
    return 0


def list_files() -> Iterator[dict[str, Any]]:
    """Yield the configuration files that are looked for, the weakest first: path, kind and whether they exist."""
    from loki_core.settings.places import find_places

    places = find_places(os.environ, Path.cwd())
    if places.named is not None:
        yield _describe(places.named, "named")
        return
    yield _describe(places.home_file, "user")
    if places.project_file != places.home_file:
        yield _describe(places.project_file, "project")


def _describe(path: Path, kind: str) -> dict[str, Any]:
    return {"path": os.fspath(path), "kind": kind, "exists": os.path.lexists(path)}

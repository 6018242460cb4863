"""`config validate`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loki_core.cli import output
from loki_core.cli.config_path import list_files
from loki_core.cli.failure import clean
from loki_core.cli.opening import check_directory
from loki_core.errors import ConfigurationError

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser
    from loki_core.settings.validation import Validation


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="what to check; without it, the files that are read, and the environment",
    )
    parser.epilog = "Prints one problem a line. Exit status: 2 when there is any."


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    from loki_core.settings.validation import validate_file

    check_directory()
    paths = [options.file] if options.file else [file["path"] for file in list_files() if file["exists"]]
    checked = [(path, validate_file(Path(path))) for path in paths]
    together = [] if options.file or any(found.problems for _, found in checked) else _check_together()
    is_valid = not together and not any(found.problems for _, found in checked)
    if options.json:
        output.write_json(
            {
                "valid": is_valid,
                "files": [_describe(path, found) for path, found in checked],
                "problems": [_describe_problem(problem) for problem in together],
            }
        )
    else:
        lines = [line for path, found in checked for line in _format(path, found)]
        lines += [clean(problem) for problem in together]
        output.write("".join(f"{line}\n" for line in lines or ["There is no configuration file: the defaults hold."]))
    return 0 if is_valid else 2


def _check_together() -> list[ConfigurationError]:
    from loki_core.settings import load_settings

    try:
        load_settings(os.environ, Path.cwd())
    except ConfigurationError as error:
        return [error]
    return []


def _describe(path: str, found: Validation) -> dict[str, Any]:
    return {
        "file": clean(path),
        "valid": not found.problems,
        "problems": [_describe_problem(problem) for problem in found.problems],
        "notes": [clean(note) for note in found.notes],
    }


def _describe_problem(problem: ConfigurationError) -> dict[str, str]:
    return {"code": problem.code, "message": clean(problem.message), "remedy": clean(problem.remedy)}


def _format(path: str, found: Validation) -> list[str]:
    verdict = [clean(problem) for problem in found.problems] or [f"{clean(path)}: valid"]
    return [*verdict, *(clean(note) for note in found.notes)]

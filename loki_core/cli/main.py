"""Where `loki` begins: finds the command that is meant, runs it, and turns what went wrong into an exit status.

Exit status: 0 done · 1 refused by store or policy, or not found · 2 wrong by itself · 3 not allowed · 4 storage
refused, audit unavailable, output not written · 70 a mistake of ours · 130 interrupted · 141 nobody reads our output.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

PROGRAM = "loki"


def run() -> NoReturn:
    """Run the program that the command line asks for, and end the process."""
    gc.disable()  # a command ends before its garbage matters; looking for it takes a tenth of a start
    try:
        name = os.path.basename(sys.argv[0])
        program = PROGRAM if name == PROGRAM else "loki-core"
        arguments = sys.argv[1:]
        if program == PROGRAM and arguments[:1] != ["enterprise"]:
            from loki_core.cli.passing import pass_on

            pass_on(sys.argv[0], arguments)
        status = main(arguments, program=program)
    except KeyboardInterrupt:
        status = 130
    raise SystemExit(status)


def main(arguments: Sequence[str], *, program: str = PROGRAM) -> int:
    """Run one command and return the exit status.

    Args:
        arguments: what follows the program's name.
        program: what the program is called, for its messages.
    """
    from loki_core.cli import failure, output

    output.open_missing_streams()
    as_json = "--json" in _list_options(arguments)
    try:
        if sys.platform == "win32":
            failure.refuse_windows()
        from loki_core.hardening import harden_process

        harden_process()
        return _run_command(arguments, program)
    except failure.Interrupted as error:
        return error.report(program)
    except KeyboardInterrupt:
        return 130
    except output.ReaderGone:
        return 141
    except Exception as error:  # noqa: BLE001 - whatever it is, its values must not be printed
        try:
            return failure.report(error, program=program, as_json=as_json)
        except output.ReaderGone:
            return 141


def _list_options(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _run_command(arguments: Sequence[str], program: str) -> int:
    from loki_core.cli.commands import find_command

    found = find_command(arguments, program)
    if isinstance(found, str):  # help or version was asked for
        from loki_core.cli import output

        output.write(found)
        return 0
    from loki_core.cli.arguments import parse_arguments

    return found.run(parse_arguments(found, program))

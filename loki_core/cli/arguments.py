"""The command line of one command: read without ever repeating what might be a secret."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from loki_core.cli import output
from loki_core.cli.failure import UsageError
from loki_core.tokens.secret import holds_jwt, holds_secret

if TYPE_CHECKING:
    from loki_core.cli.commands import Command

_OPTION = re.compile(r"--?[A-Za-z][A-Za-z-]{0,30}\Z")
_TAKES_NOTHING = "ignored explicit argument"


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal; argparse alone would import shutil and its compressors to find out."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size(1).columns
        except OSError:
            width = 80
        super().__init__(prog, width=min(max(width, 40), 100) - 2)


class Parser(argparse.ArgumentParser):
    """argparse, with errors as exceptions, without abbreviations, and without repeating values."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        Raises:
            UsageError: always.
        """
        if _TAKES_NOTHING in message:  # argparse would repeat the value
            message = message.partition(_TAKES_NOTHING)[0] + "takes no value"
        if message.startswith("argument "):
            message = message.removeprefix("argument ").replace(": ", " ", 1)
        raise UsageError(message, remedy=f"see {self.prog} --help")

    def print_help(self, file: Any = None) -> None:
        """Write the help to standard output."""
        output.write(self.format_help())


def parse_arguments(command: Command, program: str) -> argparse.Namespace:
    """Return the options of a command.

    Raises:
        UsageError: something is missing, unknown, empty, or looks like a secret.
        SystemExit: help was asked for and shown.
    """
    if command.module != "config_validate":  # a file may be called anything, and its name is masked where shown
        check_no_secrets(command.arguments)
    parser = Parser(
        prog=f"{program} {command.words}",
        description=command.summary[0].upper() + command.summary[1:] + ".",
        allow_abbrev=False,
        formatter_class=_Formatter,
    )
    command.declare(parser)
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options, rest = parser.parse_known_args(command.arguments)
    if rest:
        raise _refuse_rest(parser, rest)
    _check_not_empty(parser, options)
    options.program = program
    return options


def check_no_secrets(arguments: Sequence[str]) -> None:
    """Refuse secrets on the command line, where the process list and the shell's history show them.

    Raises:
        UsageError: `secret_in_argument`.
    """
    if any(holds_secret(argument) or holds_jwt(argument) for argument in arguments):
        raise refuse_secret()


def refuse_secret() -> UsageError:
    """Return the error for a secret in the command line, which does not repeat it."""
    return UsageError(
        "secrets are never arguments, where others can see them",
        code="secret_in_argument",
        remedy="give it on standard input or in LOKI_TOKEN, and tokens by name or id; revoke it if others saw it",
    )


def _refuse_rest(parser: Parser, rest: Sequence[str]) -> UsageError:
    see = f"see {parser.prog} --help"
    name = next((argument for argument in rest if argument.startswith("-")), "").partition("=")[0]
    if not name:
        return UsageError("there is an argument too many", remedy=see)
    if not _OPTION.match(name):
        return UsageError("there is an unknown option", remedy=see)
    from difflib import get_close_matches

    known = [option for action in parser._actions for option in action.option_strings]
    nearest = get_close_matches(name, known, n=1)
    return UsageError(f"unknown option {name}", remedy=f"did you mean {nearest[0]}?" if nearest else see)


def _check_not_empty(parser: Parser, options: argparse.Namespace) -> None:
    for action in parser._actions:
        given = getattr(options, action.dest, None)
        values = given if isinstance(given, list) else [given]
        if "" in values and action.dest not in _MAY_BE_EMPTY:
            name = action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest)
            raise UsageError(f"{name} is empty", code="empty_argument", remedy="leave it out, or give it a value")


_MAY_BE_EMPTY = frozenset({"note", "name"})
"""A note may be none, and what is wrong with a new token's name is said by the rules for names."""

"""The table of commands. Help, dispatch and the nearest name to a mistyped one all come from it."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loki_core.cli.failure import UsageError
from loki_core.frozen import dataclass

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser

_TABLE = {
    "start": ("start", "serve the HTTP API, and begin work on a file of the project"),
    "enterprise status": ("status", "show what is configured and how many tokens there are"),
    "enterprise roles": ("roles", "show roles and scopes, and what each includes"),
    "enterprise doctor": ("doctor", "look for what is wrong with store, log, clock and settings"),
    "enterprise whoami": ("whoami", "show who LOKI_TOKEN proves, or else who you are here"),
    "enterprise login": ("login", "sign in with the identity provider, by device code"),
    "enterprise logout": ("logout", "end the sign-in, here and at the provider"),
    "enterprise token generate": ("token_generate", "make a token; its secret is shown once"),
    "enterprise token list": ("token_list", "list tokens"),
    "enterprise token show": ("token_show", "show everything about one token"),
    "enterprise token revoke": ("token_revoke", "revoke tokens, at once and for good"),
    "enterprise token rotate": ("token_rotate", "replace a token's secret; the old one works for a while"),
    "enterprise token delete": ("token_delete", "remove revoked or expired tokens from the store"),
    "enterprise token verify": ("token_verify", "find out whether a secret is good, and whose it is"),
    "enterprise token explain": ("token_explain", "find out why a secret has a scope, or not"),
    "enterprise audit summary": ("audit_summary", "count what happened in the last days, and what failed"),
    "enterprise audit tail": ("audit_tail", "show the newest entries, or follow them as they come"),
    "enterprise audit search": ("audit_search", "find entries by time, event, actor, token or text"),
    "enterprise audit export": ("audit_export", "write entries for another program: JSON, CSV or CEF"),
    "enterprise audit verify": ("audit_verify", "find out whether anybody changed the log, and where"),
    "enterprise audit head": ("audit_head", "show the newest signed head, or the first key, to be written down"),
    "enterprise oidc check": ("oidc_check", "fetch the provider's documents, and say what is right and wrong"),
    "enterprise oidc explain": ("oidc_explain", "say of each rule whether a JWT holds it, and which role results"),
    "enterprise policy check": ("policy_check", "list the tokens that a changed policy would refuse to make"),
    "enterprise config path": ("config_path", "show which configuration files are read"),
    "enterprise config show": ("config_show", "show every setting, and where it comes from"),
    "enterprise config validate": ("config_validate", "check configuration files"),
    "enterprise config trust": ("config_trust", "let this directory's .loki/config.yaml count in full"),
}
_GROUPS = {
    "": "Access to Loki Mode: tokens, roles and who is calling.",
    "enterprise": "Access to Loki Mode: tokens, roles and who is calling.",
    "enterprise token": "API tokens: who may call, what for, and until when.",
    "enterprise audit": "The audit log: what happened, who did it, is it whole.",
    "enterprise oidc": "The identity provider: is it set up right, what do tokens say.",
    "enterprise policy": "The rules for new tokens.",
    "enterprise config": "The settings, from the environment and configuration files.",
}
_STATUS = """\
Exit status: 0 done; 1 refused by store or policy, or not found; 2 wrong by
itself (an option, a scope, a name, the configuration); 3 not allowed; 4 storage
refused or audit log unavailable.
Secrets are never arguments: they are read from standard input, LOKI_TOKEN or
the file that LOKI_TOKEN_FILE names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that was found: its words, its module, and the arguments behind the words."""

    words: str
    module: str
    summary: str
    arguments: tuple[str, ...]

    def declare(self, parser: Parser) -> None:
        """Add the command's own arguments to its parser."""
        importlib.import_module(f"loki_core.cli.{self.module}").declare(parser)

    def run(self, options: Namespace) -> int:
        """Do it and return the exit status."""
        status: int = importlib.import_module(f"loki_core.cli.{self.module}").run(options)
        return status


def find_command(arguments: Sequence[str], program: str) -> Command | str:
    """Return the command that is meant, or the text of the help or the version that was asked for.

    Raises:
        UsageError: there is no such command.
    """
    words = ""
    for position, word in enumerate(arguments):
        if word in ("--help", "-h"):
            return _format_help(words, program)
        if word == "--version" and not words:
            from loki_core import __version__

            return f"{program} {__version__}\n"
        longer = f"{words} {word}".lstrip()
        if longer in _TABLE:
            module, summary = _TABLE[longer]
            rest = tuple(arguments[position + 1 :])
            return Command(words=longer, module=module, summary=summary, arguments=rest)
        if longer not in _GROUPS:
            raise _refuse(word, words, program)
        words = longer
    raise UsageError("no command is given", remedy=f"see {program} {words}".rstrip() + " --help")


def _list_children(group: str) -> dict[str, str]:
    prefix = f"{group} ".lstrip()
    children: dict[str, str] = {}
    for words, (_, summary) in _TABLE.items():
        if words.startswith(prefix):
            word = words[len(prefix) :].split()[0]
            children[word] = _GROUPS.get(prefix + word, summary)
    return children


def _refuse(word: str, group: str, program: str) -> UsageError:
    from difflib import get_close_matches

    see = f"see {program} {group}".rstrip() + " --help"
    # Only what has the form of a command is repeated: what was typed here by mistake may be a secret.
    if not (word.isascii() and word.replace("-", "").isalpha() and len(word) <= 20):
        return UsageError("there is no such command", remedy=see)
    what = "option" if word.startswith("-") else "command"
    nearest = get_close_matches(word, _list_children(group), n=1)
    return UsageError(f"unknown {what} {word}", remedy=f"did you mean {nearest[0]}?" if nearest else see)


def _format_help(group: str, program: str) -> str:
    children = _list_children(group)
    width = max(len(word) for word in children)
    usage = f"{program} {group}".rstrip()
    lines = [f"usage: {usage} COMMAND …", "", _GROUPS[group], ""]
    lines += [f"  {word:<{width}}  {summary}" for word, summary in children.items()]
    lines += ["", f"Each has --help and --json: {usage} {next(iter(children))} --help", "", _STATUS]
    return "\n".join(lines) + "\n"

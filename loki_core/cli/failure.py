"""What went wrong, said in one line, and the exit status that it ends with. No secret passes through here."""

from __future__ import annotations

import os
import re
from typing import NoReturn

from loki_core.cli import output
from loki_core.errors import AuditUnavailable, AuthorizationError, InvalidInput, LokiError, StorageError
from loki_core.text import safe_text
from loki_core.tokens.secret import redact

_LONGEST_LINE = 600
_RANDOM = re.compile(r"(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=[^0-9]*[0-9])[0-9A-Za-z_+=-]{24,}")
"""A long run of mixed characters: half a secret, or another program's, given where a name belongs."""


class UsageError(InvalidInput):
    """The command line is wrong."""

    default_code = "usage"


class Interrupted(BaseException):
    """A signal ended the command between making a token and showing its secret."""

    def __init__(self, number: int, message: str = "") -> None:
        super().__init__(message)
        self.number = number
        self.message = message

    def report(self, program: str) -> int:
        """Say what became of the token and return the exit status."""
        if self.message:
            output.complain(f"{program}: {clean(self.message)}")
        return 128 + self.number


def clean(text: object) -> str:
    """Return the text as one printable line in which everything shaped like a secret is masked."""
    return redact(safe_text(redact(str(text))))


def _mask_random(text: str) -> str:
    return re.sub(r"[0-9A-Za-z_+=-]{24,}", lambda run: "***" if _RANDOM.match(run[0]) else run[0], text)


def get_exit_status(error: LokiError) -> int:
    """Return the exit status that an error ends the program with."""
    if isinstance(error, InvalidInput):
        return 2
    if isinstance(error, AuthorizationError):
        return 3
    if isinstance(error, StorageError | AuditUnavailable):
        return 4
    return 1


def report(error: Exception, *, program: str, as_json: bool) -> int:
    """Say what went wrong and return the exit status.

    Args:
        error: what was raised.
        program: what the program is called.
        as_json: whether the answer goes to standard output as JSON, and nothing to standard error.
    """
    if isinstance(error, LokiError):
        status, code = get_exit_status(error), error.code
        message, remedy = (_mask_random(clean(text)) for text in (error.message, error.remedy))
    else:
        status, code = 70, "internal_error"
        message = f"unexpected error ({type(error).__name__}): what was confirmed before is stored"
        remedy = "set LOKI_DEBUG=1 to see where"
        if os.environ.get("LOKI_DEBUG") == "1":
            output.complain(_format_traceback(error))
    if as_json and code != output.FAILED:
        output.write_json({"error": {"code": code, "message": message, "remedy": remedy}})
        return status
    if isinstance(error, StorageError) and remedy:
        lines = [message, remedy]
    else:
        lines = [f"{message}: {remedy}" if remedy else message]
    output.complain("\n".join(f"{program}: {safe_text(line, limit=_LONGEST_LINE)}" for line in lines))
    return status


def _format_traceback(error: Exception) -> str:
    import traceback

    frames = traceback.TracebackException.from_exception(error, capture_locals=False)
    text = "".join(frames.format())
    for name in ("LOKI_TOKEN", "LOKI_OIDC_CLIENT_SECRET"):
        if len(os.environ.get(name, "")) >= 8:
            text = text.replace(os.environ[name], "***")
    return "\n".join(clean(line) for line in text.splitlines())


def refuse_windows() -> NoReturn:
    """Stop on a system whose files have neither owners nor modes.

    Raises:
        StorageError: always.
    """
    raise StorageError("Windows is not supported: the store's protection needs POSIX file modes", remedy="use WSL")

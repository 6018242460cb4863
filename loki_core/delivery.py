"""Where a new secret goes without passing an eye: a new file, or the standard input of a configured command.

Nothing here says what the secret is: no message holds it, and what a sink prints is thrown away, because it
may echo what it was given. Failure is reported before the token is made live: none is ever held by nobody.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from loki_core.disk.new_file import NewFile, remove_new_file, write_new_file
from loki_core.errors import Refused
from loki_core.text import safe_text
from loki_core.tokens.secret import Secret, holds_secret

SINK_TIMEOUT = 60.0
"""Seconds after which a sink that has not ended is killed."""

_SENSITIVE = ("TOKEN", "SECRET", "PASSWORD")


SecretFile = NewFile
remove_secret_file = remove_new_file


def write_secret_file(path: str | os.PathLike[str], secret: Secret) -> SecretFile:
    """Write the secret and a line break to a new file that only its owner reads; a failure leaves no file.

    Args:
        path: where to; `~` is the home directory. Nothing may be there yet, not even a dangling symlink.
        secret: what to write.

    Raises:
        InvalidInput, Refused, StorageError: as for `write_new_file`.
    """
    return write_new_file(path, [secret.reveal().encode("utf-8") + b"\n"])


def send_to_sink(
    argv: Sequence[str],
    secret: Secret,
    *,
    environ: Mapping[str, str] | None = None,
    timeout: float = SINK_TIMEOUT,
) -> None:
    """Run a command without a shell; it reads the secret alone, without line break, on its standard input.

    Args:
        argv: the program and its arguments, as configured in `session.sinks`.
        secret: what to send.
        environ: the environment to start from, the process's own when None; our secrets are taken out of it.
        timeout: seconds that it may take before it and its children are killed.

    Raises:
        Refused: `sink_failed`: it cannot be started, did not read its input, did not end in time, or did not
            exit with 0. What it printed is not in the message.
    """
    if not argv:
        raise Refused("the sink names no command", code="sink_failed", remedy="set session.sinks.NAME to a list")
    program = safe_text(os.path.basename(argv[0]), limit=40)
    try:
        process = subprocess.Popen(  # noqa: S603 - a configured list, no shell
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_environment(os.environ if environ is None else environ),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its arguments are malformed"
        raise Refused(
            f"the sink {program} cannot be started: {reason}",
            code="sink_failed",
            remedy="install it, or correct session.sinks",
        ) from None
    unread = False
    try:
        with process:
            try:
                process.communicate(secret.reveal().encode("utf-8"), timeout=timeout)
            except BrokenPipeError:
                unread = True
                process.wait(timeout=timeout)
            except BaseException:
                _kill_group(process)
                raise
    except subprocess.TimeoutExpired:
        raise Refused(
            f"the sink {program} did not end within {timeout:g} s and was stopped",
            code="sink_failed",
            remedy="see whether it waits for input or the network",
        ) from None
    if unread or process.returncode != 0:
        raise Refused(
            f"the sink {program} {_describe_end(process.returncode, unread)}",
            code="sink_failed",
            remedy="try it by hand with a harmless line; its output may hold the secret and is not shown",
        )


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a child's environment: without our secrets, where they are, and anything shaped like one."""
    return {
        name: value
        for name, value in environ.items()
        if not (name.startswith("LOKI_") and any(word in name for word in _SENSITIVE)) and not holds_secret(value)
    }


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _describe_end(status: int, unread: bool) -> str:
    if unread:
        return "ended without reading the secret"
    if status < 0:
        return f"was ended by signal {-status}"
    return f"failed with exit status {status}"

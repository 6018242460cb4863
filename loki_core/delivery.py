"""Where a new secret goes without passing an eye: a new file, or the standard input of a configured command.

Nothing here says what the secret is: no message holds it, and what a sink prints is thrown away, because it
may echo what it was given. Failure is reported before the token is made live: none is ever held by nobody.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
from collections.abc import Mapping, Sequence

from loki_core.disk.durability import sync
from loki_core.errors import InvalidInput, LokiError, Refused, StorageError
from loki_core.frozen import dataclass
from loki_core.text import safe_text
from loki_core.tokens.secret import Secret, holds_secret

SINK_TIMEOUT = 60.0
"""Seconds after which a sink that has not ended is killed."""

_FILE_MODE = 0o600
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SENSITIVE = ("TOKEN", "SECRET", "PASSWORD")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """A file that we wrote, told apart from whatever may later stand at its path."""

    path: str
    device: int
    inode: int


def write_secret_file(path: str | os.PathLike[str], secret: Secret) -> SecretFile:
    """Write the secret and a line break to a new file that only its owner reads; a failure leaves no file.

    Args:
        path: where to; `~` is the home directory. Nothing may be there yet, not even a dangling symlink.
        secret: what to write.

    Raises:
        InvalidInput: `invalid_path`, the path is empty or cannot be one.
        Refused: `file_exists`, something is there already, or `no_directory`.
        StorageError: `file_not_written`, for the reason that the system gives.
    """
    target = os.path.expanduser(os.fspath(path)).strip()
    if not target or "\0" in target or holds_secret(target):
        raise InvalidInput(
            "that is no path for a file",
            code="invalid_path",
            remedy="name a new file, such as ~/ci-bot.token",
        )
    target = os.path.abspath(target)
    shown = safe_text(target)
    try:
        descriptor = os.open(target, _NEW_FILE, _FILE_MODE)
    except FileExistsError:
        raise Refused(
            f"{shown} exists already", code="file_exists", remedy="name a new file; nothing is overwritten"
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(
            f"the directory of {shown} does not exist",
            code="no_directory",
            remedy="make it first, or name another",
        ) from None
    except (OSError, UnicodeError) as error:
        raise _not_written(shown, error) from None
    written = None
    try:
        try:
            status = os.fstat(descriptor)
            written = SecretFile(path=target, device=status.st_dev, inode=status.st_ino)
            os.fchmod(descriptor, _FILE_MODE)  # a umask such as 0777 takes our own bits away too
            _write_all(descriptor, secret.reveal().encode("utf-8") + b"\n")
            sync(descriptor)
        finally:
            os.close(descriptor)
        _sync_directory(os.path.dirname(target))
    except BaseException as error:
        if written is not None:
            with contextlib.suppress(OSError):
                remove_secret_file(written)
        if isinstance(error, OSError):
            raise _not_written(shown, error) from None
        raise
    return written


def remove_secret_file(written: SecretFile) -> bool:
    """Remove a file that `write_secret_file` wrote, if it still is the one at its path; tell if it is gone.

    Raises:
        OSError: it is still ours and cannot be removed.
    """
    try:
        status = os.lstat(written.path)
    except FileNotFoundError:
        return True
    if not stat.S_ISREG(status.st_mode) or (status.st_dev, status.st_ino) != (written.device, written.inode):
        return False
    os.unlink(written.path)
    return True


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def _not_written(shown: str, error: Exception) -> LokiError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return StorageError(
        f"{shown} cannot be written: {reason}",
        code="file_not_written",
        remedy="name a file in a directory of yours, with room on its disk",
    )


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

"""What is left of a crash: a report without values, and one paragraph that says where it is.

Textual prints the local variables of every frame, secrets among them, and ends with status 0.
"""

from __future__ import annotations

import os
import platform
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import loki_core
from loki_core import redact
from loki_core.text import safe_text

_SECRET_VARIABLES = ("LOKI_TOKEN", "LOKI_OIDC_CLIENT_SECRET")
_PACKAGES = ("textual", "rich")


def format_crash(error: BaseException, *, now: datetime, environ: Mapping[str, str]) -> str:
    """Return the report of an error: versions and a traceback without local variables, secrets masked."""
    frames = traceback.TracebackException.from_exception(error, capture_locals=False)
    return _clean("".join([*_format_head(now, environ), *frames.format()]), environ)


def format_text_crash(text: str, *, now: datetime, environ: Mapping[str, str]) -> str:
    """Return the report of an error that only its text is known of, secrets masked."""
    return _clean("".join([*_format_head(now, environ), text, "\n"]), environ)


def _format_head(now: datetime, environ: Mapping[str, str]) -> list[str]:
    versions = {"loki-tui": loki_core.__version__, **{name: _get_version(name) for name in _PACKAGES}}
    versions |= {"Python": platform.python_version(), platform.system(): platform.release()}
    inside = [
        word for word, name in (("tmux", "TMUX"), ("screen", "STY"), ("ssh", "SSH_CONNECTION")) if environ.get(name)
    ]
    return [
        f"loki-tui stopped on an unexpected error at {now.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}.\n",
        ", ".join(f"{name} {number}" for name, number in versions.items()) + "\n",
        f"TERM={environ.get('TERM', '')} in {', '.join(inside) or 'nothing else'}\n",
        "Local variables are left out and what looks like a secret is masked.\n\n",
    ]


def _get_version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # dear, and only a crash needs it

    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _clean(text: str, environ: Mapping[str, str]) -> str:
    for name in _SECRET_VARIABLES:
        value = environ.get(name, "")
        if len(value) >= 8:
            text = text.replace(value, "***")
    text = "".join(
        character if character == "\n" or character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
    return redact(text)


def get_report_directory() -> Path:
    """Return where reports go: the user's log directory of loki-tui. Creates nothing."""
    from platformdirs import user_log_path

    return user_log_path("loki-tui", appauthor=False)


def write_report(text: str, directory: Path, *, now: datetime) -> Path:
    """Write a report to a new 0600 file in a 0700 directory, and return its path.

    Raises:
        OSError: it cannot be written.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"crash-{now.astimezone(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
    return path


def describe_crash(error: BaseException | None, report: Path | None, problem: str = "") -> str:
    """Return the paragraph that the person reads: what happened, what it means, and where the report is.

    Args:
        error: what happened; only its type is named, as its text may quote what was typed.
        report: the report's path, or None when it could not be written.
        problem: why it could not be written.
    """
    kind = f" ({type(error).__name__})" if error is not None else ""
    where = f"The report, without values, is in {report}." if report else f"No report could be written: {problem}."
    return (
        f"loki-tui stopped on an unexpected error{kind}. What was confirmed before is stored; what was not, is not. "
        f"{redact(safe_text(where))}"
    )


def report_crash(error: BaseException | None, text: str = "") -> str:
    """Write the report of an error (or of a text about one) and return the paragraph for stderr; never raises."""
    now = datetime.now(UTC)
    environ = os.environ
    try:
        if error is None:
            report = format_text_crash(text, now=now, environ=environ)
        else:
            report = format_crash(error, now=now, environ=environ)
        path = write_report(report, get_report_directory(), now=now)
    except OSError as problem:
        return describe_crash(error, None, problem.strerror or "unknown error")
    except Exception as problem:  # noqa: BLE001 out of memory or files, even an import fails: the console must end
        return describe_crash(error, None, type(problem).__name__)
    return describe_crash(error, path)

"""Standard output and standard error, by descriptor: what was not written is known at once, not at exit."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from typing import Any

from loki_core.errors import StorageError

FAILED = "output_not_written"


class ReaderGone(Exception):
    """Whoever read our output has closed it, as `head` does. No reason to say anything."""


def open_missing_streams() -> None:
    """Occupy the descriptors 0 to 2 where they are closed.

    Otherwise the token store would be opened as descriptor 1, and results written into it. What stands in for them
    is opened the wrong way round, so that using it fails as using a closed one does.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if descriptor == 0 else os.O_RDONLY)


def is_terminal() -> bool:
    """Tell whether results go to a terminal."""
    return os.isatty(1)


def write(text: str) -> None:
    """Write results to standard output, all of them.

    Raises:
        ReaderGone: nobody reads it any more.
        StorageError: `output_not_written`: the disk is full, the terminal is gone, or it was closed.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    write_bytes(text.encode(encoding, "replace"))


def write_bytes(content: bytes) -> None:
    """Write content as it is to standard output, all of it.

    Raises:
        ReaderGone, StorageError: as for `write`.
    """
    data = memoryview(content)
    try:
        while data:
            try:
                data = data[os.write(1, data) :]
            except BlockingIOError:  # whoever gave us the pipe does not wait for it; we do
                select.select([], [1], [])
    except BrokenPipeError:
        raise ReaderGone from None
    except OSError as error:
        raise StorageError(f"standard output cannot be written: {error.strerror}", code=FAILED) from None


def write_json(value: Any) -> None:
    """Write a value as JSON, in ASCII: no name in it can move a terminal's cursor.

    Raises:
        ReaderGone, StorageError: as for `write`.
    """
    write(format_json(value))


def format_json(value: Any) -> str:
    """Return a value as indented JSON with a line break at its end."""
    import json

    return json.dumps(value, indent=2) + "\n"


def complain(line: str, *, end: str = "\n") -> None:
    """Write to standard error; that nobody can be told is no reason to fail otherwise."""
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    with contextlib.suppress(OSError):
        os.write(2, f"{line}{end}".encode(encoding, "replace"))

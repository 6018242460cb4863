"""Faults in a process that runs already: strace attaches to it when its imports are done, so a case takes a blink.

`tests.support.strace` starts a program for each case instead; the list of a write's calls is made the same way here.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.core.faults.family import Child, Line
from tests.support.programs import require_program

LOOKS = (
    "stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "pread64", "getdents64",
    "lseek",
)  # fmt: skip
"""The calls that only look."""
CALLS = (
    *LOOKS, "open", "openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "fchmod", "fchown", "fchownat",
    "mkdir", "mkdirat", "link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "flock", "utimensat",
)  # fmt: skip
"""The calls that read and change files. Not close: strace fails a call by leaving it out, and that one would leak."""

_LINE = re.compile(r"(?P<thread>\d+ +)?(?:<\.\.\. )?(?P<name>\w+)(?P<resumed> resumed)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: the `number`-th of its name in its thread, and strace's line about it."""

    name: str
    number: int
    line: str

    def __str__(self) -> str:
        return f"{self.name}-{self.number}"


def watch_child(deed: Callable[[Line], object], inject: str = "") -> tuple[list[list[Any]], int, list[str]]:
    """Fork a child that waits, attach strace to it, and let it do its deed.

    Args:
        deed: what the child does; it talks through the line that it gets.
        inject: strace's injection, such as `fsync:error=EIO:when=1`; none by default.

    Returns:
        What the child said, its status, and strace's lines.
    """

    def wait_and_do(line: Line) -> None:
        line.say("ready")
        line.hear()
        deed(line)

    with tempfile.NamedTemporaryFile("r", suffix=".strace", errors="replace") as log, Child(wait_and_do) as child:
        child.hear()
        options = ["-f", "-y", "-s", "64", "-o", log.name, "-e", f"trace={','.join(CALLS)}"]
        if inject:
            options += ["-e", f"inject={inject}"]
        strace = subprocess.Popen(
            [require_program("strace", "strace"), *options, "-p", str(child.pid)], stderr=subprocess.PIPE, text=True
        )
        with strace:
            assert strace.stderr is not None
            said = strace.stderr.readline()
            assert "attached" in said, said
            child.say("go")
            messages = list(child.hear_all())
            status = child.wait()
        return messages, status, log.read().splitlines()


def list_calls(deed: Callable[[Line], object], directory: str | Path) -> list[Call]:
    """Return the calls with which a deed looks at, opens or changes what is in a directory, in their order.

    What the threads in the background call is not listed.
    """
    _, status, lines = watch_child(deed)
    assert status == 0, "the deed fails without any fault"
    inside = re.compile(re.escape(str(directory)) + r"[/>\"]")
    counts: dict[str, int] = {}
    calls = []
    threads = [match["thread"] for line in lines if (match := _LINE.match(line)) is not None]
    for line in lines:
        match = _LINE.match(line)
        if match is None or match["resumed"] or match["name"] not in CALLS or match["thread"] != threads[0]:
            continue  # strace counts the calls of each thread for itself
        counts[match["name"]] = counts.get(match["name"], 0) + 1
        if inside.search(line) and " = -1 " not in line:
            calls.append(Call(name=match["name"], number=counts[match["name"]], line=line))
    return calls

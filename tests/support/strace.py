"""Fault injection at the system calls of a real program, by strace.

First list the calls with which a command changes a directory, then run the command once for each of them with
that very call failing. strace counts per thread and per call name, and so does the list; so both runs must do
the same up to the fault, which a fresh home per run and `PYTHONHASHSEED` see to.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import require_program

WRITE_CALLS = (
    "openat", "open", "write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate", "fallocate", "fchmod",
    "fchmodat", "chmod", "fchown", "fchownat", "chown", "mkdir", "mkdirat", "rename", "renameat", "renameat2",
    "link", "linkat", "unlink", "unlinkat", "symlinkat", "flock", "sendfile", "copy_file_range",
)  # fmt: skip
"""The calls that change files, and those that open them."""

_LINE = re.compile(r"(?P<thread>\d+) +(?:<\.\.\. )?(?P<name>\w+)(?P<resumed> resumed>)?")
_WRITING_OPEN = re.compile(r"O_(WRONLY|RDWR|CREAT|DIRECTORY)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a command: the `number`-th of its name in its thread, and strace's line about it."""

    name: str
    number: int
    line: str

    def __str__(self) -> str:
        return f"{self.name}-{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StraceRun:
    """How a command ended: its status and output, the lines of the log, those where a fault was injected."""

    status: int
    stdout: str
    stderr: str
    lines: tuple[str, ...]
    injected: tuple[str, ...]


class Strace:
    """Runs commands under strace; the logs go to a directory of the test.

    Args:
        directory: where the logs are written; not one that the command changes.
        deadline: seconds after which a command is killed.
    """

    def __init__(self, directory: Path, *, deadline: float = 60.0) -> None:
        self._strace = require_program("strace", "strace")
        directory.mkdir(parents=True, exist_ok=True)
        self._log = directory / "strace.log"
        self._deadline = deadline

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        fault: Call | None = None,
        error: str = "ENOSPC",
        persistent: bool = False,
        signal: str = "",
        stdin: str = "",
    ) -> StraceRun:
        """Run a command, with one call failing if `fault` is given.

        Args:
            argv: the command.
            env: its environment.
            fault: the call that fails; None lets all succeed.
            error: the errno's name with which it fails.
            persistent: every later call of that name fails too, as on a disk that stays full.
            signal: instead of failing, deliver this signal there (`SIGKILL`).
            stdin: text for its standard input.
        """
        self._log.unlink(missing_ok=True)
        options = ["-f", "-y", "-q", "-s", "64", "-o", str(self._log), "-e", "trace=" + ",".join(WRITE_CALLS)]
        if fault is not None:
            what = f"signal={signal}" if signal else f"error={error}"
            when = f"{fault.number}+" if persistent else str(fault.number)
            options += ["-e", f"inject={fault.name}:{what}:when={when}"]
        done = subprocess.run(
            [self._strace, *options, *argv],
            env={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", **env},
            cwd=env["HOME"],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=self._deadline,
            start_new_session=True,
        )
        lines = tuple(self._log.read_text(errors="replace").splitlines()) if self._log.exists() else ()
        return StraceRun(
            status=done.returncode,
            stdout=done.stdout,
            stderr=done.stderr,
            lines=lines,
            injected=tuple(line for line in lines if "(INJECTED)" in line),
        )

    def list_writes(
        self, argv: Sequence[str], directory: Path, *, env: Mapping[str, str], stdin: str = ""
    ) -> tuple[Call, ...]:
        """Return the calls with which a command changes what is in a directory, in their order.

        Opening for reading alone is left out, and so are calls that fail by themselves.
        """
        done = self.run(argv, env=env, stdin=stdin)
        assert done.status == 0, f"the command fails without any fault: {done.stderr}"
        return tuple(call for call in count_calls(done.lines) if _changes(call, str(directory)))


def count_calls(lines: Sequence[str]) -> list[Call]:
    """Number the calls of strace's log by thread and name, in the order in which they were entered."""
    counts: dict[tuple[str, str], int] = {}
    calls = []
    for line in lines:
        match = _LINE.match(line)
        if match is None or match["resumed"] or match["name"] not in WRITE_CALLS:
            continue
        key = (match["thread"], match["name"])
        counts[key] = counts.get(key, 0) + 1
        calls.append(Call(name=match["name"], number=counts[key], line=line))
    return calls


def _changes(call: Call, directory: str) -> bool:
    if not re.search(re.escape(directory) + r"[/>\"]", call.line) or " = -1 " in call.line:
        return False
    return call.name not in {"open", "openat"} or _WRITING_OPEN.search(call.line) is not None

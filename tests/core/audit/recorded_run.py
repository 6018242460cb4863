"""A real run of the library, recorded call by call, so that it can be stopped at any byte afterwards.

The run is traced once, with all that it writes; replaying puts a directory into every state that a process which is
killed would leave, and into those that a power failure would.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import loki_core
from loki_core.audit.file_log import FileLog
from loki_core.audit.retention import Retention
from loki_core.audit.seal_schedule import SealSchedule
from loki_core.audit.sealer import Sealer
from loki_core.settings import Settings
from tests.core.workshop import NOON, HandClock
from tests.support.programs import require_program

_CALLS = "openat,write,pwrite64,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,fsync"
_CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)")
_UNFINISHED = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>")
_RUN = "import sys; from tests.core.audit.recorded_run import work; work(sys.argv[1], int(sys.argv[2]))"


def open_loki(home: Path, clock: HandClock) -> loki_core.Loki:
    """Open an installation that keeps its log for two days, in small files, sealed at once."""
    dashboard = home / "dashboard"
    sealer = Sealer(str(dashboard / "keys"))
    schedule = SealSchedule(sealer, clock, user_id="os:alice", retention=Retention(2, sealer))
    log = FileLog(str(dashboard / "audit"), clock=clock, max_file_size=0.004, sealing=schedule)
    return loki_core.open(Settings(home=home), clock=clock, audit=log, environ={})


def work(home: str, days: int) -> None:
    """Work on some days, each in several runs of the library."""
    clock = HandClock()
    for day in range(days):
        clock.now = NOON + timedelta(days=day)
        for run in range(2):
            loki = open_loki(Path(home), clock)
            issued = loki.tokens.generate(f"bot-{day}-{run}")
            for number in range(5):
                clock.move(seconds=25)
                with contextlib.suppress(loki_core.AuthenticationError):
                    loki.authenticate(f"loki_wrong{number}")
            loki.tokens.revoke(issued.token.id)
            loki.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change: a call, the path, what is written and where, or the second path."""

    call: str
    path: str
    data: bytes = b""
    offset: int = -1
    other: str = ""


def record(home: Path, log: Path, days: int) -> list[Step]:
    """Let the library work in a directory, and return what it changed there."""
    strace = require_program("strace", "strace")
    command = [strace, "-f", "-y", "-xx", "-s", "10000000", "-e", f"trace={_CALLS}", "-o", str(log)]
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    subprocess.run([*command, sys.executable, "-c", _RUN, str(home), str(days)], check=True, env=environ)
    return [step for step in _read(log, str(home)) if step is not None]


def _read(log: Path, home: str) -> Iterator[Step | None]:
    waiting: dict[str, str] = {}
    for line in log.read_text().splitlines():
        if begun := _UNFINISHED.match(line):
            waiting[begun[1]] = begun[3]
            continue
        if resumed := _RESUMED.match(line):
            arguments, name, result = waiting.pop(resumed[1], "") + resumed[3], resumed[2], int(resumed[4])
        elif whole := _CALL.match(line):
            arguments, name, result = whole[3], whole[2], int(whole[4].split("<")[0])
        else:
            continue
        if result >= 0:
            yield _parse(name, arguments, result, home)


def _parse(name: str, arguments: str, result: int, home: str) -> Step | None:
    strings = [_unescape(text) for text in _STRING.findall(arguments)]
    places = [os.fsdecode(_unescape(text)) for text in _DESCRIPTOR.findall(arguments)]
    if name in {"write", "pwrite64", "ftruncate", "fsync"}:
        if not places[0].startswith(home):
            return None
        number = int(arguments.rpartition(",")[2]) if name != "fsync" else -1
        data = strings[0][:result] if strings else b""
        return Step(call=name, path=places[0], data=data, offset=number if name != "write" else -1)
    folders = places or ["/"]
    paths = [os.path.join(folders[min(at, len(folders) - 1)], os.fsdecode(text)) for at, text in enumerate(strings)]
    if not paths or not paths[0].startswith(home) or (name == "openat" and "O_CREAT" not in arguments):
        return None
    assert "O_TRUNC" not in arguments
    return Step(call=name.removesuffix("2").removesuffix("at"), path=paths[0], other=paths[1] if paths[1:] else "")


def _unescape(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


class Replay:
    """A directory in which the run happens again, step by step."""

    def __init__(self, recorded: Path, place: Path) -> None:
        self._recorded = str(recorded)
        self._place = str(place)
        self._synced: dict[int, bytes] = {}
        """What is known to be on the disk, by inode."""

    def find(self, path: str) -> str:
        """Return the path in this directory."""
        return self._place + path.removeprefix(self._recorded)

    def do(self, step: Step) -> None:
        """Do a step."""
        path = self.find(step.path)
        if step.call == "open":
            is_new = not os.path.exists(path)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            if is_new:
                self._synced.pop(os.stat(path).st_ino, None)  # a removed file may have had this inode
        elif step.call in {"write", "pwrite64"}:
            with open(path, "r+b") as file:
                file.seek(*((0, os.SEEK_END) if step.offset < 0 else (step.offset,)))
                file.write(step.data)
        elif step.call == "ftruncate":
            os.truncate(path, step.offset)
        elif step.call == "rename":
            os.rename(path, self.find(step.other))
        elif step.call == "link":
            os.link(path, self.find(step.other))
        elif step.call == "unlink":
            os.unlink(path)
        elif step.call == "mkdir":
            os.mkdir(path, 0o700)
        elif step.call == "fsync" and os.path.isfile(path):
            self._synced[os.stat(path).st_ino] = Path(path).read_bytes()

    @contextlib.contextmanager
    def stopped_in(self, step: Step, size: int) -> Iterator[None]:
        """Have done only the first bytes of a write, while the block runs."""
        path = Path(self.find(step.path))
        before = path.read_bytes()
        self.do(replace(step, data=step.data[:size]))
        yield
        path.write_bytes(before)

    @contextlib.contextmanager
    def without_power(self) -> Iterator[None]:
        """Have lost everything that was not synced, while the block runs; the names are all there."""
        kept = {}
        for folder, _, names in os.walk(self._place):
            for name in names:
                file = Path(folder, name)
                kept[file] = file.read_bytes()
                file.write_bytes(self._synced.get(file.stat().st_ino, b""))
        yield
        for file, content in kept.items():
            file.write_bytes(content)

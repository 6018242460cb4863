"""A home with an installation of Loki Mode in it: its files, and other processes that work on them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import loki_core
from loki_core import Loki
from tests.support.fresh_process import run_process, run_python

SECRET = re.compile(r"loki_[0-9A-Za-z]{49}")
CONSOLE = [sys.executable, "-m", "loki_tui"]

_VERIFY = """
    import sys, loki_core
    with loki_core.open() as loki:
        for line in sys.stdin:
            try:
                print(loki.authenticate(line.strip()).name)
            except loki_core.LokiError as error:
                print(error.code)
"""


class Installation:
    """A home directory and the store in it.

    Attributes:
        home: the directory; what is not the store's lies in it too, reports and preferences.
        environ: the environment of every program that works on it.
    """

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self.home = home
        self.environ = dict(environ)

    @property
    def file(self) -> Path:
        """The store's file."""
        return self.home / ".loki" / "dashboard" / "tokens.json"

    def open(self) -> Loki:
        """Open the store in this process; the caller closes it."""
        return loki_core.open(environ=self.environ, directory=self.home)

    def fill(self, *names: str, role: str = "viewer", days: int = 50) -> dict[str, str]:
        """Make tokens, the first to expire first; return their secrets by name."""
        with self.open() as loki:
            return {
                name: loki.tokens.generate(name, role=role, expires_days=days + number).secret.reveal()
                for number, name in enumerate(names)
            }

    def run_loki(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `loki enterprise …` in a process of its own."""
        argv = [sys.executable, "-m", "loki_core", "enterprise", *words]
        done = run_process(argv, env=self.environ, stdin=stdin, cwd=str(self.home))
        assert done.returncode == 0, done.stderr
        return done

    def verify(self, *secrets: str) -> list[str]:
        """Return, for each secret, whose it is in another process, or why it is refused."""
        done = run_python(_VERIFY, env=self.environ, stdin="\n".join(secrets), cwd=str(self.home))
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")[:-1]

    def list_names(self) -> list[str]:
        """Return the names of all tokens, revoked ones too, as the library has them."""
        with self.open() as loki:
            return sorted(token.name for token in loki.tokens.list(include_revoked=True))

    def list_events(self) -> list[str]:
        """Return the events of the audit log, oldest first."""
        files = sorted((self.file.parent / "audit").glob("audit-*.jsonl"))
        lines = [line for file in files for line in file.read_text().splitlines()]
        return [str(json.loads(line).get("event")) for line in lines]

    def read_files(self) -> dict[str, bytes]:
        """Return the content of every file below the home, by its path."""
        return {str(path): path.read_bytes() for path in sorted(self.home.rglob("*")) if path.is_file()}


def list_process_traces() -> dict[str, bytes]:
    """Return the command line and the environment of every process that lets us read them (needs /proc)."""
    traces = {}
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                traces[f"{process}/{name}"] = (process / name).read_bytes()
            except OSError:
                continue
    return traces


def is_running(pid: int) -> bool:
    """Tell whether a process has not ended, reaped or not (needs /proc)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def find_consoles(home: Path) -> list[int]:
    """Return the consoles that run on a home (needs /proc)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            at = os.readlink(process / "cwd")
        except OSError:
            continue
        if b"loki_tui" in words and at == str(home):
            found.append(int(process.name))
    return found

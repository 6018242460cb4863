"""The server as a person starts it: `loki-core start`, in a process of its own, on a free port of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

import loki_core

DEADLINE = 60.0


class Server:
    """A running server; use it in a `with`, which ends it by its own pid."""

    def __init__(self, environ: Mapping[str, str], *arguments: str) -> None:
        """Prepare.

        Args:
            environ: its environment; HOME is where its store is, and `HOME/project` where it works.
            arguments: further arguments of `start`.
        """
        self.environ = {"LOKI_ENTERPRISE_AUTH": "true", **environ}
        self.home = Path(environ["HOME"])
        self.project = self.home / "project"
        self.project.mkdir(parents=True, exist_ok=True)
        self._arguments = arguments

    def __enter__(self) -> Server:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "loki_core", "start", "--port", "0", "--json", *self._arguments],
            env=self.environ,
            cwd=self.project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        watchdog = threading.Timer(DEADLINE, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line:
            self.process.wait()
            assert self.process.stderr is not None
            raise AssertionError(f"it ended with {self.process.returncode}: {self.process.stderr.read()}")
        self.said: dict[str, Any] = json.loads(line)
        self.url: str = self.said["url"]
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it, and return its exit status and what it wrote on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, said = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, said

    def open_store(self) -> loki_core.Loki:
        """Return the store, as another process of the same user opens it."""
        return loki_core.open(environ=self.environ, directory=self.project)

    def mint(self, name: str, *, role: str) -> str:
        """Return the secret of a new token."""
        with self.open_store() as loki:
            return loki.tokens.generate(name, role=role).secret.reveal()

    def connect(self, secret: str | None = None, **options: Any) -> httpx.Client:
        """Return a client that presents a secret."""
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=DEADLINE, **options)


def list_children(pid: int) -> set[int]:
    """Return the processes that a process started and that still run."""
    children = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            children.add(int(name))
    return children

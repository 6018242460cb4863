"""The program `loki`, run as a person or a script runs it: in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

DEADLINE = 60.0
SCRIPT = """\
# What pip writes for the entry point.
import sys
from loki_core.cli.main import run
if __name__ == "__main__":
    sys.exit(run())
"""


class Answer(NamedTuple):
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def secret(self) -> str:
        """The secret in what `generate` or `rotate` answered."""
        (line,) = [line for line in self.out.splitlines() if line.startswith("Token: ")]
        return line.removeprefix("Token: ")

    @property
    def token_id(self) -> str:
        """The id in what `generate` or `rotate` answered."""
        (line,) = [line for line in self.out.splitlines() if line.startswith("ID: ")]
        return line.removeprefix("ID: ")


class Program:
    """An installed `loki`, a home of its own and a directory to work in.

    Attributes:
        argv: what starts it.
        home: the user's home directory.
        directory: the working directory.
        environ: its environment.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        script = directory / "bin" / "loki"
        script.parent.mkdir()
        script.write_text(f"#!{sys.executable}\n{SCRIPT}")
        script.chmod(0o755)
        self.script = script
        self.argv = [sys.executable, os.fspath(script)]
        self.home = Path(environ["HOME"])
        self.directory = directory / "work"
        self.directory.mkdir()
        self.environ = {**environ, "PATH": f"{script.parent}{os.pathsep}{environ['PATH']}"}
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of starts: compile once

    @property
    def store(self) -> Path:
        """The token file."""
        return self.home / ".loki" / "dashboard" / "tokens.json"

    @property
    def records(self) -> dict[str, Any]:
        """What the token file holds, by id."""
        found: dict[str, Any] = json.loads(self.store.read_text())["tokens"]
        return found

    def start(self, *words: str, env: Mapping[str, str] | None = None, **streams: Any) -> subprocess.Popen[bytes]:
        """Start `loki WORDS…` without waiting for its end."""
        return subprocess.Popen(
            [*self.argv, *words],
            env={**self.environ, **(env or {})},
            cwd=self.directory,
            start_new_session=True,
            **streams,
        )

    def run(self, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Answer:
        """Run `loki WORDS…` to its end, in pipes."""
        process = self.start(*words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(stdin.encode(), timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        return Answer(process.returncode, out.decode(), err.decode())

    def __call__(self, line: str, *, stdin: str = "", env: Mapping[str, str] | None = None) -> Answer:
        """Run `loki enterprise LINE`, the line split as a shell does."""
        import shlex

        return self.run("enterprise", *shlex.split(line), stdin=stdin, env=env)

    def do(self, line: str, *, stdin: str = "", env: Mapping[str, str] | None = None) -> Answer:
        """Run it as `__call__` does, and see that it worked and complained of nothing."""
        answer = self(line, stdin=stdin, env=env)
        assert (answer.status, answer.err) == (0, ""), answer
        return answer

"""A private tmux server with all defaults, ended by its own process id."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence

from tests.support.programs import require_program
from tests.support.pty_process import DEADLINE, PtyProcess


class Tmux:
    """One session with one pane, in a server of its own that works in the home of its environment.

    Attributes:
        server_pid: the server's process id.
    """

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], columns: int = 80, lines: int = 24) -> None:
        self._tmux = require_program("tmux", "tmux")
        self._name = f"loki-{uuid.uuid4().hex[:8]}"
        # A socket's path is limited to about 100 characters, which pytest's tmp_path may exceed.
        self._directory = tempfile.mkdtemp(prefix="loki-tmux-")
        self._env = {**env, "TMUX_TMPDIR": self._directory}
        self._env.pop("TMUX", None)
        self._clients: list[PtyProcess] = []
        self.server_pid = 0
        size = ["-x", str(columns), "-y", str(lines)]
        try:
            # The pane stays after its program's end, so that its status and its screen can be read.
            keep = ["set-option", "-g", "remain-on-exit", "on"]
            session = ["new-session", "-d", "-s", "main", *size, "exec " + shlex.join(argv)]
            self.run("start-server", ";", *keep, ";", *session)
            self.server_pid = int(self.display("#{pid}"))
        except BaseException:
            self.close()
            raise

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a tmux command on this server and return its output.

        Raises:
            AssertionError: tmux refused; its words are in the message.
        """
        done = subprocess.run(
            [self._tmux, "-L", self._name, "-f", "/dev/null", *arguments],
            env=self._env,
            cwd=self._env["HOME"],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )
        assert done.returncode == 0, f"tmux {arguments[0]}: {done.stderr.strip()}"
        return done.stdout

    def display(self, form: str) -> str:
        """Return what a tmux format says of the pane, such as `#{pane_dead_status}`."""
        return self.run("display-message", "-p", "-t", "main", form).rstrip("\n")

    def send_keys(self, *keys: str) -> None:
        """Press keys by tmux's names: `Enter`, `Escape`, `C-c`, `n`."""
        self.run("send-keys", "-t", "main", *keys)

    def type_text(self, text: str) -> None:
        """Type text letter by letter."""
        self.run("send-keys", "-t", "main", "-l", text)

    def paste(self, text: str) -> None:
        """Paste text as a bracketed paste, if the program asked for that; leaves no buffer."""
        self.run("load-buffer", "-b", "test-paste", "-", stdin=text)
        self.run("paste-buffer", "-d", "-p", "-b", "test-paste", "-t", "main")

    def capture(self, *, escapes: bool = False) -> str:
        """Return the pane's screen; with `escapes` the colours too."""
        return self.run("capture-pane", "-p", "-t", "main", *(["-e"] if escapes else []))

    def capture_history(self) -> str:
        """Return the scrollback and the screen of the pane."""
        return self.run("capture-pane", "-p", "-t", "main", "-S", "-")

    def wait_for(self, text: str | re.Pattern[str], *, deadline: float = DEADLINE) -> str:
        """Wait until the text (or pattern) is on the pane's screen and return the screen.

        Raises:
            AssertionError: it was not within `deadline` seconds.
        """
        pattern = re.compile(re.escape(text)) if isinstance(text, str) else text
        limit = time.monotonic() + deadline
        while not pattern.search(seen := self.capture()):
            assert time.monotonic() < limit, f"no {text!r} in {deadline:.0f} s; the pane was:\n{seen}"
            time.sleep(0.02)
        return seen

    def wait_for_format(self, form: str, value: str, *, deadline: float = DEADLINE) -> None:
        """Wait until a tmux format has the value, such as `#{alternate_on}` `0`."""
        limit = time.monotonic() + deadline
        while (seen := self.display(form)) != value:
            assert time.monotonic() < limit, f"{form} is {seen!r} and not {value!r} after {deadline:.0f} s"
            time.sleep(0.02)

    def wait_for_exit(self, *, deadline: float = DEADLINE) -> int:
        """Wait for the pane's program to end and return its exit status (128 + n after a signal)."""
        limit = time.monotonic() + deadline
        while not (ended := self.display("#{pane_dead_status},#{pane_dead_signal}").strip(",")):
            if self.display("#{pane_dead}") == "1":
                os.kill(self.server_pid, signal.SIGCHLD)  # tmux 3.3a now and then misses one and reaps nobody
            assert time.monotonic() < limit, f"still running after {deadline:.0f} s; the pane was:\n{self.capture()}"
            time.sleep(0.02)
        return int(ended) if self.display("#{pane_dead_status}") else 128 + int(ended)

    def list_buffers(self) -> dict[str, str]:
        """Return the paste buffers by name with their content."""
        names = self.run("list-buffers", "-F", "#{buffer_name}").split()
        return {name: self.run("show-buffer", "-b", name) for name in names}

    @property
    def pane_pid(self) -> int:
        """The process id of the pane's program."""
        return int(self.display("#{pane_pid}"))

    def attach(self, env: Mapping[str, str] | None = None, *, columns: int = 80, lines: int = 25) -> PtyProcess:
        """Attach a client in a pseudo-terminal: its raw bytes are what the outer terminal gets."""
        argv = [self._tmux, "-L", self._name, "attach-session", "-t", "main"]
        client = PtyProcess(argv, env={**self._env, **(env or {})}, columns=columns, lines=lines)
        self._clients.append(client)
        limit = time.monotonic() + DEADLINE
        while not self.run("list-clients").strip():
            assert time.monotonic() < limit, "the tmux client did not attach"
            time.sleep(0.02)
        return client

    def close(self) -> None:
        """End the clients and the server."""
        for client in self._clients:
            client.close()
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self.run("kill-server")
        if self.server_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.server_pid, signal.SIGKILL)
        shutil.rmtree(self._directory, ignore_errors=True)

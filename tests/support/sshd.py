"""A private ssh server on the loopback with throw-away keys, and sessions on it that can be cut."""

from __future__ import annotations

import getpass
import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.programs import require_program
from tests.support.pty_process import DEADLINE, PtyProcess

_PRIVILEGE_SEPARATION = Path("/run/sshd")

_CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
"""


class Sshd:
    """The server; `connect` runs a command in a terminal through it, `cut` drops the connection.

    Attributes:
        pid: the process id of the listening server.
        log: the file it writes its log to.
    """

    def __init__(self, directory: Path) -> None:
        self._sshd = require_program("sshd", "openssh-server")
        self._ssh = require_program("ssh", "openssh-client")
        keygen = require_program("ssh-keygen", "openssh-client")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        for name in ("host_key", "user_key"):
            subprocess.run(
                [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)],
                check=True,
                timeout=DEADLINE,
            )
        if os.geteuid() == 0 and not _PRIVILEGE_SEPARATION.exists():
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755)  # as the system's own unit does; sshd refuses root without it
        self._sessions: list[PtyProcess] = []
        self.log = directory / "sshd.log"
        self._start()

    def _start(self) -> None:
        for _ in range(5):  # another process may take the port between finding and using it
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port: int = probe.getsockname()[1]
            configuration = self._directory / "sshd_config"
            configuration.write_text(_CONFIGURATION.format(port=self.port, directory=self._directory))
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [self._sshd, "-D", "-e", "-f", str(configuration)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            if self._listens():
                self.pid = self._process.pid
                return
            self.close()
        raise AssertionError(f"sshd did not start in 5 attempts: {self.log.read_text()}")

    def _listens(self) -> bool:
        limit = time.monotonic() + DEADLINE
        while self._process.poll() is None and time.monotonic() < limit:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
            except OSError:
                time.sleep(0.02)
            else:
                return True
        return False

    def build_command(self, argv: Sequence[str], *, env: Mapping[str, str]) -> list[str]:
        """Return the ssh command line that runs `argv` in a terminal and the home of `env`, set on the far side.

        TERM is handed over by ssh itself, as it is for a person.
        """
        remote = ["env", *(f"{name}={value}" for name, value in env.items() if name != "TERM"), *argv]
        options = {
            "IdentitiesOnly": "yes",
            "IdentityFile": str(self._directory / "user_key"),
            "UserKnownHostsFile": str(self._directory / "known_hosts"),
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "accept-new",
            "BatchMode": "yes",
            "EscapeChar": "none",
            "LogLevel": "ERROR",
        }
        flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        target = f"{getpass.getuser()}@127.0.0.1"
        return [
            self._ssh,
            "-F",
            "none",
            "-tt",
            "-p",
            str(self.port),
            *flags,
            target,
            f"cd {shlex.quote(env['HOME'])} && exec {shlex.join(remote)}",
        ]

    def connect(self, argv: Sequence[str], *, env: Mapping[str, str], columns: int = 80, lines: int = 24) -> PtyProcess:
        """Run a command through `ssh -tt` in a pseudo-terminal; what is returned is the ssh client's side."""
        local = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._directory),
            "TERM": env.get("TERM", "xterm-256color"),
        }
        session = PtyProcess(self.build_command(argv, env=env), env=local, columns=columns, lines=lines)
        self._sessions.append(session)
        return session

    def list_connection_pids(self) -> list[int]:
        """Return the server's processes of all connections, the listening one left out (needs /proc)."""
        return [pid for pid in _list_descendants(self.pid) if _read_name(pid).startswith("sshd")]

    def cut(self) -> None:
        """Drop every connection from the server's side, without a word to either end's program."""
        for pid in self.list_connection_pids():
            _kill(pid)

    def close(self) -> None:
        """End the sessions and the server."""
        for session in self._sessions:
            session.close()
        for pid in [*_list_descendants(self._process.pid), self._process.pid]:
            _kill(pid)
        self._process.wait(10.0)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _read_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _list_descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            match = re.match(r"(\d+) \(.*\) \S (\d+)", entry.read_text(), re.DOTALL)
        except OSError:
            continue
        if match:
            parents.setdefault(int(match[2]), []).append(int(match[1]))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found

"""One session of work at a time: `session.command` in its own process group, whoever of several servers is asked.

What runs is remembered in `.loki/state/access-session.json`, so that another worker, or the next server, knows it and
can stop it. The command gets no shell, none of our secrets, nothing on its standard input, and a log of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from loki_core.delivery import clean_environment
from loki_core.disk.content import read_all
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.failures import as_storage_error
from loki_core.disk.lock import hold_lock
from loki_core.errors import Refused
from loki_core.frozen import dataclass
from loki_core.text import safe_text
from loki_core.tokens.record import format_time, parse_time
from loki_core.work.processes import end_group, find_start

STATE_NAME = "access-session.json"
LOCK_NAME = ".access-session.lock"
STOP_GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""
PLACEHOLDER = "{prd}"
_LOCK_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session of work.

    Attributes:
        pid: of the command, which leads its process group.
        start: what tells it from a later process with that number.
        prd: what it is about, from the project's directory.
        started_at: when (UTC).
        started_by: whose request it was.
        log: the base name of its output in `.loki/logs`.
    """

    pid: int
    start: str
    prd: str
    started_at: datetime
    started_by: str
    log: str

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.start != "" and find_start(self.pid) == self.start


class SessionRunner:
    """Starts and stops sessions of work in one project."""

    def __init__(
        self,
        command: Sequence[str],
        project: str,
        environ: Mapping[str, str],
        *,
        stop_grace: float = STOP_GRACE,
        on_end: Callable[[Session, int], None] = lambda *_: None,
    ) -> None:
        """Prepare; nothing is started.

        Args:
            command: `session.command`, in which `{prd}` stands for the file; empty when none is configured.
            project: the project's directory.
            environ: the environment to start from; our secrets are taken out of it.
            stop_grace: seconds between SIGTERM and SIGKILL.
            on_end: called in a thread with a session that ended by itself, and its exit status.
        """
        self._command = tuple(command)
        self._project = os.path.abspath(project)
        self._home = os.path.join(self._project, ".loki")
        self._environ = environ
        self._stop_grace = stop_grace
        self._on_end = on_end

    @property
    def is_configured(self) -> bool:
        """Whether there is a command to run."""
        return bool(self._command)

    def find(self) -> Session | None:
        """Return the session that runs, or None."""
        try:
            with PrivateDirectory.open(os.path.join(self._home, "state")) as directory:
                session = _load(directory)
        except Exception:  # noqa: BLE001 - whoever only looks is told that nothing is known to run
            return None
        return session if session is not None and session.is_alive else None

    def start(self, prd: str, started_by: str, now: datetime) -> Session:
        """Start a session.

        Args:
            prd: what `resolve_prd` returned.
            started_by: whose request it is.
            now: the time (UTC).

        Raises:
            Refused: `session_running`, `session_not_configured`, or `session_failed`: the command cannot be started.
            StorageError: its state or its log cannot be written; then it was not started.
        """
        if not self._command:
            raise Refused(
                "no command is configured that does the work",
                code="session_not_configured",
                remedy="set session.command in the configuration, such as [loki-mode, start, '{prd}']",
            )
        with (
            as_storage_error(f"the state in {self._home} cannot be used"),
            PrivateDirectory.open(os.path.join(self._home, "state"), create=True) as directory,
            PrivateDirectory.open(os.path.join(self._home, "logs"), create=True) as logs,
            hold_lock(directory, LOCK_NAME, wait_seconds=_LOCK_SECONDS) as lock,
        ):
            running = _load(directory)
            if running is not None and running.is_alive:
                raise Refused(
                    f"a session runs already, on {safe_text(running.prd, limit=100)}",
                    code="session_running",
                    remedy="stop it first: POST /api/control/stop",
                )
            directory.sweep(STATE_NAME)
            log = f"session-{now:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}.log"
            opened = logs.open_file(log, os.O_WRONLY | os.O_APPEND, create=True)
            try:
                process = self._spawn(prd, opened.descriptor)
            finally:
                os.close(opened.descriptor)
            session = Session(
                pid=process.pid,
                start=find_start(process.pid),
                prd=prd,
                started_at=now,
                started_by=started_by,
                log=log,
            )
            try:
                os.close(directory.replace(STATE_NAME, [_dump(session)], check=lock.check_in_place))
            except BaseException:
                end_group(process.pid, grace=0.0)
                process.wait()
                raise
        threading.Thread(target=self._reap, args=(process, session), name="loki-session", daemon=True).start()
        return session

    def stop(self) -> tuple[Session, bool] | None:
        """Stop the session that runs; return it and whether it had to be killed, or None when none runs.

        Raises:
            StorageError: the state cannot be read.
        """
        with as_storage_error(f"the state in {self._home} cannot be used"):
            try:
                directory = PrivateDirectory.open(os.path.join(self._home, "state"))
            except FileNotFoundError:
                return None
            with directory:
                session = _load(directory)
        if session is None or not session.is_alive:
            return None
        return session, end_group(session.pid, grace=self._stop_grace)

    def _spawn(self, prd: str, log: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - a configured list, no shell
                [part.replace(PLACEHOLDER, prd) for part in self._command],
                cwd=self._project,
                env=clean_environment(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "its arguments are malformed"
            raise Refused(
                f"the command of session.command cannot be started: {reason}",
                code="session_failed",
                remedy="install it, or correct session.command",
            ) from None

    def _reap(self, process: subprocess.Popen[bytes], session: Session) -> None:
        self._on_end(session, process.wait())


def _dump(session: Session) -> bytes:
    fields = {
        "pid": session.pid,
        "start": session.start,
        "prd": session.prd,
        "started_at": format_time(session.started_at),
        "started_by": session.started_by,
        "log": session.log,
    }
    return json.dumps(fields, indent=2).encode("ascii") + b"\n"


def _load(directory: PrivateDirectory) -> Session | None:
    try:
        opened = directory.open_file(STATE_NAME)
    except FileNotFoundError:
        return None
    try:
        fields: Any = json.loads(read_all(opened.descriptor, opened.status.st_size))
        started_at = parse_time(fields["started_at"])
        pid = fields["pid"]
        if type(pid) is not int or pid <= 1 or started_at is None:
            return None
        texts = {name: str(fields[name]) for name in ("start", "prd", "started_by", "log")}
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    finally:
        os.close(opened.descriptor)
    return Session(pid=pid, started_at=started_at, **texts)

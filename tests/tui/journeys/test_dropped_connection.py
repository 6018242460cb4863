"""A connection that drops in the middle of a reveal: no token that nobody holds, and no console that lives on."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from tests.support.pty_process import PtyProcess
from tests.support.sshd import Sshd
from tests.tui.journeys.console import DEADLINE, PtyConsole, ask_for_token, prove, show_secret
from tests.tui.journeys.installation import CONSOLE, Installation, find_consoles, is_running

StartSshd = Callable[[], Sshd]


def _wait_for_end(pid: int) -> None:
    limit = time.monotonic() + DEADLINE
    while is_running(pid):
        assert time.monotonic() < limit, f"the console, {pid}, lives on"
        time.sleep(0.05)


def _kill_the_client(sshd: Sshd, session: PtyProcess) -> None:
    session.signal(signal.SIGKILL)


def _kill_the_server_s_side(sshd: Sshd, session: PtyProcess) -> None:
    sshd.cut()


@pytest.mark.parametrize("drop", [_kill_the_client, _kill_the_server_s_side], ids=["client", "server"])
def test_a_connection_dropped_in_the_middle_of_a_reveal_leaves_no_token(
    start_sshd: StartSshd, installation: Installation, drop: Callable[[Sshd, PtyProcess], None]
) -> None:
    """Threat: orphan tokens after a dropped connection."""
    sshd = start_sshd()
    argv = ["env", "-C", str(installation.home), *CONSOLE]
    session = sshd.connect(argv, env=installation.environ)
    console = PtyConsole(session)
    console.wait_for("No tokens yet")
    ask_for_token(console, "ci-bot")
    secret = show_secret(console)
    prove(console, secret)  # all but the last key
    (pid,) = find_consoles(installation.home)

    drop(sshd, session)
    session.wait(deadline=DEADLINE)
    _wait_for_end(pid)
    assert installation.list_names() == []
    assert installation.list_events() == []
    assert not installation.file.exists()
    assert installation.verify(secret) == ["token_unknown"]
    left = installation.read_files()
    assert [path for path, content in left.items() if secret.encode() in content] == []
    assert [path for path in left if "crash" in path] == []

"""Sessions of work: real processes, one at a time, ended with everything they started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from loki_core.work.processes import find_start
from loki_core.work.runner import Session, SessionRunner
from tests.core.workshop import NOON, refuses
from tests.support.fresh_process import run_python

SECRET = "loki_" + "B" * 43 + "000000"


def _wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runner(project: Path, script: str, **options: object) -> SessionRunner:
    environ = {"PATH": os.environ["PATH"], "LOKI_TOKEN": SECRET, "HARMLESS": "1", "ODD": SECRET}
    return SessionRunner(("sh", "-c", script, "{prd}"), str(project), environ, **options)  # type: ignore[arg-type]


def _read_log(project: Path, session: Session) -> str:
    return (project / ".loki" / "logs" / session.log).read_text()


def test_the_command_runs_in_the_project_with_a_log_of_its_own_and_none_of_our_secrets(tmp_path: Path) -> None:
    ended: list[int] = []
    runner = _runner(tmp_path, 'pwd; echo "prd $0"; env; cat', on_end=lambda _, status: ended.append(status))
    session = runner.start("./prd.md", "tok-1", NOON)
    _wait_for(lambda: ended)
    said = _read_log(tmp_path, session)
    assert str(tmp_path) in said
    assert "prd ./prd.md" in said
    assert "HARMLESS=1" in said
    assert SECRET not in said
    assert ended == [0]
    assert runner.find() is None
    assert oct((tmp_path / ".loki" / "logs" / session.log).stat().st_mode & 0o777) == "0o600"


def test_one_at_a_time_also_for_another_server(tmp_path: Path) -> None:
    one, other = _runner(tmp_path, "sleep 300"), _runner(tmp_path, "sleep 300")
    session = one.start("./a.md", "tok-1", NOON)
    try:
        with refuses("session_running"):
            other.start("./b.md", "tok-2", NOON)
        assert other.find() == session
    finally:
        stopped = other.stop()
    assert stopped == (session, False)
    assert one.find() is None
    again = one.start("./b.md", "tok-2", NOON)
    assert one.stop() == (again, False)
    assert one.stop() is None


def test_stopping_ends_the_whole_group_and_kills_what_does_not_listen(tmp_path: Path) -> None:
    script = 'trap "" TERM; sh -c \'trap "" TERM; echo $$ > child; while :; do sleep 1; done\' & wait; wait'
    runner = _runner(tmp_path, script, stop_grace=0.3)
    runner.start("./prd.md", "tok-1", NOON)
    _wait_for(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text().strip())
    child = int((tmp_path / "child").read_text())
    assert find_start(child)
    stopped = runner.stop()
    assert stopped is not None
    assert stopped[1] is True
    _wait_for(lambda: not find_start(child))


def test_a_later_process_with_the_same_number_is_not_taken_for_the_session(tmp_path: Path) -> None:
    runner = _runner(tmp_path, "sleep 300")
    session = runner.start("./prd.md", "tok-1", NOON)
    runner.stop()
    state = tmp_path / ".loki" / "state" / "access-session.json"
    text = state.read_text()
    state.write_text(text.replace(f'"pid": {session.pid}', f'"pid": {os.getpid()}'))
    assert runner.find() is None
    assert runner.stop() is None  # this test lives on


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"pid": 1}', '{"pid": -1, "start": "1"}', "\x00"])
def test_a_state_that_makes_no_sense_is_no_session(tmp_path: Path, content: str) -> None:
    runner = _runner(tmp_path, "true")
    (tmp_path / ".loki" / "state").mkdir(parents=True, mode=0o700)
    (tmp_path / ".loki" / "state" / "access-session.json").write_text(content)
    assert runner.find() is None
    assert runner.stop() is None


def test_a_command_that_cannot_be_started_is_refused_and_leaves_no_session(tmp_path: Path) -> None:
    runner = SessionRunner(("/nowhere/to-be-found", "{prd}"), str(tmp_path), {})
    with refuses("session_failed"):
        runner.start("./prd.md", "tok-1", NOON)
    assert runner.find() is None
    with refuses("session_not_configured"):
        SessionRunner((), str(tmp_path), {}).start("./prd.md", "tok-1", NOON)


_START_AND_DIE = """
    import datetime, os, signal, sys
    from loki_core.work.runner import SessionRunner
    runner = SessionRunner(("sleep", "300"), sys.argv[1], {"PATH": os.environ["PATH"]})
    runner.start("./prd.md", "tok-1", datetime.datetime.now(datetime.UTC))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_session_outlives_the_server_that_started_it_and_the_next_one_knows_it(
    tmp_path: Path, child_environ: dict[str, str]
) -> None:
    done = run_python(_START_AND_DIE, str(tmp_path), env=child_environ)
    assert done.returncode == -signal.SIGKILL, done.stderr
    runner = _runner(tmp_path, "true")
    session = runner.find()
    assert session is not None
    assert session.started_by == "tok-1"
    assert runner.stop() == (session, False)
    assert not find_start(session.pid)

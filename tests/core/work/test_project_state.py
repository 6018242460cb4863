"""What Loki Mode's own files say, and what is made of nonsense in them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loki_core.work.project_state import list_tasks, read_state

STATE: dict[str, Any] = {
    "phase": "build",
    "iteration": 7,
    "complexity": "complex",
    "mode": "autonomous",
    "agents": [{}, {}],
    "tasks": {
        "pending": [{"id": "t1", "type": "code", "payload": {"action": "write it", "priority": "high"}}],
        "inProgress": [{"id": "t2", "title": "test it", "payload": {"action": "testing"}}],
        "failed": [{"payload": {}}],
    },
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / ".loki"
    (home / "queue").mkdir(parents=True)
    (home / "state").mkdir()
    return home


def test_without_any_file_the_work_is_stopped(tmp_path: Path) -> None:
    state = read_state(str(tmp_path))
    assert (state.status, state.is_running, state.complexity, state.provider) == (
        "stopped",
        False,
        "standard",
        "claude",
    )
    assert list_tasks(str(tmp_path)) == []


def test_the_state_is_told_in_loki_modes_terms(home: Path) -> None:
    (home / "dashboard-state.json").write_text(json.dumps(STATE))
    (home / "loki.pid").write_text(f"{os.getpid()}\n")
    (home / "state" / "provider").write_text("codex\n")
    state = read_state(str(home.parent))
    assert (state.status, state.phase, state.iteration, state.complexity) == ("autonomous", "build", 7, "complex")
    assert (state.provider, state.current_task, state.pending_tasks, state.running_agents) == ("codex", "testing", 1, 2)
    (home / "PAUSE").touch()
    assert read_state(str(home.parent)).status == "paused"


@pytest.mark.parametrize("pid", ["999999999", "-1", "0", "x", "", "1" * 400])
def test_a_pid_of_nobody_is_no_session(home: Path, pid: str) -> None:
    (home / "loki.pid").write_text(pid)
    assert read_state(str(home.parent)).status == "stopped"


def test_a_session_of_the_skill_counts(home: Path) -> None:
    (home / "session.json").write_text('{"status": "running"}')
    assert read_state(str(home.parent)).status == "running"


def test_tasks_of_the_state_and_of_the_queues_are_listed_once(home: Path) -> None:
    (home / "dashboard-state.json").write_text(json.dumps(STATE))
    (home / "queue" / "pending.json").write_text('[{"id": "t1"}, {"id": "t9", "action": "more"}, 7]')
    tasks = {task["id"]: (task["title"], task["status"], task["priority"]) for task in list_tasks(str(home.parent))}
    assert tasks == {
        "t1": ("write it", "pending", "high"),
        "t2": ("test it", "in_progress", "medium"),
        "failed-0": ("task", "done", "medium"),
        "t9": ("more", "pending", "medium"),
    }


def test_a_pipe_in_place_of_a_file_holds_nobody_up(home: Path) -> None:
    for name in ("dashboard-state.json", "loki.pid", "queue/pending.json"):
        os.mkfifo(home / name)
    assert read_state(str(home.parent)).status == "stopped"
    assert list_tasks(str(home.parent)) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["tasks", "pending", "inProgress", "payload", "id", "action", "agents", "iteration", "status"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=_JSON)
def test_whatever_the_files_hold_they_are_read_without_an_error(home: Path, value: object) -> None:
    for name in ("dashboard-state.json", "session.json", "queue/pending.json"):
        (home / name).write_text(json.dumps(value))
    state = read_state(str(home.parent))
    assert isinstance(state.current_task, str)
    json.dumps(list_tasks(str(home.parent)))

"""How far the work is, as Loki Mode's own files in `.loki/` say; what cannot be read says nothing."""

from __future__ import annotations

import json
import os
from typing import Any

from loki_core.frozen import dataclass

LARGEST_FILE = 4 << 20
"""Bytes that are read of one state file; a larger one is taken for broken."""
_GROUPS = (
    ("pending", "pending"),
    ("inProgress", "in_progress"),
    ("review", "review"),
    ("completed", "done"),
    ("failed", "done"),
)
_QUEUES = (
    ("pending.json", "pending"),
    ("in-progress.json", "in_progress"),
    ("completed.json", "done"),
    ("failed.json", "done"),
    ("dead-letter.json", "done"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectState:
    """The state of the work, in Loki Mode's terms.

    Attributes:
        status: `stopped`, `paused`, `running`, or the mode that it runs in.
        is_running: whether a session of work runs, whoever started it.
    """

    status: str
    is_running: bool
    phase: str
    iteration: int
    complexity: str
    mode: str
    provider: str
    current_task: str
    pending_tasks: int
    running_agents: int


def read_state(project: str, *, is_running: bool = False) -> ProjectState:
    """Return how far the work is.

    Args:
        project: the project's directory.
        is_running: whether a session is known to run already.
    """
    home = os.path.join(project, ".loki")
    state = _read_json(os.path.join(home, "dashboard-state.json"))
    state = state if isinstance(state, dict) else {}
    tasks = state.get("tasks")
    tasks = tasks if isinstance(tasks, dict) else {}
    doing = _list_objects(tasks.get("inProgress"))
    is_running = is_running or _lives(_read_text(os.path.join(home, "loki.pid")))
    if not is_running:
        session = _read_json(os.path.join(home, "session.json"))
        is_running = isinstance(session, dict) and session.get("status") == "running"
    mode = _text(state.get("mode"))
    if not is_running:
        status = "stopped"
    elif os.path.lexists(os.path.join(home, "PAUSE")):
        status = "paused"
    else:
        status = mode or "running"
    iteration = state.get("iteration")
    agents = state.get("agents")
    return ProjectState(
        status=status,
        is_running=is_running,
        phase=_text(state.get("phase")),
        iteration=iteration if type(iteration) is int else 0,
        complexity=_text(state.get("complexity")) or "standard",
        mode=mode,
        provider=_read_text(os.path.join(home, "state", "provider")) or "claude",
        current_task=_text(_payload(doing[0]).get("action")) if doing else "",
        pending_tasks=len(_list_objects(tasks.get("pending"))),
        running_agents=len(agents) if isinstance(agents, list) else 0,
    )


def list_tasks(project: str) -> list[dict[str, Any]]:
    """Return the tasks that the state and the queues name, each once."""
    home = os.path.join(project, ".loki")
    found: dict[str, dict[str, Any]] = {}
    state = _read_json(os.path.join(home, "dashboard-state.json"))
    groups = state.get("tasks") if isinstance(state, dict) else None
    for group, status in _GROUPS:
        for position, task in enumerate(_list_objects(groups.get(group) if isinstance(groups, dict) else None)):
            payload = _payload(task)
            shown = _describe(task, f"{group}-{position}", status, position)
            shown["title"] = _text(task.get("title")) or _text(payload.get("action")) or shown["type"]
            shown["description"] = _text(payload.get("description"))
            shown["priority"] = _text(payload.get("priority")) or "medium"
            found.setdefault(shown["id"], shown)
    for name, status in _QUEUES:
        for position, task in enumerate(_list_objects(_read_json(os.path.join(home, "queue", name)))):
            shown = _describe(task, f"q-{status}-{position}", status, position)
            found.setdefault(shown["id"], shown)
    return list(found.values())


def _describe(task: dict[str, Any], otherwise: str, status: str, position: int) -> dict[str, Any]:
    return {
        "id": _text(task.get("id")) or otherwise,
        "title": _text(task.get("title")) or _text(task.get("action")),
        "description": _text(task.get("description")),
        "status": status,
        "priority": _text(task.get("priority")) or "medium",
        "type": _text(task.get("type")) or "task",
        "position": position,
    }


def _payload(task: dict[str, Any]) -> dict[str, Any]:
    payload = task.get("payload")
    return payload if isinstance(payload, dict) else {}


def _list_objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) and value is not True else ""


def _lives(text: str) -> bool:
    try:
        os.kill(int(text), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return int(text) > 0


def _read_text(path: str) -> str:
    data = _read(path)
    return data[:256].decode("utf-8", "replace").strip() if data else ""


def _read_json(path: str) -> Any:
    try:
        return json.loads(_read(path) or b"null")
    except (ValueError, RecursionError):
        return None


def _read(path: str) -> bytes | None:
    try:
        # A pipe in its place must not hold us up; what others put there is only shown.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return None
    try:
        with open(descriptor, "rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError:
        return None
    return data if len(data) <= LARGEST_FILE else None

"""`.loki/queue/pending.json`: the tasks that wait, a bare array as Loki Mode reads it. Written whole, under a lock."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Any

from loki_core.disk.content import read_all
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.failures import as_storage_error
from loki_core.disk.lock import hold_lock
from loki_core.errors import StorageError
from loki_core.frozen import dataclass
from loki_core.tokens.record import format_time

NAME = "pending.json"
LOCK_NAME = ".pending.lock"
_LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task to be queued."""

    id: str
    title: str
    description: str = ""
    priority: str = "medium"
    type: str = "task"
    created_by: str = ""

    def dump(self, now: datetime) -> dict[str, Any]:
        """Return the object that is queued: Loki Mode's fields, and who asked for it when."""
        return {
            "id": self.id,
            "title": self.title,
            "action": self.title,
            "description": self.description,
            "priority": self.priority,
            "type": self.type,
            "status": "pending",
            "payload": {"action": self.title, "description": self.description, "priority": self.priority},
            "created_at": format_time(now),
            "created_by": self.created_by,
        }


def append_task(project: str, task: NewTask, now: datetime) -> dict[str, Any]:
    """Queue a task and return it as it was written; what is queued already stays as it is.

    Args:
        project: the project's directory.
        task: what to queue.
        now: the time (UTC).

    Raises:
        StorageError: the queue cannot be read or written, or is no array; it was left as it is.
    """
    path = os.path.join(project, ".loki", "queue")
    written = task.dump(now)
    with (
        as_storage_error(f"the queue in {path} cannot be used"),
        PrivateDirectory.open(path, create=True) as directory,
        hold_lock(directory, LOCK_NAME, wait_seconds=_LOCK_SECONDS) as lock,
    ):
        directory.sweep(NAME)
        waiting = _load(directory, os.path.join(path, NAME))
        content = json.dumps([*waiting, written], indent=2).encode("ascii") + b"\n"
        os.close(directory.replace(NAME, [content], check=lock.check_in_place))
    return written


def _load(directory: PrivateDirectory, path: str) -> list[Any]:
    try:
        opened = directory.open_file(NAME)
    except FileNotFoundError:
        return []
    try:
        data = read_all(opened.descriptor, opened.status.st_size)
    finally:
        os.close(opened.descriptor)
    try:
        waiting = json.loads(data)
    except (ValueError, RecursionError):
        waiting = None
    if not isinstance(waiting, list):
        raise StorageError(
            f"{path} is no array of tasks; it was left as it is",
            code="queue_corrupt",
            remedy="mend it or move it away",
        )
    return waiting

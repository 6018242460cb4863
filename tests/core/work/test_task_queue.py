"""The queue: an array that others write too."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from loki_core.work.task_queue import NewTask, append_task
from tests.core.workshop import NOON, refuses


def _append(project: Path, title: str) -> None:
    append_task(str(project), NewTask(id=f"task-{title}", title=title, created_by="tok-1"), NOON)


def test_a_task_is_appended_to_what_others_queued(tmp_path: Path) -> None:
    queue = tmp_path / ".loki" / "queue"
    queue.mkdir(parents=True, mode=0o700)
    (queue / "pending.json").write_text('[{"id": "theirs", "unknown": [1]}, "odd"]')
    _append(tmp_path, "ours")
    waiting = json.loads((queue / "pending.json").read_bytes())
    assert waiting[:2] == [{"id": "theirs", "unknown": [1]}, "odd"]
    assert (waiting[2]["id"], waiting[2]["payload"]["action"], waiting[2]["created_by"]) == (
        "task-ours",
        "ours",
        "tok-1",
    )


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b"\xff", b"null"])
def test_a_queue_that_is_no_array_is_an_error_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    queue = tmp_path / ".loki" / "queue"
    queue.mkdir(parents=True, mode=0o700)
    (queue / "pending.json").write_bytes(content)
    with refuses("queue_corrupt"):
        _append(tmp_path, "ours")
    assert (queue / "pending.json").read_bytes() == content


def test_a_link_in_place_of_the_queue_is_not_followed(tmp_path: Path) -> None:
    queue = tmp_path / ".loki" / "queue"
    queue.mkdir(parents=True, mode=0o700)
    (tmp_path / "elsewhere.json").write_text("[]")
    (queue / "pending.json").symlink_to(tmp_path / "elsewhere.json")
    with refuses("not_a_regular_file"):
        _append(tmp_path, "ours")
    assert (tmp_path / "elsewhere.json").read_text() == "[]"


def test_tasks_that_are_queued_at_once_are_all_queued(tmp_path: Path) -> None:
    threads = [threading.Thread(target=_append, args=(tmp_path, str(number))) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waiting = json.loads((tmp_path / ".loki" / "queue" / "pending.json").read_bytes())
    assert {task["title"] for task in waiting} == {str(number) for number in range(20)}

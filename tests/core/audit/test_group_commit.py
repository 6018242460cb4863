"""Threads that wait for the log together: one writes for all, and each learns what became of its own entries."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from loki_core import AuditUnavailable
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from loki_core.audit.group_commit import GroupCommit, Request
from tests.core.workshop import NOON, check_chain

ENTRY = AuditEntry(timestamp=NOON, event=AuditEvent.TOKEN_CREATE, user_id="os:alice", resource_id="tok-1")


class _Writer:
    """Takes down the batches; the first one waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[Request]] = []
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.fails_with: BaseException | None = None

    def __call__(self, batch: Sequence[Request]) -> None:
        self.batches.append(list(batch))
        if len(self.batches) == 1:
            self.entered.set()
            assert self.go_on.wait(60)
            if self.fails_with is not None:
                raise self.fails_with
        for request in batch:
            is_wrong = any(entry.error for entry in request.entries)
            request.settle(AuditUnavailable("it is wrong") if is_wrong else None)


class _Crowd:
    """Threads, and how each of their deeds ended."""

    def __init__(self) -> None:
        self.ends: dict[int, str] = {}
        self._threads: list[threading.Thread] = []

    def start(self, number: int, deed: Callable[[], object]) -> None:
        def run() -> None:
            try:
                deed()
            except BaseException as error:  # noqa: BLE001 - how it ended is what is asked
                self.ends[number] = type(error).__name__
            else:
                self.ends[number] = ""

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()

    def join(self) -> dict[int, str]:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a thread hangs"
        return self.ends


@pytest.fixture
def writer() -> _Writer:
    return _Writer()


@pytest.fixture
def group(writer: _Writer) -> GroupCommit:
    return GroupCommit(writer)


def _await(group: GroupCommit, number: int) -> None:
    until = time.monotonic() + 60
    while group.waiting < number:
        assert time.monotonic() < until, "they do not come"
        time.sleep(0.0005)


def _queue(group: GroupCommit, crowd: _Crowd, writer: _Writer, errors: Sequence[str] = ()) -> None:
    """Let one thread write, and as many wait as errors are given."""
    crowd.start(0, lambda: group.submit((ENTRY,), False))
    assert writer.entered.wait(60)
    for number, error in enumerate(errors, 1):
        entry = replace(ENTRY, error=error, seq=number)
        crowd.start(number, lambda entry=entry: group.submit((entry,), True))  # type: ignore[misc]
        _await(group, number)


def test_all_who_wait_are_written_in_one_batch_and_in_their_order(group: GroupCommit, writer: _Writer) -> None:
    crowd = _Crowd()
    _queue(group, crowd, writer, [""] * 20)
    writer.go_on.set()
    assert set(crowd.join().values()) == {""}
    assert [len(batch) for batch in writer.batches] == [1, 20]
    assert [request.entries[0].seq for request in writer.batches[1]] == list(range(1, 21))


def test_each_learns_of_its_own_entries_alone(group: GroupCommit, writer: _Writer) -> None:
    crowd = _Crowd()
    _queue(group, crowd, writer, ["", "wrong", "", "wrong"])
    writer.go_on.set()
    assert crowd.join() == {0: "", 1: "", 2: "AuditUnavailable", 3: "", 4: "AuditUnavailable"}


def test_when_who_leads_is_interrupted_the_next_one_leads(group: GroupCommit, writer: _Writer) -> None:
    crowd = _Crowd()
    writer.fails_with = KeyboardInterrupt()
    _queue(group, crowd, writer, ["", ""])
    writer.go_on.set()
    assert crowd.join() == {0: "KeyboardInterrupt", 1: "", 2: ""}


def test_of_a_batch_that_was_interrupted_nobody_is_told_that_it_was_written(
    group: GroupCommit, writer: _Writer
) -> None:
    crowd = _Crowd()
    with group.exclusively():
        for number in range(3):
            crowd.start(number, lambda: group.submit((ENTRY,), True))
        _await(group, 3)
        writer.fails_with = KeyboardInterrupt()
        writer.go_on.set()
    assert sorted(crowd.join().values()) == ["AuditUnavailable", "AuditUnavailable", "KeyboardInterrupt"]
    group.submit((ENTRY,), True)


def test_nothing_is_written_while_somebody_has_the_log_to_himself(group: GroupCommit, writer: _Writer) -> None:
    crowd = _Crowd()
    writer.go_on.set()
    with group.exclusively():
        for number in range(3):
            crowd.start(number, lambda: group.submit((ENTRY,), True))
        _await(group, 3)
        assert not writer.batches
    assert set(crowd.join().values()) == {""}
    assert [len(batch) for batch in writer.batches] == [3]


def test_no_thread_is_left_behind_in_a_crowd(group: GroupCommit, writer: _Writer) -> None:
    crowd = _Crowd()
    writer.go_on.set()
    seen: list[int] = []

    def hurry() -> None:
        for _ in range(300):
            group.submit((ENTRY,), False)
            with group.exclusively():
                seen.append(1)

    for number in range(8):
        crowd.start(number, hurry)
    assert set(crowd.join().values()) == {""}
    assert sum(map(len, writer.batches)) == len(seen) == 2_400


# -- in the log


def test_an_entry_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    place = tmp_path / "audit"
    log = FileLog(str(place))
    wrong = replace(ENTRY, details={"what": object()})
    long = replace(ENTRY, details={"what": "x" * 2_000_000})
    crowd = _Crowd()
    with log.hold():
        for number, entry in enumerate((ENTRY, wrong, ENTRY, long, ENTRY)):
            crowd.start(number, lambda entry=entry: log.record(entry))  # type: ignore[misc]
            _await(log._group, number + 1)
    assert crowd.join() == {0: "", 1: "TypeError", 2: "", 3: "AuditUnavailable", 4: ""}
    assert [entry["seq"] for entry in check_chain(place)] == [1, 2, 3]


def test_threads_of_one_log_lose_nothing_and_write_together(tmp_path: Path) -> None:
    place = tmp_path / "audit"
    log = FileLog(str(place))
    crowd = _Crowd()

    def work(me: int) -> None:
        for number in range(0, 60, 3):
            log.record_all([replace(ENTRY, details={"me": me, "number": number + each}) for each in range(3)])

    for me in range(16):
        crowd.start(me, lambda me=me: work(me))  # type: ignore[misc]
    assert set(crowd.join().values()) == {""}
    entries = check_chain(place)
    assert [entry["seq"] for entry in entries] == list(range(1, 961))
    for me in range(16):
        assert [each["details"]["number"] for each in entries if each["details"]["me"] == me] == list(range(60))
    for first in range(0, 960, 3):  # what belongs together stands together
        assert len({entry["details"]["me"] for entry in entries[first : first + 3]}) == 1

"""`audit tail --follow`: every entry as it comes, and a clean end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.core.cli.audit_stage import get_log, make_foreign_line, write_log, write_two_days
from tests.core.cli.program import DEADLINE, Program
from tests.support.fixtures import StartPty


class _Following:
    """A running `audit tail --follow --json`, and what it wrote."""

    def __init__(self, loki: Program, *options: str) -> None:
        self.process = loki.start(
            "enterprise",
            "audit",
            "tail",
            "--follow",
            "--json",
            *options,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def read(self) -> dict[str, object]:
        """Return the next entry, once it comes."""
        assert self.process.stdout is not None
        entry: dict[str, object] = json.loads(self.process.stdout.readline())
        return entry

    def end(self) -> tuple[int, bytes]:
        """Interrupt it as ctrl+c does; return its exit status and what it said."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, said


class _Follow(Protocol):
    def __call__(self, *options: str) -> _Following:
        """Start it with these options."""


@pytest.fixture
def follow(loki: Program) -> Iterator[_Follow]:
    """Starts `audit tail --follow --json`; whatever still runs after the test is ended."""
    started: list[_Following] = []

    def start(*options: str) -> _Following:
        started.append(_Following(loki, *options))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


@pytest.fixture
def logged(loki: Program) -> Program:
    """A log of two days."""
    write_two_days(loki)
    return loki


def test_new_entries_come_as_they_are_written_also_by_other_processes(logged: Program, follow: _Follow) -> None:
    following = follow("-n", "1", "--event", "auth")
    assert following.read()["seq"] == 6
    logged.do("token generate ci-bot")
    assert following.read()["event"] == "auth.token.create"
    logged.do("token revoke ci-bot")
    assert following.read()["event"] == "auth.token.revoke"
    assert following.end() == (130, b"")


def test_only_what_is_asked_for_comes(logged: Program, follow: _Follow) -> None:
    following = follow("-n", "9", "--event", "auth.fail")
    assert [following.read()["seq"] for _ in range(2)] == [3, 6]
    logged.do("token generate ci-bot")
    logged("token verify -", stdin="loki_" + "a" * 49)
    assert following.read()["event"] == "auth.fail"
    assert following.end() == (130, b"")


def test_a_log_that_is_not_there_yet_is_waited_for(loki: Program, follow: _Follow) -> None:
    following = follow()
    write_two_days(loki)
    assert [following.read()["seq"] for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    assert following.end() == (130, b"")


def test_full_files_new_days_and_pruning_lose_nothing(logged: Program, follow: _Follow) -> None:
    following = follow("-n", "1")
    following.read()
    day = get_log(logged) / "audit-2026-03-02.jsonl"
    write_log(logged, day.name, make_foreign_line(mark=1))
    day.rename(get_log(logged) / "audit-2026-03-02.235959.jsonl")
    write_log(logged, day.name, make_foreign_line(mark=2))
    write_log(logged, "audit-2026-03-03.jsonl", make_foreign_line(mark=3)[:-9])
    assert [following.read()["mark"] for _ in range(2)] == [1, 2]
    (get_log(logged) / "audit-2026-03-01.jsonl").unlink()
    write_log(logged, "audit-2026-03-03.jsonl", make_foreign_line(mark=3)[-9:])
    assert following.read()["mark"] == 3
    assert following.end() == (130, b"")


def test_it_ends_when_its_reader_does_though_nothing_is_written_any_more(logged: Program) -> None:
    reading, writing = os.pipe()
    process = logged.start("enterprise", "audit", "tail", "-f", "--json", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert os.read(reading, 1)
    os.close(reading)
    _, said = process.communicate(timeout=DEADLINE)
    assert (process.returncode, said) == (141, b"")


def test_in_a_terminal_rows_stay_under_their_headings(logged: Program, start_pty: StartPty) -> None:
    terminal = start_pty([*logged.argv, "enterprise", "audit", "tail", "--follow"], columns=100)
    terminal.wait_for("2026-03-02T12:02:00Z")
    write_log(
        logged, "audit-2026-03-02.jsonl", make_foreign_line(user_id="somebody with a long name", user_agent="x" * 99)
    )
    terminal.wait_for("12:30:00Z")
    terminal.send("\x03")
    assert terminal.wait() == 130
    lines = [line for line in terminal.text.split("\n") if "2026-" in line]
    assert len(lines) == 7
    assert {line.index("Z") for line in lines} == {19}
    assert all(len(line.rstrip()) <= 100 for line in lines)


def test_following_an_output_file_costs_no_turn_of_a_loop(logged: Program, tmp_path: Path) -> None:
    """A file, unlike a pipe, is never gone: the wait must not end at once for it."""
    with (tmp_path / "out").open("wb") as out:
        process = logged.start("enterprise", "audit", "tail", "-f", "--json", stdout=out, stderr=subprocess.PIPE)
        while (tmp_path / "out").read_bytes().count(b"\n") < 6:
            os.sched_yield()
        logged.do("token generate ci-bot")
        while (tmp_path / "out").read_bytes().count(b"\n") < 7:
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE)
        assert process.returncode == 130

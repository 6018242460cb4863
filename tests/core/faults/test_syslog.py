"""Forwarding to a syslog receiver when its processes are many, and when they are killed."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import random
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from loki_core.audit.file_log import FileLog
from loki_core.audit.syslog_cursor import MOST_AT_ONCE
from loki_core.audit.syslog_forwarder import SyslogForwarder
from loki_core.audit.syslog_forwarding import SyslogForwarding
from loki_core.background import BackgroundWriter
from loki_core.settings import SyslogSettings
from tests.core.audit.seals import make_entry
from tests.core.faults.family import Child, Line, ask_child, run_alone
from tests.support.syslog_receivers import StreamReceiver

ENTRIES = 50
"""That one process writes before it is killed, at most."""
AT_ONCE = 5
LONGEST_LIFE = 0.15
"""Seconds for which it may work."""


class _Writer:
    """A process that writes entries and forwards them, minutes after the one before: no pause is left of it."""

    def __init__(self, audit: str, port: int, number: int) -> None:
        self._later = timedelta(minutes=2 * number)
        to = SyslogSettings(host="127.0.0.1", port=port, proto="tcp")
        self.forwarder = SyslogForwarder(audit, to, clock=self.clock, host="here", most_lines=1_000_000)
        self.forwarding = SyslogForwarding(self.forwarder, BackgroundWriter(), pause=0)
        self.log = FileLog(audit, clock=self.clock, max_file_size=0.02, notify=self.forwarding.wake)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self._later

    def write(self, count: int) -> None:
        for _ in range(count):
            self.log.record(make_entry(self.clock()), durable=False)


def _write_until_killed(audit: str, port: int, number: int, line: Line) -> None:
    writer = _Writer(audit, port, number)
    line.say("ready")
    for _ in range(ENTRIES // AT_ONCE):
        writer.write(AT_ONCE)
        time.sleep(0.001)  # lets the other thread forward
    line.hear()


def _kill(audit: str, port: int, kills: int, seed: int) -> int:
    """Return how many entries there are, after processes were killed and one has sent what they could not."""
    chance = random.Random(seed)
    for number in range(kills):
        with Child(functools.partial(_write_until_killed, audit, port, number)) as child:
            child.hear()
            time.sleep(chance.random() * LONGEST_LIFE)
    numbers = itertools.count(kills)
    while ask_child(lambda: _Writer(audit, port, next(numbers)).forwarder.forward().pause) is not None:
        next(numbers)
    return _find_last(audit)


def _find_last(audit: str) -> int:
    """Return the number of the last whole line: what a killed process left of another is not in the log."""
    files = sorted(Path(audit).glob("audit-*.jsonl"))
    lines = [line for file in files[-2:] for line in file.read_bytes().split(b"\n")[:-1] if line]
    seq: int = json.loads(lines[-1])["seq"]
    return seq


def _read_slowly(receiver: StreamReceiver, connection: socket.socket) -> None:
    while data := connection.recv(1000):
        receiver.keep(connection, data)
        receiver.is_closed.wait(0.001)


@pytest.mark.parametrize("kills", [25, pytest.param(500, marks=pytest.mark.nightly)])
def test_kill_9_of_a_forwarder_in_the_middle_loses_no_entry_and_repeats_a_batch_at_most(
    tmp_path: Path, child_environ: dict[str, str], kills: int
) -> None:
    audit = str(tmp_path / "dashboard" / "audit")
    with contextlib.closing(StreamReceiver(_read_slowly)) as receiver:
        last = run_alone(_kill, audit, receiver.port, kills, kills, environ=child_environ)
        seqs = receiver.wait_for(lambda seqs: set(seqs) == set(range(1, last + 1)))
        assert all("skip" not in message.name for message in receiver.messages)
        streams = len(receiver.streams)
    assert last > kills
    assert len(seqs) - last <= kills * MOST_AT_ONCE
    print(f"{last} entries, {kills} kills, {streams} streams, {len(seqs) - last} entries came twice")


def _write_and_close(audit: str, port: int, count: int, line: Line) -> None:
    writer = _Writer(audit, port, 0)
    writer.write(count)
    writer.log.close()
    writer.forwarding.close(60)
    line.say("closed")


def _write_together(audit: str, port: int, processes: int, count: int) -> int:
    children = [Child(functools.partial(_write_and_close, audit, port, count)) for _ in range(processes)]
    for child in children:
        with child:
            assert child.hear() == ["closed"]
            assert child.wait() == 0
    return _find_last(audit)


def test_what_8_processes_write_at_once_is_all_sent_when_the_last_one_has_closed(
    tmp_path: Path, child_environ: dict[str, str]
) -> None:
    audit = str(tmp_path / "dashboard" / "audit")
    with contextlib.closing(StreamReceiver()) as receiver:
        last = run_alone(_write_together, audit, receiver.port, 8, 60, environ=child_environ)
        assert last == 480
        assert receiver.seqs == [*range(1, 481)]

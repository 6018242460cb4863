"""Forwarding in the background: when it works, when it stops, and that nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from loki_core.audit.syslog_forwarder import LOCK_NAME
from loki_core.audit.syslog_forwarding import SyslogForwarding
from loki_core.background import BackgroundWriter
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.lock import hold_lock
from loki_core.settings import SyslogSettings
from tests.core.audit.forwarding import Bench, Receiver


class Later(BackgroundWriter):
    """Runs nothing by itself: the test says when time has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[tuple[float, Callable[[], None]]] = []

    def submit(self, job: Callable[[], None]) -> bool:
        return self.submit_later(0, job)

    def submit_later(self, seconds: float, job: Callable[[], None]) -> bool:
        self.jobs.append((seconds, job))
        return True

    def flush(self, seconds: float = 0) -> bool:
        self.run()
        return True

    @property
    def waits(self) -> list[float]:
        return [seconds for seconds, _ in self.jobs]

    def run(self) -> None:
        """Let everything that waits run."""
        jobs, self.jobs = self.jobs, []
        for _, job in jobs:
            job()


class Hanging(Receiver):
    """Says nothing until it is let go, and then fails."""

    def __init__(self) -> None:
        super().__init__()
        self.was_asked = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, messages: Sequence[bytes], to: SyslogSettings) -> None:
        self.was_asked.set()
        self.let_go.wait(60)
        raise TimeoutError


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "dashboard")


@pytest.fixture
def hanging(bench: Bench) -> Iterator[Hanging]:
    receiver = Hanging()
    yield receiver
    receiver.let_go.set()


def test_an_entry_is_sent_in_the_background_and_close_sends_what_is_left(bench: Bench) -> None:
    forwarding = SyslogForwarding(bench.forwarder(), BackgroundWriter())
    bench.write(1)
    forwarding.wake()
    bench.write(2)
    forwarding.close(60)
    assert bench.receiver.seqs == [1, 2, 3]


def test_without_an_entry_nothing_is_looked_at(bench: Bench) -> None:
    bench.write(1)
    background = Later()
    SyslogForwarding(bench.forwarder(), background).close()
    assert background.jobs == []
    assert bench.receiver.attempts == 0


def test_what_comes_meanwhile_goes_together_a_little_later(bench: Bench) -> None:
    background = Later()

    class Interrupted(Receiver):
        def __call__(self, messages: Sequence[bytes], to: SyslogSettings) -> None:
            super().__call__(messages, to)
            if self.attempts == 1:
                for _ in range(5):
                    forwarding.wake()

    forwarding = SyslogForwarding(bench.forwarder(send=Interrupted()), background, pause=7)
    bench.write(1)
    for _ in range(5):
        forwarding.wake()
    assert background.waits == [0]
    background.run()
    assert background.waits == [7]
    background.run()
    assert background.waits == []


def test_after_a_failure_it_is_tried_again_without_another_entry(bench: Bench) -> None:
    background = Later()
    forwarding = SyslogForwarding(bench.forwarder(), background)
    bench.receiver.error = ConnectionRefusedError(111, "Connection refused")
    bench.write(1)
    forwarding.wake()
    background.run()
    assert background.waits == [1]
    bench.clock.move(seconds=1)
    background.run()
    assert background.waits == [2]
    forwarding.wake()  # changes nothing: the pause is not over
    assert background.waits == [2]
    bench.clock.move(seconds=2)
    bench.receiver.error = None
    background.run()
    assert bench.receiver.seqs == [1]
    assert background.waits == []


def test_at_the_end_a_pause_after_a_failure_is_kept(bench: Bench) -> None:
    background = Later()
    forwarding = SyslogForwarding(bench.forwarder(), background)
    bench.receiver.error = ConnectionRefusedError(111, "Connection refused")
    bench.write(1)
    forwarding.wake()
    background.run()
    forwarding.close()
    assert bench.receiver.attempts == 1
    background.run()
    forwarding.wake()
    assert background.jobs == []


def test_a_head_wakes_it_as_an_entry_does(bench: Bench) -> None:
    background = Later()
    forwarding = SyslogForwarding(bench.forwarder(with_heads=True), background)
    bench.write(1, sealed=True)
    forwarding.send(b"{}")
    background.run()
    assert bench.receiver.names == ["auth.token.create", "audit.head"]


def test_a_receiver_that_hangs_delays_neither_entries_nor_close_beyond_its_bound_nor_the_end(
    bench: Bench, hanging: Hanging
) -> None:
    background = BackgroundWriter()
    forwarding = SyslogForwarding(bench.forwarder(send=hanging), background)
    bench.write(1)
    forwarding.wake()
    assert hanging.was_asked.wait(60)
    for _ in range(50):
        bench.write(1)
        forwarding.wake()
    forwarding.close(0.05)
    assert not background.flush(0)  # it hangs still
    assert bench.forwarder().forward().is_busy
    hanging.let_go.set()
    assert background.flush(60)
    bench.clock.move(minutes=1)
    assert bench.forward() is None
    assert bench.receiver.seqs == [*range(1, 52)]


def test_at_the_end_whoever_is_at_it_is_waited_for_and_followed(bench: Bench) -> None:
    bench.write(1)
    forwarding = SyslogForwarding(bench.forwarder(), BackgroundWriter())
    with PrivateDirectory.open(str(bench.audit)) as directory:
        release, is_held = threading.Event(), threading.Event()

        def be_another() -> None:
            with hold_lock(directory, LOCK_NAME):
                is_held.set()
                release.wait(60)

        another = threading.Thread(target=be_another)
        another.start()
        is_held.wait(60)
        forwarding.wake()
        closing = threading.Thread(target=forwarding.close, args=(60,))
        closing.start()
        assert bench.receiver.attempts == 0
        release.set()
        another.join()
        closing.join()
    assert bench.receiver.seqs == [1]


def test_a_forked_child_forwards_what_it_writes_and_does_not_wait_for_the_parents_job(bench: Bench) -> None:
    background = Later()
    forwarding = SyslogForwarding(bench.forwarder(), background)
    forwarding.wake()
    forwarding.renew()
    forwarding.wake()
    assert background.waits == [0, 0]

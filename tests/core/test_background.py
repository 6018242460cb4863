"""The one thread for what must not delay a caller."""

from __future__ import annotations

import threading

from loki_core.background import LONGEST_QUEUE, BackgroundWriter


def test_jobs_run_in_their_order_and_flushing_waits_for_them() -> None:
    writer, done = BackgroundWriter(), list[int]()
    for number in range(100):
        assert writer.submit(lambda number=number: done.append(number))  # type: ignore[misc]
    assert writer.flush()
    assert done == list(range(100))


def test_a_full_queue_drops_jobs_and_nobody_waits() -> None:
    writer, gate = BackgroundWriter(), threading.Event()

    def wait() -> None:
        gate.wait()

    writer.submit(wait)
    while writer.submit(lambda: None):
        pass
    assert not writer.flush(0)
    gate.set()
    assert writer.flush()
    assert LONGEST_QUEUE > 0


def test_flushing_what_never_began_returns_at_once() -> None:
    assert BackgroundWriter().flush(0)


def test_a_job_that_fails_in_spite_of_the_rule_does_not_end_all_others() -> None:
    writer, done = BackgroundWriter(), list[int]()

    def fail() -> None:
        raise RuntimeError("against the rule")

    for _ in range(3):
        writer.submit(fail)
        writer.submit(lambda: done.append(1))
    assert writer.flush(60)
    assert done == [1, 1, 1]

"""The one thread for what must not delay a caller."""

from __future__ import annotations

import threading

from loki_core.background import LONGEST_QUEUE, BackgroundWriter
from tests.support.fresh_process import run_python


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


def test_what_was_waited_for_the_last_time_is_not_waited_for_at_the_end_of_the_program(
    child_environ: dict[str, str],
) -> None:
    code = """
        import threading
        from loki_core.background import BackgroundWriter

        class Told(BackgroundWriter):
            def flush(self, seconds=1.0):
                print("flushed")
                return super().flush(seconds)

        writer = Told()
        writer.submit(threading.Event().wait)
        print(writer.finish(0.01))
    """
    assert run_python(code, env=child_environ).stdout == "flushed\nFalse\n"


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


def test_what_is_to_run_later_runs_in_the_order_of_its_time_and_flushing_does_not_wait_for_it() -> None:
    writer, done, last = BackgroundWriter(), list[str](), threading.Event()
    writer.submit_later(0.02, lambda: done.append("second"))
    writer.submit_later(0.01, lambda: done.append("first"))
    writer.submit_later(0.03, last.set)
    writer.submit_later(3600, lambda: done.append("much later"))
    writer.submit_later(0, lambda: done.append("now"))
    assert writer.flush(60)
    assert done[0] == "now"
    assert last.wait(60)
    assert done == ["now", "first", "second"]


def test_what_is_to_run_later_runs_at_the_end_of_the_program(child_environ: dict[str, str]) -> None:
    code = """
        from loki_core.background import BackgroundWriter
        writer = BackgroundWriter()
        writer.submit_later(3600, lambda: print("done", flush=True))
    """
    assert run_python(code, env=child_environ).stdout == "done\n"


def test_too_many_jobs_for_later_are_dropped() -> None:
    writer = BackgroundWriter()
    while writer.submit_later(3600, lambda: None):
        pass
    assert writer.flush(0)


def test_jobs_for_later_are_done_by_the_parent_alone(child_environ: dict[str, str]) -> None:
    code = """
        import os
        from loki_core.background import BackgroundWriter
        writer, begun = BackgroundWriter(), os.getpid()
        writer.submit_later(3600, lambda: print(os.getpid() == begun, flush=True))
        if os.fork():
            os.wait()
    """
    assert run_python(code, env=child_environ).stdout == "True\n"


def test_the_thread_ends_when_nothing_is_left_to_do_and_the_next_job_starts_another() -> None:
    writer, done = BackgroundWriter(), list[threading.Thread]()
    for _ in range(2):
        writer.submit(lambda: done.append(threading.current_thread()))
        writer.submit_later(3600, lambda: None)
        assert writer.flush(60)
        writer.drop_later()
        done[-1].join(60)
        assert not done[-1].is_alive()
    assert done[0] is not done[1]

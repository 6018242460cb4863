"""A process and its children: forked from one interpreter that has imported the library, so that many are cheap.

A scenario is a function that runs alone in a fresh interpreter (`run_alone`), forks children, and returns its figures;
the test process itself never forks, because it may have threads.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import loki_core
import loki_core.services
from tests.support.fresh_process import run_python

DEADLINE = 120.0
"""Seconds after which a child that says nothing is taken for hung; far more than any of them needs."""
_PR_SET_PDEATHSIG = 1
_RUN = """
    import importlib, json, sys
    module, name, arguments = sys.argv[1:]
    print(json.dumps(getattr(importlib.import_module(module), name)(*json.loads(arguments))))
"""


def run_alone(scenario: Callable[..., Any], *arguments: Any, environ: Mapping[str, str], deadline: float = 600) -> Any:
    """Run a function of a module in a fresh interpreter and return what it returns.

    Args:
        scenario: a function at the top of its module.
        arguments: what JSON can hold.
        environ: the interpreter's environment.
        deadline: seconds after which it is ended.
    """
    place = (scenario.__module__, scenario.__name__, json.dumps(arguments))
    done = run_python(_RUN, *place, env=environ, deadline=deadline)
    assert done.returncode == 0, f"it ended with {done.returncode}: {done.stderr}"
    print(done.stderr, end="", file=sys.stderr)  # what ended a child, if anything did
    return json.loads(done.stdout.splitlines()[-1])


def open_home(home: str | Path, **arguments: Any) -> loki_core.Loki:
    """Open the store of a home directory by default settings."""
    return loki_core.open(environ={"HOME": str(home)}, directory=Path(home), **arguments)


class Line:
    """One end of a conversation in lines of JSON."""

    def __init__(self, reading: int, writing: int) -> None:
        self.reading = reading
        self._writing = writing
        self._buffer = b""

    def say(self, *words: Any) -> None:
        """Send a message; short ones arrive whole even when the sender is killed afterwards."""
        os.write(self._writing, json.dumps(words).encode() + b"\n")

    def hear(self, deadline: float = DEADLINE) -> list[Any] | None:
        """Return the next message, or None when the other end is gone.

        Raises:
            TimeoutError: nothing was said within the deadline (seconds).
        """
        until = time.monotonic() + deadline
        while b"\n" not in self._buffer:
            if not select.select([self.reading], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError(f"nothing was heard for {deadline} s")
            part = os.read(self.reading, 65536)
            if not part:
                return None
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: list[Any] = json.loads(line)
        return message

    def hear_now(self) -> list[list[Any]] | None:
        """Return the messages that are whole after one read, or None when the other end is gone."""
        part = os.read(self.reading, 65536)
        if not part:
            return None
        *lines, self._buffer = (self._buffer + part).split(b"\n")
        return [json.loads(line) for line in lines]

    def hear_all(self) -> Iterator[list[Any]]:
        """Yield the messages until the other end is gone."""
        while (message := self.hear()) is not None:
            yield message

    def close(self) -> None:
        """End the conversation."""
        os.close(self.reading)
        os.close(self._writing)


class Child(Line):
    """A forked process that does some work; use it in a `with`, which ends it by its own pid."""

    def __init__(self, work: Callable[[Line], object], *, user: int = 0) -> None:
        """Fork.

        Args:
            work: what the child does; it talks through the Line that it gets.
            user: the uid that the child becomes, when we are root.
        """
        down_read, down_write = os.pipe()
        up_read, up_write = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(down_write)
            os.close(up_read)
            _work_and_exit(work, Line(down_read, up_write), user)
        os.close(down_read)
        os.close(up_write)
        super().__init__(up_read, down_write)
        self._status: int | None = None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to this child, if it still runs."""
        if self._status is None:
            os.kill(self.pid, number)

    def wait(self) -> int:
        """Wait for its end and return its status, negative for a signal."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.wait()
        self.close()


def _work_and_exit(work: Callable[[Line], object], line: Line, user: int) -> None:
    status = 1
    try:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # no orphan, however the parent ends
        if user and os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        work(line)
        status = 0
    except BaseException:  # noqa: BLE001 - the last thing a child does
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def ask_child(question: Callable[[], Any], *, user: int = 0) -> Any:
    """Answer a question in a process of its own and return the answer."""
    with Child(lambda line: line.say(question()), user=user) as child:
        answer = child.hear()
        assert child.wait() == 0
    assert answer is not None
    return answer[0]


def hear_from(children: list[Child]) -> Iterator[tuple[Child, list[Any]]]:
    """Yield what children say, as it comes, until all are gone.

    Raises:
        TimeoutError: nobody said anything within the deadline.
    """
    talking = {child.reading: child for child in children}
    while talking:
        ready = select.select(list(talking), [], [], DEADLINE)[0]
        if not ready:
            raise TimeoutError(f"nothing was heard for {DEADLINE} s")
        for descriptor in ready:
            child = talking[descriptor]
            messages = child.hear_now()
            yield from ((child, message) for message in messages or ())
            if messages is None:
                del talking[descriptor]


def find_refusal(deed: Callable[[], object]) -> str:
    """Return the code with which a deed is refused, or "" when it is done."""
    try:
        deed()
    except loki_core.LokiError as error:
        return error.code
    return ""

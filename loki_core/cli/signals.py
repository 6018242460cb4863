"""The signals that end a program, while something is begun that must be finished or undone."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import NoReturn

from loki_core.cli.failure import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def signals_raised() -> Iterator[None]:
    """Let the signals that end a program raise Interrupted, so that what was begun is undone."""

    def interrupt(number: int, _: object) -> NoReturn:
        raise Interrupted(number)

    with handle_signals(interrupt):
        yield


@contextlib.contextmanager
def handle_signals(handle: Callable[[int, object], NoReturn] | signal.Handlers) -> Iterator[None]:
    """Let something else happen on these signals while the block runs."""
    # What is ignored stays ignored: nohup and shells in the background do that.
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

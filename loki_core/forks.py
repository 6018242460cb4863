"""What must be made anew in a forked child: there, a lock that another thread held is never released."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from typing import Protocol


class Renewable(Protocol):
    """Has locks, or state that only holds together under them."""

    def renew(self) -> None:
        """Begin anew in a forked child: no other thread of it exists."""


_renewables: weakref.WeakSet[Renewable] = weakref.WeakSet()


def renew_after_fork(thing: Renewable) -> None:
    """Let `thing.renew()` be called in every child that is forked from now on."""
    _renewables.add(thing)


def _renew_all() -> None:
    for thing in list(_renewables):
        thing.renew()


os.register_at_fork(after_in_child=_renew_all)

_no_fork = threading.RLock()
os.register_at_fork(before=_no_fork.acquire, after_in_parent=_no_fork.release, after_in_child=_no_fork.release)


@contextlib.contextmanager
def holding_forks() -> Iterator[None]:
    """Let a fork by another thread wait until the block ran.

    For what cannot be made anew in the child: Python's lock of a module that is being imported.
    """
    with _no_fork:
        yield

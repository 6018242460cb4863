"""What must be made anew in a forked child: there, a lock that another thread held is never released."""

from __future__ import annotations

import os
import weakref
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

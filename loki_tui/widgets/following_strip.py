"""A strip of lines about the row at the cursor, following it once it rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.message import Message
from textual.timer import Timer

from loki_tui.widgets.span_lines import SpanLines

R = TypeVar("R")
REST = 0.12
"""Seconds that the cursor must rest before the strip follows it: a held key then costs two lines each time."""


@dataclass
class Followed(Message):
    """A strip is about another row, or tells more."""


class FollowingStrip(SpanLines, Generic[R]):
    """Lines about one row, the last one that was asked for. A subclass builds them from `row`."""

    row: R | None = None
    """What it is about."""
    _asked: R | None = None
    _rest: Timer | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it tells all there is about the last row that was asked for."""
        return self._asked is self.row

    def follow(self, row: R | None, *, at_once: bool = False) -> None:
        """Be about that row, once no other is asked for."""
        self._asked = row
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(0.001 if at_once else REST, lambda: self.turn_to(row))

    def turn_to(self, row: R | None) -> None:
        """Be about that row; a subclass may have to look something up first."""
        self.show(row)

    def show(self, row: R | None) -> None:
        """Tell what is known about that row."""
        self.row = row
        self.rebuild()
        self.post_message(Followed())

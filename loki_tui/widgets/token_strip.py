"""The strip under the table: about the token at the cursor, following it once it rests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.timer import Timer

from loki_tui.rows import Row
from loki_tui.spans import Span
from loki_tui.token_detail import Facts, describe_row
from loki_tui.token_facts import find_facts
from loki_tui.token_list import TokenList
from loki_tui.widgets.span_lines import SpanLines

if TYPE_CHECKING:
    from loki_core import Loki

REST = 0.12
"""Seconds that the cursor must rest before the strip follows it: a held key then costs two lines each time."""
GRACE = 0.08
"""Seconds that the strip waits for what is looked up, so that it is mostly painted once."""


class TokenStrip(SpanLines):
    """What a row allows, who uses it, what to do next. What has to be looked up is looked up in the background."""

    @dataclass
    class Followed(Message):
        """The strip is about another row, or tells more."""

    def __init__(self, loki: Loki, tokens: TokenList, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(self._describe, id=id)
        self._loki = loki
        self._tokens = tokens
        self._asked: Row | None = None
        self._row: Row | None = None
        self._facts: dict[str, Facts] = {}
        self._rest: Timer | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it tells all there is about the last row that was asked for."""
        return self._asked is self._row and (self._row is None or self._row.token.id in self._facts)

    def forget(self) -> None:
        """Drop what was looked up: the store has changed."""
        self._facts.clear()

    def follow(self, row: Row | None, *, at_once: bool = False) -> None:
        """Be about that row, once no other is asked for."""
        self._asked = row
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(0.001 if at_once else REST, lambda: self._show_row(row))

    def _show_row(self, row: Row | None) -> None:
        if row is None or row.token.id in self._facts:
            self._show(row)
        else:
            self.run_worker(self._look_up(row), group="details", exclusive=True)

    async def _look_up(self, row: Row) -> None:
        looking = asyncio.ensure_future(asyncio.to_thread(find_facts, self._loki, row, self._tokens.now))
        await asyncio.wait({looking}, timeout=GRACE)
        if not looking.done():
            self._show(row)
        self._facts[row.token.id] = await looking
        self._show(row)

    def _show(self, row: Row | None) -> None:
        self._row = row
        self.rebuild()
        self.post_message(self.Followed())

    def _describe(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        if self._row is None:
            return [[Span(" " * width, "head")]]
        facts = self._facts.get(self._row.token.id)
        return describe_row(self._row, facts, self._loki.scopes, self._tokens.now, width=width, height=height)

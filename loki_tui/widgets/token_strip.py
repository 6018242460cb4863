"""The strip under the tokens: about the one at the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loki_tui.rows import Row
from loki_tui.spans import Span
from loki_tui.token_detail import Facts, describe_row
from loki_tui.token_facts import find_facts
from loki_tui.token_list import TokenList
from loki_tui.widgets.following_strip import FollowingStrip

if TYPE_CHECKING:
    from loki_core import Loki

GRACE = 0.08
"""Seconds that the strip waits for what is looked up, so that it is mostly painted once."""


class TokenStrip(FollowingStrip[Row]):
    """What a row allows, who uses it, what to do next. What has to be looked up is looked up in the background."""

    def __init__(self, loki: Loki, tokens: TokenList, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(self._describe, id=id)
        self._loki = loki
        self._tokens = tokens
        self._facts: dict[str, Facts] = {}

    @property
    def is_settled(self) -> bool:
        """Whether it tells all there is about the last row that was asked for."""
        return super().is_settled and (self.row is None or self.row.token.id in self._facts)

    def forget(self) -> None:
        """Drop what was looked up: the store has changed."""
        self._facts.clear()

    def turn_to(self, row: Row | None) -> None:
        """Be about that row, with what is known of it or once that was looked up."""
        if row is None or row.token.id in self._facts:
            self.show(row)
        else:
            self.run_worker(self._look_up(row), group="details", exclusive=True)

    async def _look_up(self, row: Row) -> None:
        looking = asyncio.ensure_future(asyncio.to_thread(find_facts, self._loki, row, self._tokens.now))
        await asyncio.wait({looking}, timeout=GRACE)
        if not looking.done():
            self.show(row)
        self._facts[row.token.id] = await looking
        self.show(row)

    def _describe(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        if self.row is None:
            return [[Span(" " * width, "head")]]
        facts = self._facts.get(self.row.token.id)
        return describe_row(self.row, facts, self._loki.scopes, self._tokens.now, width=width, height=height)

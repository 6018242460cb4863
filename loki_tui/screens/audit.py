"""The Audit screen: failed sign-ins, the week, the log as it grows, and the details of the entry at the cursor."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.types import CSSPathType

from loki_core import LokiError
from loki_tui.actions import ACTIONS, Action
from loki_tui.audit.cells import COLUMNS
from loki_tui.audit.command import find_options
from loki_tui.audit.entries import EntryList
from loki_tui.audit.failures import WINDOW, RecentFailures
from loki_tui.audit.rows import EntryRow
from loki_tui.audit.watch import Beginning, Change, LogWatch, New, Older
from loki_tui.audit.week import BLOCKS, DAYS, PLAIN, Week, compose_week
from loki_tui.keymap import bind_actions
from loki_tui.screens.audit_actions import AuditActions
from loki_tui.screens.audit_lines import (
    EXAMPLE,
    Extent,
    compose_attention,
    compose_empty,
    compose_error,
    compose_off,
    compose_shown,
    compose_status,
    describe_verification,
)
from loki_tui.screens.list_lines import compose_summary
from loki_tui.spans import Span
from loki_tui.terminal.environment import shows_blocks
from loki_tui.widgets.entry_strip import EntryStrip
from loki_tui.widgets.row_table import RowTable
from loki_tui.widgets.span_lines import Builder

if TYPE_CHECKING:
    from loki_core import AuditSummary, Loki

NO_MATCH = "no entry matches: Esc clears the filter"
NEAR = 300
"""Rows before the last one that is known from which on older ones are read."""
HOUR_WITHIN = 10_000
"""Entries that are read at most so that the last hour is known."""
DAY_EVERY = 30
"""Ticks after which the last hour, and which day it is, are looked at anew."""


class AuditScreen(AuditActions):
    """The whole log, the newest entry first."""

    MODE = "audit"
    CSS_PATH: ClassVar[CSSPathType | None] = "audit.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bind_actions(ACTIONS, MODE)]

    def __init__(self, loki: Loki) -> None:
        super().__init__(loki)
        self.list = EntryList(loki.clock())
        self.log_watch = LogWatch(loki, self.show_change, self.learn_names)
        self.failures = RecentFailures()
        self.week = Week()
        self.error: LokiError | None = None
        self.is_read = False
        self.is_whole = True
        self.table = RowTable(self.list, COLUMNS, rides=True, id="rows")
        self.strip: EntryStrip = EntryStrip(self.list, loki.clock, self._build_hints, id="strip")
        self._bars = BLOCKS if shows_blocks(os.environ) else PLAIN
        self._ticks = 0
        self._last_row: EntryRow | None = None
        """The row that the cursor stood on when the log had to be read anew, or was gone."""

    def on_mount(self) -> None:
        """Watch how far somebody looks back; the list is watched as on every such screen."""
        self.watch(self.table, "scroll_y", self._read_on_if_near, init=False)

    async def watch_source(self) -> None:
        """Watch the log."""
        await self.log_watch.run()

    # What the lines say

    def list_builders(self) -> Mapping[str, Builder]:
        """Return the lines of failures and of the week."""
        return {
            "attention": self._build_attention,
            "week": lambda width, _: compose_week(self.week, bars=self._bars, width=width),
        }

    def _build_attention(self, width: int, _: int) -> Sequence[Sequence[Span]]:
        told = self.failures.describe(self.loki.clock()) if self.is_read else None
        return [compose_attention(told, self.app.standing.verdict, width, is_off=self.app.standing.is_off)]

    def _build_hints(self) -> Sequence[Span]:
        """Return the keys that say more about the entry at the cursor."""
        token, entry = "screen.show_token", "screen.show_entry"
        hints = [Span(self.find_key("audit.entry"), "key", entry), Span(" All ", "muted", entry)]
        if self.strip.row is not None and self.strip.row.token:
            hints = [Span(self.find_key("audit.token"), "key", token), Span(" Token  ", "muted", token), *hints]
        return hints

    def list_counts(self) -> Sequence[Sequence[Span]]:
        """Return nothing: what is counted stands below."""
        return ()

    def build_summary(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        """Return how many entries are shown."""
        if not self.is_read:
            return [compose_summary(EXAMPLE, [[Span("reading…", "muted")]], width)]
        extent = Extent(
            shown=len(self.list),
            total=self.list.total,
            is_filtered=self.list.is_filtered,
            is_whole=self.is_whole,
            is_full=self.list.is_full,
            is_reading=self.log_watch.is_asked,
        )
        return [compose_shown(extent, hint=not self.is_filtering, width=width)]

    def build_panel(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        """Return why there is no entry to show."""
        if not self.is_read:
            return []
        if self.error is not None:
            return compose_error(self.loki.audit_label, self.error, width)
        if self.app.standing.is_off:
            return compose_off(width)
        return compose_empty(self.loki.audit_label, width)

    def build_status(self, width: int, height: int) -> Sequence[Sequence[Span]]:
        """Return whether the tail is live, and a command."""
        options, is_all = find_options(
            self.filter_bar.text, self.list.row_at(0) if len(self.list) else None, self.list.names
        )
        return [
            compose_status(
                is_read=self.is_read,
                held=self.list.held if self.list.is_paused else None,
                resume_key=self.find_key("audit.pause"),
                above=self.table.scroll_offset.y,
                verification=describe_verification(self.app.standing.verdict, self.app.standing.verified_at),
                back=self.came_from,
                silent_for=self.log_watch.silent_for,
                options=options,
                is_all=is_all,
                width=width,
            )
        ]

    def list_offered(self) -> Sequence[Action]:
        """Return what the last line may offer: without entries little."""
        if not self.is_read or self.list.total:
            return self.own_actions
        useful = {"audit.verify", "audit.head"} if self.error is None else set()
        return [action for action in self.own_actions if action.place == "everywhere" or action.id in useful]

    # Data

    @property
    def current_row(self) -> EntryRow | None:
        """The row at the cursor, or None."""
        return self.list.row_at(self.table.cursor) if len(self.list) else None

    def show_change(self, change: Change) -> None:
        """Show what was found in the log, without moving the cursor."""
        follow: EntryRow | None = None
        match change:
            case Beginning():
                self._last_row, self.error = self.current_row or self._last_row, change.error
                self.list.begin(change.page.rows)
                follow = self.list.find_twin(self._last_row)
                self.failures.clear()
                self.is_whole = change.is_whole
                if change.page.rows:
                    self.run_worker(self._count_week(), group="week", exclusive=True)
            case Older():
                self.list.add_older(change.page.rows)
                self.is_whole = change.is_whole
            case New():
                self.list.add_new(change.page.rows)
                self.week.add(change.page.days)
        self.failures.add(change.page.failures)
        self.list.names.update({**change.page.names, **self.list.names})
        self.is_read = True
        self.list.now = self.loki.clock()
        self.table.placeholder = NO_MATCH if self.list.is_filtered else ""
        self.table.rows_changed(follow=None if follow is None else str(follow.number))
        self.show_panel(not self.list.total)
        self.strip.follow(self.current_row, at_once=isinstance(change, Beginning))
        self.filter_bar.rebuild()
        self.rebuild("attention", "week", "status", "keys")
        self._read_on_if_near()

    def learn_names(self, names: Mapping[str, str]) -> None:
        """Call tokens by their names from now on."""
        self.list.names.update(names)
        self.table.repaint()
        self.strip.rebuild()

    async def _count_week(self) -> None:
        """Count the days before today; what is written meanwhile is counted with them."""
        try:
            summary: AuditSummary = await asyncio.to_thread(self.loki.audit.summary, days=DAYS)
        except LokiError:
            return
        self.week.begin(summary)
        self.rebuild("week")

    def _read_on_if_near(self) -> None:
        """Read older entries when somebody comes near the oldest, or few of those that were read are shown."""
        if self.is_whole or self.list.is_full or self.error is not None:
            return
        seen = max(self.table.cursor, self.table.scroll_offset.y + self.table.size.height)
        oldest = self.list.find_oldest()
        knows_hour = oldest is None or oldest.at <= self.loki.clock() - WINDOW or self.list.total >= HOUR_WITHIN
        if len(self.list) - seen < NEAR or not knows_hour:
            self.log_watch.ask_for_older()
            self.filter_bar.rebuild()

    def tick(self) -> None:
        """Let failures grow old, and say when the log does not answer."""
        self._ticks += 1
        if self._ticks % DAY_EVERY == 0 and self.is_read:
            now, before = self.loki.clock(), self.list.now
            self.list.now = now
            if now.date() != before.date():
                self.run_worker(self._count_week(), group="week", exclusive=True)
                self.table.repaint()
            self.rebuild("attention")
            self.strip.rebuild()
        if self.log_watch.silent_for >= 2 or self._ticks % 5 == 0:
            self.rebuild("status")

    def on_row_table_cursor_moved(self) -> None:
        """Let the details follow once the cursor rests."""
        self.strip.follow(self.current_row)
        self._read_on_if_near()

    # The filter

    def show_matches(self, text: str) -> None:
        """List only the entries that pass this filter."""
        self.list.show_matches(text)
        self.table.placeholder = NO_MATCH
        self.table.rows_changed()
        self.strip.follow(self.current_row)
        self.rebuild("status")
        self._read_on_if_near()

    def rebuild_header(self) -> None:
        """Tell anew how the log stands, and what verifying has found."""
        self.rebuild("header", "attention", "status")
        if not self.list.total:
            self.rebuild("panel")

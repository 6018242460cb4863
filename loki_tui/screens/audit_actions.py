"""What can be done on the Audit screen: look closer, go to a token, hold the tail, verify."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any

from loki_tui.audit.entries import EntryList
from loki_tui.audit.rows import EntryRow, find_line
from loki_tui.screens.list_screen import ListScreen
from loki_tui.travel import go_to_token

FAILED = "outcome:failed"
_PAUSE = 0.05
_PATIENCE = 200
"""Pauses that a key waits for the first reading of the log."""


class AuditActions(ListScreen):
    """A screen that lists entries, with the actions on them. Dialogs are imported when they are first opened."""

    list: EntryList
    is_read: bool
    """Whether the log was read, or could not be."""

    @property
    @abstractmethod
    def current_row(self) -> EntryRow | None:
        """The row at the cursor, or None."""

    # Looking

    def choose(self) -> None:
        """Show everything that the entry says that was clicked twice."""
        self.action_show_entry()

    def action_show_entry(self) -> None:
        """Show everything that the entry at the cursor says."""
        self.start_dialogs("audit.entry", self._show_entry)

    async def _show_entry(self) -> None:
        from loki_tui.dialogs.entry import EntryDialog

        if (row := self.current_row) is not None:
            await self.app.push_screen_wait(EntryDialog(self.loki, row, find_line(row), self.list.names))

    def action_show_token(self) -> None:
        """Go to the token that the entry at the cursor is about, or by."""
        self.app.run_worker(self._show_token, group="travel")

    async def _show_token(self) -> Any:
        for _ in range(_PATIENCE):  # typed ahead, before the log was read
            if self.is_read:
                break
            await asyncio.sleep(_PAUSE)
        row = self.current_row
        if row is not None and row.token:
            await go_to_token(self.app, row.token)
        elif row is not None:
            self.app.say("this entry is about no token")

    def action_show_head(self) -> None:
        """Show the newest head and the first public key."""
        self.start_dialogs("audit.head", self._show_head)

    async def _show_head(self) -> None:
        from loki_tui.dialogs.heads import HeadsDialog

        await self.app.push_screen_wait(HeadsDialog(self.loki))

    def action_verify_log(self) -> None:
        """Verify the whole log."""
        self.start_dialogs("audit.verify", self._verify)

    async def _verify(self) -> None:
        from loki_tui.dialogs.verification import VerificationDialog

        verdict = await self.app.push_screen_wait(VerificationDialog(self.loki))
        if verdict is not None:
            self.app.standing.note_verdict(verdict)

    # The tail and the filter

    def action_pause(self) -> None:
        """Hold new entries back, or let them come again."""
        self.list.pause(not self.list.is_paused)
        self.table.rows_changed()
        self.strip.rebuild()
        self.filter_bar.rebuild()
        self.rebuild("status")

    async def action_toggle_failures(self) -> None:
        """Show only what failed, or everything again, with the rest of the filter in force."""
        terms = self.filter_bar.text.split()
        rest = [term for term in terms if term != FAILED]
        await self.filter_bar.put(" ".join(rest if len(rest) < len(terms) else [*terms, FAILED]))

    def action_walk_concerns(self) -> None:
        """Go to the next entry that needs a look."""
        index = self.list.find_troubling(self.table.cursor)
        if index is None:
            self.app.say("nothing that is shown here failed")
        else:
            self.table.move_cursor(index)

"""What can be done with tokens on a screen: each action asks in its dialog, and a refusal becomes a notice."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING

from loki_core import Status, Token, safe_text
from loki_tui.rows import Row
from loki_tui.screens.list_screen import ListScreen
from loki_tui.travel import go_to_trail

if TYPE_CHECKING:
    from loki_core import Draft

DEAD = frozenset({Status.REVOKED, Status.EXPIRED})


class TokenActions(ListScreen):
    """A screen that lists tokens, with the actions on them. Dialogs are imported when they are first opened."""

    _follow: str | None = None

    @property
    @abstractmethod
    def current_row(self) -> Row | None:
        """The row at the cursor, or None."""

    @property
    @abstractmethod
    def chosen_rows(self) -> tuple[Row, ...]:
        """The marked rows, or else the one at the cursor."""

    @abstractmethod
    def read_again(self, *, unmark: bool = False) -> None:
        """Read the store now, because something was changed."""

    def take_follow(self) -> str | None:
        """Return, once, the id of the token that the cursor is to go to at the next reading."""
        follow, self._follow = self._follow, None
        return follow

    # Making

    def action_new_token(self) -> None:
        """Ask for a new token and reveal its secret."""
        self.start_dialogs("token.new", self._make_new)

    async def _make_new(self) -> None:
        from loki_tui.dialogs.new_token import NewTokenDialog

        draft = await self.app.push_screen_wait(NewTokenDialog(self.loki))
        await self._reveal(draft, "is live")

    def action_rotate_token(self) -> None:
        """Ask how to rotate the token at the cursor and reveal the new secret."""
        self.start_dialogs("token.rotate", self._rotate)

    async def _rotate(self) -> None:
        from loki_tui.dialogs.rotate import RotateDialog

        row = self.current_row
        if row is not None:
            draft = await self.app.push_screen_wait(RotateDialog(self.loki, row.token))
            await self._reveal(draft, "has a new secret")

    async def _reveal(self, draft: Draft | None, done: str) -> None:
        from loki_tui.dialogs.reveal import RevealDialog

        if draft is None:
            return
        issued = await self.app.push_screen_wait(RevealDialog(self.loki, draft))
        if issued is not None:
            self._follow = issued.token.id
            self.read_again()
            self.app.say(f"{safe_text(issued.token.name, limit=60)} {done}")

    # Taking away

    def action_revoke_tokens(self) -> None:
        """Ask whether to revoke the marked tokens, or the one at the cursor."""
        self.start_dialogs("token.revoke", self._revoke)

    async def _revoke(self) -> None:
        tokens = [token for row in self.chosen_rows for token in row.tokens if not token.revoked]
        if not tokens:
            self.app.say("revoked already; d deletes it")
            return
        await self._revoke_these(tuple(tokens))

    def action_end_grace(self) -> None:
        """Ask whether to revoke the old secret of the rotated token at the cursor."""
        self.start_dialogs("token.end_grace", self._end_grace)

    async def _end_grace(self) -> None:
        row = self.current_row
        if row is None or row.old is None:
            self.app.say("no old secret is in its grace here: only a token that was rotated has one")
            return
        await self._revoke_these((row.old,))

    async def _revoke_these(self, tokens: tuple[Token, ...]) -> None:
        from loki_tui.dialogs.revoke import RevokeDialog

        if not await self.app.push_screen_wait(RevokeDialog(self.loki, tokens)):
            return
        # By id: a name may mean another token by now than the one that was asked about.
        done = await asyncio.to_thread(self.loki.tokens.revoke, *(token.id for token in tokens))
        self.read_again(unmark=True)
        names = tuple(dict.fromkeys(safe_text(token.name, limit=40) for token in tokens))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        told = "revoked already" if all(each.already for each in done) else "revoked"
        self.app.say(f"{told}: {', '.join(names[:3])}{more}")
        if any(each.audit == "pending" for each in done):
            self.app.say("the audit log cannot be written now; the entry follows when it can", severity="warning")

    def action_delete_tokens(self) -> None:
        """Ask whether to delete the marked tokens, or the one at the cursor."""
        self.start_dialogs("token.delete", self._delete)

    async def _delete(self) -> None:
        from loki_tui.dialogs.delete import DeleteDialog

        tokens = tuple(row.token for row in self.chosen_rows)
        alive = next((token for token in tokens if token.status not in DEAD), None)
        if alive is not None:
            name = safe_text(alive.name, limit=60)
            self.app.say(
                f"{name} is {alive.status.value}: only revoked or expired tokens are deleted; x revokes it",
                severity="warning",
            )
        elif tokens:
            if not await self.app.push_screen_wait(DeleteDialog(self.loki, tokens)):
                return
            gone = await asyncio.to_thread(self.loki.tokens.delete, *(token.id for token in tokens))
            self.read_again(unmark=True)
            self.app.say(f"deleted {len(gone)} {'token' if len(gone) == 1 else 'tokens'}")

    # Looking

    def action_show_history(self) -> None:
        """Show what happened to the token at the cursor; with no token at all, offer the first one."""
        if self.current_row is None:
            self.action_new_token()
        else:
            self.start_dialogs("token.history", self._show_history)

    async def _show_history(self) -> None:
        from loki_tui.dialogs.history import HistoryDialog

        if (row := self.current_row) is not None:
            await self.app.push_screen_wait(HistoryDialog(self.loki, row.token))

    def action_show_trail(self) -> None:
        """Go to what the audit log says about the token at the cursor."""
        if (row := self.current_row) is not None:
            self.app.run_worker(go_to_trail(self.app, self.name_trail(row)), group="travel")

    @abstractmethod
    def name_trail(self, row: Row) -> str:
        """Return the word that finds the token's entries and no other's."""

    def action_explain_token(self) -> None:
        """Explain what the token at the cursor may do."""
        self.start_dialogs("token.why", self._explain)

    async def _explain(self) -> None:
        from loki_tui.dialogs.why import WhyDialog

        if (row := self.current_row) is not None:
            await self.app.push_screen_wait(WhyDialog(self.loki, row.token))

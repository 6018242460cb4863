"""Keys and pastes dealt with one after the other, in the order in which they were typed.

Textual hands every key that has arrived to the widget that has the focus by then, and runs bindings only once the key
has come back from it. A slow line brings several keys at once: of `/name` all but the first would go to the table and
act there, and a proof typed after Tab would be taken for the keys of the dialog.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from textual import events
from textual.app import App
from textual.message import Message

PATIENCE = 0.25
"""Seconds until the next key is let in although nothing is known of the last one: its widget went away."""


class KeySettled(Message):
    """Follows a key through the same widgets: where it arrives, the key has been dealt with."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class OrderlyKeys(App[None]):
    """An app that lets in a key only after the one before it."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._number = 0
        self._is_busy = False

    async def on_event(self, event: events.Event) -> None:
        """Hold back what is typed while the key before is on its way."""
        if not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        elif event.is_forwarded:
            await super().on_event(event)
            self._settle_soon(self._number)  # it came back, and its bindings have run
        elif self._is_busy:
            self._waiting.append(event)
            if len(self._waiting) == 1:
                self._lose_patience_later()
        else:
            await self._let_in(event)

    async def _let_in(self, event: events.Key | events.Paste) -> None:
        self._number += 1
        self._is_busy = True
        target = self.focused or self.screen
        await super().on_event(event)
        if not (event.is_forwarded and target.post_message(KeySettled(self._number))):
            self._settle_soon(self._number)

    def on_key_settled(self, message: KeySettled) -> None:
        """Note that a key has been dealt with, which its widget kept to itself."""
        self._settle_soon(message.number)

    def _settle_soon(self, number: int) -> None:
        # After what the key left behind in the queue, such as a change of the focus.
        if self._is_busy and number == self._number:
            self.call_later(self._settle, number)

    async def _settle(self, number: int) -> None:
        if self._is_busy and number == self._number:
            self._is_busy = False
            if self._waiting:
                await self._let_in(self._waiting.popleft())
                if self._waiting:
                    self._lose_patience_later()

    def _lose_patience_later(self) -> None:
        self.set_timer(PATIENCE, partial(self._settle_soon, self._number))

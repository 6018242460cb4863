"""The field in which somebody proves that a secret is saved: what is typed or pasted is never echoed, copied or sent.

It is no `Input`: those keep their text in an attribute, send it with every message and copy it on ctrl+c.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from loki_core import Secret
from loki_tui.dialogs.secret_line import MASK

TAIL = 6
"""How many of the last characters are proof enough: they are not on the screen while the secret is masked."""

_LONGEST = 600


class ProofField(Widget, can_focus=True):
    """Takes characters and shows as many asterisks."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ProofField { width: 1fr; height: 1; background: $panel; }
    ProofField:focus { background-tint: $foreground 8%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace,ctrl+h", "erase", "Erase", show=False),
        Binding("ctrl+u,ctrl+w", "clear", "Erase all", show=False),
    ]

    length: reactive[int] = reactive(0)
    """How many characters there are: all that the screen learns."""

    @dataclass
    class Changed(Message):
        """There are other characters now; the message does not say which."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._given = Secret("")

    def proves(self, secret: Secret) -> bool:
        """Tell whether what was given is the secret, or its last characters."""
        given, whole = self._given.reveal().encode(), secret.reveal().encode()
        is_whole = hmac.compare_digest(given, whole)
        is_tail = hmac.compare_digest(given, whole[-TAIL:])
        return is_whole or is_tail

    def fill(self, text: str) -> None:
        """Take a paste in place of what was there; white space around it does not count."""
        self._set(text.strip()[:_LONGEST])

    def on_unmount(self) -> None:
        """Let go of what was given."""
        self._given = Secret("")

    def _set(self, text: str) -> None:
        self._given = Secret(text)
        self.length = len(text)
        self.post_message(self.Changed())

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Tell that letters are no keys while they are typed here."""
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Take a character."""
        if event.is_printable and event.character is not None:
            event.stop()
            event.prevent_default()
            if self.length < len(MASK):  # a stray key does not spoil the whole secret
                self._set(self._given.reveal() + event.character)

    def action_erase(self) -> None:
        """Take the last character away."""
        self._set(self._given.reveal()[:-1])

    def action_clear(self) -> None:
        """Take everything away."""
        self._set("")

    def render(self) -> Content:
        """Return asterisks, and the cursor."""
        shown = Content("*" * min(self.length, max(self.size.width - 1, 0)))
        return shown + Content.styled(" ", "reverse") if self.has_focus else shown

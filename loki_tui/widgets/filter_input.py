"""The line in which a filter is typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message
from textual.widgets import Input

from loki_core import holds_secret


class FilterInput(Input):
    """An input that never shows a secret: one that is pasted by mistake is dropped before it is painted."""

    @dataclass
    class SecretDropped(Message):
        """Something shaped like a secret was typed or pasted, and is gone again."""

    def __init__(self, leave: Callable[[], object]) -> None:
        """Make the line.

        Args:
            leave: called at Enter.
        """
        super().__init__(compact=True, select_on_focus=False)
        self._leave = leave

    async def action_submit(self) -> None:
        """Leave, before the next key is let in."""
        self._leave()

    def validate_value(self, value: str) -> str:
        """Return the value, or nothing when it holds a secret."""
        if holds_secret(value):
            self.post_message(self.SecretDropped())
            return ""
        return value

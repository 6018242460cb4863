"""The question before tokens are deleted."""

from __future__ import annotations

from typing import ClassVar

from loki_tui.dialogs import headless
from loki_tui.dialogs.confirmation import Confirmation


class DeleteDialog(Confirmation):
    """Asks before tokens are deleted; yes is always typed out."""

    VERB: ClassVar[str] = "Delete"
    CONSEQUENCE: ClassVar[str] = "This cannot be undone. The record goes; the audit log keeps its entries."

    def build_command(self) -> list[str]:
        """Return the command that deletes the tokens."""
        return headless.delete(self.tokens)

    def must_type(self) -> bool:
        """Tell that the name, or how many, has to be typed."""
        return True

"""The question before tokens are revoked."""

from __future__ import annotations

from typing import ClassVar

from loki_core import ALL
from loki_tui.dialogs import headless
from loki_tui.dialogs.confirmation import Confirmation


class RevokeDialog(Confirmation):
    """Asks before tokens are revoked; for tokens that may do everything, or many, yes is typed out."""

    VERB: ClassVar[str] = "Revoke"
    CONSEQUENCE: ClassVar[str] = "Whoever uses it is refused from the next call on. There is no undo."

    def build_command(self) -> list[str]:
        """Return the command that revokes the tokens."""
        return headless.revoke(self.tokens)

    def must_type(self) -> bool:
        """Tell whether the name, or how many, has to be typed."""
        return len(self.tokens) > 1 or any(ALL in token.scopes for token in self.tokens)

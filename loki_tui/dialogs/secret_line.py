"""The one line that a new secret is ever shown on: masked until it is asked for.

The widget does not hold the secret. It asks for it while it paints, and keeps no painted line once it is masked again.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from loki_core import Secret

MASK = "loki_" + "*" * 49


class SecretLine(Widget, can_focus=True):
    """The secret, or its mask."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    SecretLine { width: 100%; height: 1; padding: 0 0 0 2; text-style: bold; }
    SecretLine.-bare { padding: 0; text-style: none; }
    """

    shown: reactive[bool] = reactive(False)
    """Whether it is painted in the clear."""

    def __init__(
        self,
        find_secret: Callable[[], Secret | None],
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._find_secret = find_secret

    def render(self) -> Content:
        """Return the line; the mask when there is no secret any more."""
        secret = self._find_secret() if self.shown else None
        if secret is None:
            return Content(MASK)
        return Content(secret.reveal())

"""The console's driver: it writes frames with as few bytes as say the same, for lines that are slow and far away."""

from __future__ import annotations

from loki_tui.styles_in_brief import abbreviate_styles
from loki_tui.terminal.driver import GuardedDriver


class ThriftyDriver(GuardedDriver):
    """Abbreviates colours on their way to the terminal."""

    def write(self, data: str) -> None:
        """Write a frame."""
        super().write(abbreviate_styles(data))

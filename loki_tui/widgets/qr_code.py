"""A QR code in half blocks: dark on light, whatever the terminal's own colours are (ISO/IEC 18004)."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from loki_core import draw_qr

_DARK_ON_LIGHT = Style(color="#000000", bgcolor="#ffffff")
_PLAIN = Style(color="black", bgcolor="bright_white")
"""For terminals of 16 colours."""


class QrCode(Widget):
    """Shows a code."""

    ALLOW_SELECT = False

    def __init__(self, text: str, *, as_it_is: bool = False, id: str | None = None) -> None:  # noqa: A002
        """Draw the code.

        Args:
            text: what it says.
            as_it_is: whether small letters matter, as in an address; as capitals they take half the room.
            id: of the widget.
        """
        super().__init__(id=id)
        self._drawn = draw_qr(text if as_it_is else text.upper())
        self.cells, self.rows = len(self._drawn[0]), len(self._drawn)
        self.styles.width, self.styles.height = self.cells, self.rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of its lines."""
        return len(self._drawn)

    def render_line(self, y: int) -> Strip:
        """Return one line, dark on light."""
        if y >= len(self._drawn):
            return Strip.blank(self.size.width, self.rich_style)
        return Strip([Segment(self._drawn[y], self._find_style())], len(self._drawn[y]))

    def _find_style(self) -> Style:
        if self.app.no_color:  # without colours the terminal's own: turned round where they are light on dark
            return Style(reverse=self.app.current_theme.dark)
        return _PLAIN if self.app.native_ansi_color else _DARK_ON_LIGHT

"""A block of lines made of spans, which repaints only those lines that changed (over SSH every byte counts)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from loki_tui.spans import Line, Span, count_changed, fit_line
from loki_tui.widgets.tones import find_tone

Builder = Callable[[int, int], Sequence[Sequence[Span]]]
"""Makes the lines for a width and a height in cells; they are cut or padded to the width."""


class SpanLines(Widget):
    """Lines of spans, made by a builder; call `rebuild` when what it says may have changed."""

    ALLOW_SELECT = False

    def __init__(
        self,
        builder: Builder,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._build = builder
        self._lines: list[Line] = []
        self._tones: dict[str, Style] = {}

    def rebuild(self) -> None:
        """Build anew and repaint the lines that differ."""
        width, height = self.size
        if not width or not height:
            return
        built = [fit_line(line, width) for line in self._build(width, height)[:height]]
        built += [(Span(" " * width),)] * (height - len(built))
        before, self._lines = self._lines, built
        changed = []
        for y, line in enumerate(built):
            cells = count_changed(before[y], line, width) if y < len(before) else width
            if cells:
                changed.append(Region(0, y, cells, 1))
        if changed:
            self.refresh(*changed)

    @property
    def text(self) -> str:
        """What is shown, as plain lines."""
        return "\n".join("".join(span.text for span in line).rstrip() for line in self._lines)

    def on_resize(self) -> None:
        """Build for the new size."""
        self._lines = []
        self.rebuild()

    def notify_style_update(self) -> None:
        """Forget the styles of the theme before."""
        super().notify_style_update()
        self._tones.clear()

    def render_line(self, y: int) -> Strip:
        """Return one line, styled."""
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        segments = [Segment(span.text, self._find_style(span)) for span in self._lines[y]]
        return Strip(Segment.simplify(segments), self.size.width)

    def _find_style(self, span: Span) -> Style:
        style = self._tones.get(span.tone)
        if style is None:
            style = self._tones[span.tone] = find_tone(self, span.tone)
        if span.action:
            return style + Style.from_meta({"@click": span.action})
        return style

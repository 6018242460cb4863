"""What a tone looks like: the screen says it once for everything on it.

Component classes on each widget would do the same, but each costs the first frame its share.
"""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from loki_tui.spans import TONES

TONE_CLASSES = frozenset(f"tone--{tone}" for tone in TONES)
"""The component classes of a screen whose widgets speak in tones."""


def find_tone(widget: Widget, tone: str) -> Style:
    """Return the style of a tone on that widget's background; "" is the widget's own style."""
    own = widget.rich_style
    if not tone:
        return own
    screen = widget.screen
    style = screen.get_component_rich_style(f"tone--{tone}", default=Style.null())
    background = style.bgcolor if style.bgcolor != screen.rich_style.bgcolor else None
    return own + style.without_color + Style(color=style.color, bgcolor=background)

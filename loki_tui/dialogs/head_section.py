"""The newest head and the first public key, each as words in columns with a QR code beside them.

The code of the head holds its words, that of the key its 64 digits, which take less room than 24 words; each can be
given back. A terminal that is narrow or has no block characters gets the words alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget

from loki_core import safe_text, spell_head, spell_key
from loki_tui.dialogs.dialog import Gap, Line
from loki_tui.terminal.environment import shows_blocks
from loki_tui.widgets.qr_code import QrCode

COMMAND = 'loki enterprise audit verify --head "WORDS"'
"""What gives the words back."""
STYLES: CSSPathType = ["dialog.tcss", "head_section.tcss"]
"""The style sheets of a dialog that has such sections."""
COLUMNS = 3
_WORD = 12


class Noted(Horizontal):
    """Words to note, with what they are, and the code that holds them."""

    def __init__(
        self,
        title: str,
        told: str,
        words: str,
        use: str,
        *,
        code: str,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make the section.

        Args:
            title: what it is.
            told: what it says besides.
            words: what to note.
            use: what for.
            code: what the QR code holds.
            id: for the style sheet.
        """
        text = Vertical(
            Line(Content.styled(title, "bold")),
            Line(told, classes="muted"),
            Gap(),
            Line(Content(lay_out(words)), classes="words"),
            Gap(),
            Line(use, classes="muted"),
        )
        codes = [QrCode(code)] if shows_blocks(os.environ) else []
        super().__init__(text, *codes, id=id)


def compose_head(head: Mapping[str, Any]) -> Iterator[Widget]:
    """Yield the section of a head, as AuditTrail.newest_head gives it."""
    count = int(head["count"])
    yield Noted(
        f"Newest head: up to line {count:,}",
        f"signed with the key of {safe_text(head['period'], limit=10)}",
        words := spell_head(count, str(head["last_hash"])),
        "Kept elsewhere, it shows a log that was cut below that line.",
        code=words,
        id="head",
    )


def compose_key(first_key: str) -> Iterator[Widget]:
    """Yield the section of the first public key, in hex."""
    yield Noted(
        "First public key",
        "every other key is proved from it",
        spell_key(first_key),
        "Kept elsewhere, it shows a log that was signed anew from the start.",
        code=first_key,
        id="key",
    )


def lay_out(words: str) -> str:
    """Return words with their numbers, in columns that are read downwards."""
    each = words.split()
    rows = -(-len(each) // COLUMNS)
    lines = [
        "".join(f"{index + 1:>2} {each[index]}".ljust(_WORD) for index in range(row, len(each), rows)).rstrip()
        for row in range(rows)
    ]
    return "\n".join(lines)

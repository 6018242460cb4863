"""What is worth writing down of the log: its newest head, or its first key, as words and as a QR code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.cli import output
from loki_core.cli.qr_code import format_qr_code, is_wanted

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser

_WORDS_A_LINE = 6


def declare_qr(parser: Parser) -> None:
    """Add the options that say whether a QR code is drawn."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--qr", action="store_true", default=None, help="draw a QR code also where the output is no terminal"
    )
    group.add_argument("--no-qr", action="store_false", dest="qr", help="draw no QR code in a terminal")


def format_words(words: str) -> str:
    """Return words in lines of six, indented."""
    each = words.split()
    lines = (each[start : start + _WORDS_A_LINE] for start in range(0, len(each), _WORDS_A_LINE))
    return "".join(f"  {' '.join(line)}\n" for line in lines)


def format_note(words: str, options: Namespace) -> str:
    """Return words, and below them a QR code of them where one is wanted and has room."""
    code = ""
    if is_wanted(options.qr, is_terminal=output.is_terminal()):
        code = format_qr_code(words.upper())  # capitals make a smaller code, and are read as well
    return format_words(words) + code

"""`audit head`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_core.audit.heads import parse_head
from loki_core.audit.words import spell_head, spell_key
from loki_core.cli import output
from loki_core.cli.audit_note import declare_qr, format_note
from loki_core.cli.opening import open_loki
from loki_core.cli.token_text import format_minute
from loki_core.errors import NotFound

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--first-key", action="store_true", help="the first public key instead, which proves all later ones"
    )
    declare_qr(parser)
    parser.epilog = (
        "Write it down, or scan it, and give it to audit verify --head later: whoever\n"
        "changes the log cannot change what you hold."
    )


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_loki() as loki:
        loki.audit.check_allowed()
        fields = loki.audit.newest_head
    head = parse_head(fields)
    first_key = str((fields or {}).get("first_key") or "")
    if head is None or (options.first_key and not first_key):
        raise NotFound(
            "the log has no signed head yet", remedy="one is made when the command ends that writes the first entry"
        )
    words, key_words = spell_head(head.count, head.last_hash), spell_key(first_key) if first_key else None
    if options.json:
        output.write_json({"head": fields, "words": words, "first_key": first_key, "first_key_words": key_words})
    elif options.first_key:
        output.write(f"The first key of the log, {first_key}:\n{format_note(key_words or '', options)}")
    else:
        output.write(
            f"Head {head.number:,}, signed {format_minute(head.at)}, up to entry {head.count:,}\n"
            f"{format_note(words, options)}"
        )
    return 0

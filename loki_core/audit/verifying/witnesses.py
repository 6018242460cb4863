"""What others know of the log: a head kept beside the key, in the store or in a second sink, or noted. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from loki_core.audit.heads import Head, parse_head
from loki_core.audit.verdict import Witness
from loki_core.audit.verifying.evidence import Testimony
from loki_core.audit.verifying.head_reader import is_credible
from loki_core.audit.words import HEAD_WORDS, KEY_WORDS, HeadNote, parse_words
from loki_core.errors import InvalidInput

LONGEST_NOTE = 4096
"""Characters of what a person gives."""
_HEX_KEY = re.compile(r"[0-9a-f]{64}\Z")


def parse_note(text: str) -> Testimony:
    """Return what a person noted.

    Args:
        text: a head as a line of JSON (as `audit verify --json` gives it, or as it stands in `heads.jsonl` or a second
            sink), its 12 words, or the first public key as 64 hex digits or 24 words.

    Raises:
        InvalidInput: `invalid_head`.
    """
    text = text.strip()
    if len(text) <= LONGEST_NOTE:
        key = text.lower()
        if _HEX_KEY.match(key):
            return Testimony(witness=Witness.NOTE, first_key=key)
        found = _parse_json(text) if text.startswith("{") else _parse_words(text)
        if found is not None:
            return found
    raise InvalidInput(
        "this is no head of the audit log and no first key",
        code="invalid_head",
        remedy=f"give the head that audit verify --json shows, its {HEAD_WORDS} words, or the first key as"
        f" 64 hex digits or {KEY_WORDS} words",
    )


def _parse_json(text: str) -> Testimony | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parse_kept(fields, Witness.NOTE)


def _parse_words(text: str) -> Testimony | None:
    said = parse_words(text)
    if isinstance(said, HeadNote):
        return Testimony(witness=Witness.NOTE, count=said.count, digest=said.hash_start)
    return None if said is None else Testimony(witness=Witness.NOTE, first_key=said)


def parse_kept(fields: object, witness: Witness) -> Testimony | None:
    """Return what a JSON object says: a head without its marks, and the first public key; None when it is no head."""
    head = parse_head(fields)
    if head is None or not isinstance(fields, Mapping) or not is_credible(head):
        return None
    first_key = fields.get("first_key")
    is_key = isinstance(first_key, str) and bool(_HEX_KEY.match(first_key))
    return make_testimony(head, witness, first_key=str(first_key) if is_key else "")


def make_testimony(head: Head, witness: Witness, *, first_key: str = "") -> Testimony:
    """Return what a head says."""
    return Testimony(witness=witness, count=head.count, digest=head.last_hash, head=head, first_key=first_key)


def find_newest_kept(lines: Iterable[bytes]) -> Testimony | None:
    """Return what the newest head among the lines of a second sink says, or None when there is none.

    Args:
        lines: the lines, newest first.
    """
    for line in lines:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            continue
        found = parse_kept(fields, Witness.SECOND_SINK)
        if found is not None:
            return found
    return None

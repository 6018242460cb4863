"""Which token is meant: ids win over names, a name means its living holder. No matching by part of an id. Pure."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from loki_core.errors import NotFound, Refused
from loki_core.interfaces import TokenView
from loki_core.nearest import find_nearest
from loki_core.tokens.record import BrokenRecord, Record
from loki_core.tokens.secret import clean_text

_PAST = datetime.min.replace(tzinfo=UTC)


def get_record(view: TokenView, reference: str, now: datetime) -> Record | BrokenRecord:
    """Return the one record that an id or a name means.

    A name means its usable holder, the newer of a rotating pair; without one, the newest that ever had it.

    Raises:
        NotFound: there is none; the nearest name is offered.
        Refused: `ambiguous_name`: another writer gave the name to several usable tokens.
    """
    found = _find_holders(view, reference)
    usable = [record for record in found if isinstance(record, Record) and record.is_usable(now)]
    current = [record for record in usable if record.rotated_to is None] or usable
    if len(current) > 1:
        raise Refused(
            f"{len(current)} tokens are called {_show(reference)}",
            code="ambiguous_name",
            remedy=f"use an id: {', '.join(record.id for record in current)}",
        )
    if current:
        return current[0]
    return max(found, key=lambda each: (isinstance(each, Record) and each.created_at) or _PAST)


def get_records_to_revoke(view: TokenView, reference: str, now: datetime) -> tuple[Record | BrokenRecord, ...]:
    """Return what revoking an id or a name takes away: by id that one, by name all that bear it and are not over.

    Raises:
        NotFound, Refused: as `get_record`.
    """
    record = get_record(view, reference, now)
    if isinstance(record, BrokenRecord) or record.is_over(now):
        return (record,)
    if unicodedata.normalize("NFC", reference) != unicodedata.normalize("NFC", record.name) or record.id == reference:
        return (record,)  # an id, or the name under which this one was set aside
    others = (each for each in view.find_by_name(record.name) if each.id != record.id)
    return (record, *(each for each in others if isinstance(each, Record) and not each.is_over(now)))


def _find_holders(view: TokenView, reference: str) -> tuple[Record | BrokenRecord, ...]:
    by_id = view.get_record(reference)
    if by_id is not None:
        return (by_id,)
    name = unicodedata.normalize("NFC", reference)
    found = view.find_by_name(name)
    if not found:
        name_part, _, token_id = name.rpartition("~")
        aside = view.get_record(token_id)
        if isinstance(aside, Record) and aside.stored_name == name and name_part:
            return (aside,)
        raise _not_found(view, reference)
    return found


def _not_found(view: TokenView, reference: str) -> NotFound:
    known = {record.name for record in view.records()} | {record.id for record in view.records()}
    nearest = find_nearest(reference, known, cutoff=0.75) if len(known) <= 5_000 else None
    return NotFound(
        f"no token has the name or id {_show(reference)}",
        remedy=f"did you mean {_show(nearest)}?" if nearest else "see: loki enterprise token list --all",
    )


def _show(text: str) -> str:
    return clean_text(text, limit=80) or "''"

"""Which records are taken away when names, ids or an owner are given. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from loki_core.errors import InvalidInput, Refused
from loki_core.frozen import replace
from loki_core.interfaces import TokenView
from loki_core.tokens.names import set_aside
from loki_core.tokens.record import BrokenRecord, Record
from loki_core.tokens.resolve import get_record, get_records_to_revoke


def get_to_revoke(view: TokenView, names_or_ids: Iterable[str], owner: str | None, now: datetime) -> tuple[Record, ...]:
    """Return the records to revoke, each once, the ones revoked already too.

    Args:
        view: the store.
        names_or_ids: which; a name means both of a rotating pair.
        owner: all tokens of this owner that are not over, locked ones too, or None.
        now: the time to judge at (UTC).

    Raises:
        NotFound: one of them does not exist.
        Refused: `ambiguous_name`, or `unreadable`.
        InvalidInput: `nothing_named`: neither a name nor an owner.
    """
    chosen: dict[str, Record] = {}
    references = tuple(names_or_ids)
    if not references and owner is None:
        raise InvalidInput("no token is named", code="nothing_named", remedy="give names or ids, or an owner")
    for reference in references:
        for record in get_records_to_revoke(view, reference, now):
            if isinstance(record, BrokenRecord):
                raise Refused(
                    f"{record.id} cannot be read ({record.problem}), so it never verifies",
                    code="unreadable",
                    remedy="mend or remove the record by hand",
                )
            chosen[record.id] = record
    if owner is not None:
        owned = (record for record in view.readable() if record.owner == owner and not record.is_over(now))
        chosen.update({record.id: record for record in owned})
    return tuple(chosen.values())


def get_to_delete(view: TokenView, names_or_ids: Iterable[str], now: datetime) -> tuple[Record, ...]:
    """Return the records to delete, each once.

    Raises:
        NotFound: one of them does not exist.
        Refused: `not_deletable`: one of them can still be used, or cannot be read; `ambiguous_name`.
        InvalidInput: `nothing_named`.
    """
    chosen: dict[str, Record] = {}
    for reference in names_or_ids:
        record = get_record(view, reference, now)
        if isinstance(record, BrokenRecord):
            raise Refused(
                f"{record.id} cannot be read ({record.problem})",
                code="not_deletable",
                remedy="mend or remove the record by hand",
            )
        if not record.is_over(now):
            raise Refused(
                f"{record.id} is neither revoked nor expired",
                code="not_deletable",
                remedy=f"revoke it first: loki enterprise token revoke {record.id}",
            )
        chosen[record.id] = record
    if not chosen:
        raise InvalidInput("no token is named", code="nothing_named", remedy="give names or ids")
    return tuple(chosen.values())


def mark_revoked(record: Record, now: datetime) -> Record:
    """Return the record as a revoked one, its name set aside so that it is free again."""
    return replace(record, revoked=True, revoked_at=now, stored_name=set_aside(record.name, record.id))

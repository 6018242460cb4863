"""What to do next about a row, in one line that names the key. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from loki_core import Status, Use, safe_text
from loki_tui.ages import format_ago, format_span
from loki_tui.concerns import IDLE_AFTER, Concern
from loki_tui.rows import Row


def advise(row: Row, uses: Sequence[Use], now: datetime) -> tuple[str, str]:
    """Return the advice, and the key that follows it or "".

    Args:
        row: the row.
        uses: where its secrets were used from, newest first; empty when that is not known.
        now: the time to judge at (UTC).
    """
    token = row.token
    match row.concern:
        case Concern.OLD_IN_USE if row.old is not None:
            place = _name_place([use for use in uses if use.token_id == row.old.id])
            return f"{place} still sends the old secret", "e: end grace"
        case Concern.OLD_IN_USE:
            return "the old secret is still in use", "x: revoke"
        case Concern.EXPIRED_IN_USE:
            return f"{_name_place(uses)} was using it when it ended", "n: new token"
        case Concern.EXPIRING if row.last_used is None:
            return "never used: let it end, or make sure that it is needed", "x: revoke"
        case Concern.EXPIRING:
            return f"{_name_place(uses)} needs a new secret before it ends", "r: rotate"
        case Concern.UNREADABLE:
            return "it verifies for nobody; the other tokens are not touched", "headless: doctor"
        case Concern.LOCKED:
            return "locked: it verifies for nobody until it is unlocked", ""
        case Concern.IDLE_POWER:
            since = f"unused for {format_span(now - row.last_used)}" if row.last_used else "never used"
            return f"{since}, allows everything, never ends", "x: revoke"
    return _advise_quietly(row, now) if token.status is not Status.REVOKED else ("nothing uses it", "d: delete")


def _advise_quietly(row: Row, now: datetime) -> tuple[str, str]:
    token = row.token
    if row.old is not None:
        return "nobody sends the old secret any more", "e: end grace"
    if token.status is Status.EXPIRED:
        return "it has ended", "d: delete"
    if token.status is Status.ROTATING:
        return "its successor is gone; it ends with the grace", ""
    if row.last_used is None and token.created_at is not None and now - token.created_at >= IDLE_AFTER:
        return f"never used since it was made {format_ago(token.created_at, now)}", "x: revoke"
    if row.last_used is not None and now - row.last_used >= IDLE_AFTER:
        return f"unused for {format_span(now - row.last_used)}", "x: revoke"
    if token.expires_at is None:
        return "it never ends: rotate it from time to time", "r: rotate"
    return "nothing to do", ""


def _name_place(uses: Sequence[Use]) -> str:
    if not uses:
        return "a client"
    return f"the client at {safe_text(uses[0].address)}" if uses[0].address else "a process on this host"

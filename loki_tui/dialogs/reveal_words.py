"""What the reveal says about a draft. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from loki_core import Draft, Token, safe_text
from loki_tui.ages import format_minute, format_span
from loki_tui.dialogs.custody import Saved
from loki_tui.dialogs.proof import TAIL
from loki_tui.terminal.clipboard import CopyPlan, CopyRoute

HOW = f"paste it, or type its last {TAIL}"

_MOST_HOURS = 72
"""Up to here a grace is told in hours, as it was asked for."""


def describe_token(token: Token, now: datetime) -> str:
    """Return the token in a line: its name, what it may do, and until when."""
    grant = ", ".join(token.scopes)
    if token.role:
        grant = f"{token.role} ({grant})"
    end = "never expires"
    if token.expires_at is not None:
        life = token.expires_at - (token.created_at or now)
        end = f"until {token.expires_at:%Y-%m-%d} ({format_span(life)})"
    return f"{safe_text(token.name, limit=28)} | {safe_text(grant, limit=40)} | {end}"


def describe_rotation(draft: Draft) -> str:
    """Return what becomes of the old secret and when, or "" when the draft replaces nothing."""
    old = draft.replaces
    if old is None or draft.token.created_at is None:
        return ""
    if old.expires_at is None:
        return "The old secret keeps working."
    grace = old.expires_at - draft.token.created_at
    if grace.total_seconds() < 1:
        return "The old secret stops working at that moment."
    hours = int(grace.total_seconds() // 3600)
    length = f"{hours} h" if 0 < hours <= _MOST_HOURS else format_span(grace)
    return f"The old secret then works for {length} more, until {format_minute(old.expires_at)} if now."


def describe_recordings(warnings: Sequence[str], *, has_sink: bool) -> str:
    """Return who records the screen and what to use instead, or ""."""
    if not warnings:
        return ""
    return f"! {safe_text('; '.join(warnings))}: use f{' or t' if has_sink else ''}, not s or b"


def describe_copying(plan: CopyPlan) -> str:
    """Return what the copy key does in this terminal."""
    if plan.route is CopyRoute.NONE:
        return "Copy (not here)"
    if plan.doubt:
        return "Copy (doubtful)"
    return {CopyRoute.TMUX: "Copy (tmux)", CopyRoute.SCREEN: "Copy (screen)"}.get(plan.route, "Copy")


def describe_saved(saved: Saved, given: int) -> tuple[str, str]:
    """Return what Proof says, and its tone.

    Args:
        saved: why the secret may be thought saved.
        given: how many characters stand in the field.
    """
    match saved:
        case Saved.PROVED:
            return "it matches: Enter makes it live", "good"
        case Saved.DELIVERED:
            return "not needed, it was delivered: Enter makes it live", "good"
        case Saved.SAID:
            return "not proved, by your word: Enter makes it live (k again: not yet)", "warn"
    if given >= TAIL:
        return "that is not it; ctrl+u empties the field", "bad"
    return f"{HOW} (Tab goes there)   k: skip, I have it", "muted"

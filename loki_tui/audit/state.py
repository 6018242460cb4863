"""How the audit log stands, in a few words for every screen: sealed up to which line, not sealed, or off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loki_tui.spans import Span

if TYPE_CHECKING:
    from loki_core import Loki, Verdict

INTERVAL = 2.0
"""Seconds between two looks."""
_SHOW = "app.show_place('audit')"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditState:
    """What is known of the log without reading it.

    Attributes:
        is_on: whether anything is logged.
        sealed: how many lines the newest signed head covers, or None without heads.
        has_begun: whether this process made the log's first key.
    """

    is_on: bool
    sealed: int | None = None
    has_begun: bool = False


def find_state(loki: Loki) -> AuditState:
    """Look. Not for the thread that draws."""
    if loki.audit_label == "off":
        return AuditState(is_on=False)
    head = loki.audit.newest_head
    return AuditState(
        is_on=True, sealed=None if head is None else head["count"], has_begun=bool(loki.audit.first_key_made)
    )


def describe_state(state: AuditState | None, verdict: Verdict | None) -> list[Span]:
    """Return the words for the line of screens: what verifying has found wrong comes first."""
    if verdict is not None and not verdict.ok:
        return [Span("AUDIT NOT WHOLE", "bad", _SHOW)]
    if state is None:
        return []
    if not state.is_on:
        return [Span("AUDIT OFF", "bad", _SHOW)]
    if state.sealed is None:
        return [Span("audit unsealed", "muted", _SHOW)]
    return [Span(f"audit sealed #{state.sealed}", "muted", _SHOW)]


async def watch_state(loki: Loki, show: Callable[[AuditState], None]) -> None:
    """Call with the state at first and whenever it changes, until cancelled."""
    known: AuditState | None = None
    while True:
        state = await asyncio.to_thread(find_state, loki)
        if state != known:
            known = state
            show(state)
        await asyncio.sleep(INTERVAL)

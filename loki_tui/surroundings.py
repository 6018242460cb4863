"""Where the console runs and for whom: what its first line says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loki_core import safe_text
from loki_tui.spans import Line, Span, clip_middle, fit_line, join_ends, measure

if TYPE_CHECKING:
    from loki_core import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every screen says about itself.

    Attributes:
        store: the store's label.
        host: the name of this host.
        actor: who is acting.
        read_only: whether changing actions are off.
        demo: whether the store is a generated one that goes away.
    """

    store: str
    host: str
    actor: Principal
    read_only: bool = False
    demo: bool = False


def find_ssh_address(actor: Principal) -> str:
    """Return the address that the actor came from over ssh, as the environment claims, or ""."""
    claimed = dict(actor.claimed)
    words = (claimed.get("SSH_CONNECTION") or claimed.get("SSH_CLIENT") or "").split()
    return safe_text(words[0], limit=45) if words else ""


def compose_header(around: Surroundings, width: int) -> Line:
    """Return the first line: the store and its host, who acts and what that may do."""
    actor = around.actor
    ssh = find_ssh_address(actor)
    who = safe_text(actor.subject if actor.method == "os" else actor.name, limit=40)
    holds = f" holds {safe_text(' '.join(actor.scopes), limit=24) or 'nothing'} "
    start = [Span(" loki ", "title")]
    if around.demo:
        start.append(Span(" DEMO", "warn"))
    if around.read_only:
        start.append(Span(" READ-ONLY", "warn"))
    place = f" {safe_text(around.store)} @{safe_text(around.host, limit=32)}"
    ends = [[Span(who), Span(f" (ssh {ssh})", "muted"), Span(holds)]] if ssh else []
    ends += [[Span(who), Span(holds)], [Span(f"{who} ")]]
    for end in ends:
        if measure([*start, Span(place), *end]) + 1 <= width:
            return join_ends([*start, Span(place)], end, width)
    room = width - measure(start) - measure(ends[-2]) - 1
    if room >= 16:
        return join_ends([*start, Span(clip_middle(place, room))], ends[-2], width)
    return fit_line([*start, Span(place)], width)

"""What stops when access is taken away: whose tokens they are, and who used them lately, from where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from loki_core import Loki, LokiError, Token, Use, safe_text
from loki_tui.ages import format_ago

LATELY = timedelta(days=30)
MOST_TOKENS = 50
"""How many tokens are looked up one by one; of the others the newest use is known anyway."""

_MOST_USES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What was found about the uses of some tokens.

    Attributes:
        lines: one for each address, or for each token when there are several.
        problem: why it could not be looked up, or "".
    """

    lines: tuple[str, ...]
    problem: str = ""


def find_impact(loki: Loki, tokens: Sequence[Token], is_wanted: Callable[[], bool] = lambda: True) -> Impact:
    """Look up who used the tokens in the last 30 days. Blocks: call it in a thread.

    Args:
        loki: where to look.
        tokens: which tokens.
        is_wanted: tells whether somebody still waits for the answer.
    """
    now = loki.clock()
    since = now - LATELY
    try:
        if len(tokens) == 1:
            return Impact(lines=_describe_one(tokens[0], loki.tokens.find_uses(tokens[0].id, since=since), now))
        return Impact(lines=_describe_many(loki, tokens, now, is_wanted))
    except LokiError as error:
        return Impact(lines=(), problem=str(error))


def _describe_one(token: Token, uses: Sequence[Use], now: datetime) -> tuple[str, ...]:
    if not uses:
        if token.last_used is not None and token.last_used >= now - LATELY:
            return (f"{format_ago(token.last_used, now)}; from where was not noted",)
        if token.last_used is None:
            return ("never, as far as was noted",)
        return (f"last {format_ago(token.last_used, now)}, not in the last {LATELY.days} days",)
    newest = sorted(uses, key=lambda use: use.last_at, reverse=True)
    lines = [describe_use(use, now) for use in newest[:_MOST_USES]]
    if len(newest) > _MOST_USES:
        lines.append(f"and from {len(newest) - _MOST_USES} more")
    return tuple(lines)


def describe_use(use: Use, now: datetime) -> str:
    """Return one use in a line: when, from where, by what, how often at least."""
    place = safe_text(use.address, limit=45) or "this host"
    agent = f", {safe_text(use.agent, limit=40)}" if use.agent else ""
    times = f", {use.count} times" if use.count > 1 else ""
    return f"{format_ago(use.last_at, now)} from {place}{agent}{times}"


def _describe_many(
    loki: Loki, tokens: Sequence[Token], now: datetime, is_wanted: Callable[[], bool]
) -> tuple[str, ...]:
    since = now - LATELY
    lately = [token for token in tokens if token.last_used is not None and token.last_used >= since]
    lately.sort(key=lambda token: token.last_used or since, reverse=True)
    if not lately:
        return (f"none of them in the last {LATELY.days} days",)
    lines = [f"{len(lately)} of {len(tokens)} in the last {LATELY.days} days:"]
    for token in lately[:MOST_TOKENS]:
        if not is_wanted():
            break
        uses = sorted(loki.tokens.find_uses(token.id, since=since), key=lambda use: use.last_at, reverse=True)
        place = safe_text(uses[0].address or "this host", limit=45) if uses else "an address not noted"
        more = f" and {len(uses) - 1} more" if len(uses) > 1 else ""
        owner = f", {safe_text(token.owner, limit=24)}" if token.owner else ""
        name = safe_text(token.name, limit=24) + (" (old secret)" if token.rotated_to else "")
        lines.append(f"{name}{owner}: {format_ago(token.last_used, now)} from {place}{more}")
    if len(lately) > MOST_TOKENS:
        lines.append(f"and {len(lately) - MOST_TOKENS} more")
    return tuple(lines)

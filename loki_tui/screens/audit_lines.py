"""The lines around the audit table: failures, filter summary, status, and what stands there instead. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from loki_core import AuthorizationError, LokiError, Verdict, safe_text
from loki_tui.audit.command import TAIL
from loki_tui.screens.list_lines import (
    compose_facts,
    compose_panel,
    compose_summary,
    describe_way_back,
    end_with_command,
)
from loki_tui.spans import Line, Span, join_ends, take_while_fits

_VERIFY = "screen.verify_log"
_PAUSE = "screen.pause"
EXAMPLE = "event:auth.fail"
"""A term, as the filter line hints at it."""


def compose_attention(told: Sequence[str] | None, verdict: Verdict | None, width: int, *, is_off: bool) -> Line:
    """Return what is wrong with the log itself, and the failed sign-ins of the last hour.

    Args:
        told: the failures in words, most important first, or None while nothing was read.
        is_off: whether the log is switched off.
        verdict: what was found the last time, or None.
        width: the room, in cells.
    """
    if told is None:
        return join_ends((), (), width)
    parts = [[Span(text, "warn")] for text in told]
    if verdict is not None and not verdict.ok:
        parts.insert(0, [Span("THE LOG IS NOT WHOLE", "bad", _VERIFY)])
    if is_off:
        parts.insert(0, [Span("THE LOG IS OFF: nothing is written down", "bad")])
    if not parts:
        return join_ends([Span(" no failed sign-ins in 1 h", "muted")], (), width)
    return join_ends([Span(" ! ", "bad"), *take_while_fits(parts, width - 4, separator=" | ")], (), width)


def describe_verification(verdict: Verdict | None, at: datetime | None) -> Span:
    """Return whether the log was verified, for the status line.

    Args:
        verdict: what was found the last time, or None.
        at: when that was (UTC).
    """
    if verdict is None or at is None:
        return Span("not verified", "muted", _VERIFY)
    when = at.strftime("%H:%MZ")
    return Span(f"verified whole {when}", "good", _VERIFY) if verdict.ok else Span(f"NOT WHOLE {when}", "bad", _VERIFY)


class Extent(NamedTuple):
    """How much of the log is shown.

    Attributes:
        shown: how many entries pass the filter.
        total: how many were read.
        is_filtered: whether there is a filter.
        is_whole: whether there are no older ones.
        is_full: whether no more are kept.
        is_reading: whether older ones are being read.
    """

    shown: int
    total: int
    is_filtered: bool
    is_whole: bool
    is_full: bool
    is_reading: bool


def compose_shown(extent: Extent, *, hint: bool, width: int) -> Line:
    """Return how many entries are shown, and how far back they go; with a hint how to filter."""
    newest = "" if extent.is_whole else " newest"
    count = f"{extent.total:,}{newest} shown"
    if extent.is_filtered:
        count = f"{extent.shown:,} of {extent.total:,}{newest} shown"
    if extent.is_whole:
        rest = "newest first"
    elif extent.is_full:
        rest = "older: audit search"
    else:
        rest = "reading older…" if extent.is_reading else "more below"
    parts = [[Span(count, "strong" if extent.is_filtered else "")], [Span(rest, "muted")]]
    return compose_summary(EXAMPLE if hint else "", parts, width)


def compose_status(
    *,
    is_read: bool,
    held: int | None,
    resume_key: str,
    above: int,
    verification: Span,
    back: str,
    silent_for: float,
    options: str,
    is_all: bool,
    width: int,
) -> Line:
    """Return whether the tail is live, and the command that does the same without the console.

    Args:
        is_read: whether the log was read.
        held: how many new entries are held back, or None when the tail is live.
        resume_key: the key that lets them come.
        above: how many entries stand above what is in sight.
        verification: whether the log was verified.
        back: the screen that `Esc` goes back to, or "".
        silent_for: for how many seconds the log has not answered.
        options: of the command, for the filter that is in force.
        is_all: whether they say all that the filter does.
        width: the room, in cells.
    """
    if silent_for >= 2:
        start = [Span(f" ! the log has not answered for {int(silent_for)} s", "bad")]
    elif not is_read:
        start = [Span(" reading the log…", "muted")]
    elif held is not None:
        start = [
            Span(f" paused, {held:,} new  ", "strong"),
            Span(resume_key, "key", _PAUSE),
            Span(" Resume", "muted", _PAUSE),
        ]
    else:
        start = [Span(" live" + (f", {above:,} above" if above else "") + ", ", "muted"), verification]
    start += describe_way_back(back)
    whole = f"{TAIL} {options}".rstrip() + ("" if is_all else " …")
    forms = (f"headless: {whole}", f"headless: {TAIL} …", f"… {TAIL.removeprefix('loki enterprise ')} …")
    return end_with_command(start, forms if options or not is_all else (f"headless: {TAIL}", *forms[2:]), width)


def compose_off(width: int) -> list[list[Span]]:
    """Return what stands in place of the table when the log is switched off."""
    said = ["Nothing that happens is written down: no sign-in that fails, no token that is made."]
    facts = [
        ("switch it on", "enterprise.audit.enabled: true in .loki/config.yaml, and no LOKI_AUDIT_DISABLED"),
        ("headless", "loki enterprise config show --origin"),
    ]
    return [*compose_panel("! The audit log is OFF", "bad", said, width), *compose_facts(facts, width)]


def compose_empty(log: str, width: int) -> list[list[Span]]:
    """Return what stands in place of the table when the log has no entry."""
    said = [safe_text(f"There is no entry in {log}. Whatever is done from now on appears here by itself.")]
    facts = [("headless", TAIL), ("to look round", "loki-tui --demo")]
    return [*compose_panel("Nothing has been logged yet", "strong", said, width), *compose_facts(facts, width)]


def compose_error(log: str, error: LokiError, width: int) -> list[list[Span]]:
    """Return what stands in place of the table when the log cannot be read, or may not be."""
    if isinstance(error, AuthorizationError):
        title, untouched = "Not allowed", ""
    else:
        title = "The audit log cannot be read"
        untouched = "Nothing was changed. This screen goes on by itself once the log can be read."
    facts = [
        ("log", log),
        ("what to do", error.remedy),
        ("", untouched),
        ("headless", "loki enterprise doctor"),
        ("code", error.code),
    ]
    return [*compose_panel(f"! {title}", "bad", [safe_text(error.message)], width), *compose_facts(facts, width)]

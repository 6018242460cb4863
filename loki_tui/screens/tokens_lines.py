"""The lines around the table of tokens: counts, filter summary, status, keys, and what stands there instead. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from loki_core import AuthorizationError, LokiError, Status, StorageError, safe_text
from loki_tui.actions import Action
from loki_tui.concerns import describe_counts
from loki_tui.places import PLACES
from loki_tui.rows import Row
from loki_tui.spans import Line, Span, join_ends, measure, take_while_fits
from loki_tui.token_list import Reading

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@%+:/-]*\Z")
_LABEL = 14
_FILTER_HINT = (
    Span(" / ", "key", "screen.start_filter"),
    Span("words or status:expiring", "muted", "screen.start_filter"),
)
_HEADLESS = "headless: loki enterprise token"


def compose_tabs(current: str, reading: Reading | None, width: int) -> Line:
    """Return the line of screens, with how many tokens are in which state at its end."""
    tabs: list[Span] = []
    for place in PLACES:
        tone = "strong" if place.mode == current else "muted"
        tabs += [Span(f" {place.key} {place.title} ", tone, f"app.show_place('{place.mode}')")]
    if reading is None or reading.error is not None:
        return join_ends(tabs, (), width)
    counts: dict[Status, int] = {}
    for row in reading.rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    parts = [[Span(f"{counts[status]} {status.value}", "muted")] for status in Status if status in counts]
    room = width - measure(tabs) - 2
    return join_ends(tabs, [*take_while_fits(parts, room, separator="  "), Span(" ")], width)


def compose_attention(reading: Reading | None, width: int) -> Line:
    """Return what needs somebody, counted, worst first."""
    if reading is None or not reading.rows:
        return join_ends((), (), width)
    if not reading.counts:
        return join_ends([Span(" nothing needs you today", "muted")], (), width)
    hint = [Span("w", "key", "screen.walk_concerns"), Span(" Walk ", "muted", "screen.walk_concerns")]
    said = describe_counts(reading.counts)
    room = width - measure(hint) - 4
    told = [[Span(text, "warn")] for text in said]
    parts = take_while_fits(told, room, separator=" | ")
    if len(parts) < 2 * len(told) - 1:
        parts = take_while_fits(told, room - len(" +9 more"), separator=" | ")
        parts.append(Span(f" +{len(told) - (len(parts) + 1) // 2} more", "muted"))
    return join_ends([Span(" ! ", "bad"), *parts], hint, width)


def compose_summary(
    reading: Reading | None, shown: int, *, is_filtered: bool, with_revoked: bool, hint: bool, width: int
) -> Line:
    """Return how much of the store is shown, and in which order; with a hint how to filter when nothing is typed."""
    start = _FILTER_HINT if hint else ()
    if reading is None:
        return join_ends(start, [Span("reading… ", "muted")], width)
    total = len(reading.rows)
    count = f"{shown:,} of {total:,} shown" if is_filtered else f"{total:,} shown"
    order = f"by {reading.order.value}" + (", reversed" if reading.backwards else "")
    parts = [
        [Span(count, "strong" if is_filtered else "")],
        [Span("with revoked" if with_revoked else "not revoked", "muted", "screen.toggle_revoked")],
        [Span(order, "muted", "screen.sort_next")],
    ]
    return join_ends(start, [*take_while_fits(parts, width - measure(start) - 2, separator=" | "), Span(" ")], width)


def name_for_shell(row: Row) -> str:
    """Return what to call a token in a command line: its name where that is plain, else its id."""
    token = row.token
    plain = _PLAIN_NAME.match(token.name) and not token.revoked and token.status is not Status.UNREADABLE
    return token.name if plain else safe_text(token.id)


def compose_status(
    reading: Reading | None, row: Row | None, marked: Sequence[Row], hidden: int, *, silent_for: float, width: int
) -> Line:
    """Return the marks or the state of the store, and the command that does the same without the console."""
    if silent_for >= 2:
        start = [Span(f" ! the store has not answered for {int(silent_for)} s", "bad")]
    elif marked:
        away = f", {hidden} not shown" if hidden else ""
        start = [
            Span(f" {len(marked)} marked{away}", "strong"),
            Span("   "),
            Span("Esc", "key", "screen.step_back"),
            Span(" Unmark all", "muted", "screen.step_back"),
        ]
    elif reading is None:
        start = [Span(" reading the store…", "muted")]
    else:
        start = [Span(f" live, read {reading.at.strftime('%H:%M:%SZ')}", "muted")]
    if marked:
        deed, names = "revoke", " ".join(name_for_shell(each) for each in marked)
    elif row is not None:
        deed, names = "show", name_for_shell(row)
    else:
        deed, names = "list", ""
    # A command that is cut somewhere is worse than one that says it is not whole.
    for end in (f"{_HEADLESS} {deed} {names}", f"{_HEADLESS} {deed} …", f"… token {deed} {names}"):
        if measure(start) + len(end.rstrip()) + 3 <= width:
            return join_ends(start, [Span(f"{end.rstrip()} ", "muted")], width)
    return join_ends(start, (), width)


def compose_footer(actions: Sequence[Action], width: int) -> Line:
    """Return the keys; in a narrow terminal fewer, but always those for help and for leaving."""
    shown = sorted((action for action in actions if action.footer), key=lambda action: action.footer)
    off = [action.shown_key for action in actions if action.refusal]
    parts = [
        [
            Span(action.shown_key, "key", _click(action)),
            Span(f" {action.label}", "", _click(action)),
        ]
        for action in shown
        if not action.refusal
    ]
    always, others = parts[-2:], parts[:-2]
    if off:
        others.append([Span(f"off: {' '.join(off)}", "warn", "app.show_keys")])
    room = width - 2 - sum(measure(part) + 2 for part in always)
    line = take_while_fits(others, room, separator="  ")
    for part in always:
        line += [Span("  "), *part] if line else part
    return join_ends([Span(" "), *line], (), width)


def _click(action: Action) -> str:
    return f"{'app' if action.place == 'everywhere' else 'screen'}.{action.run}"


def compose_empty(store: str, hidden: int, refusal: str, width: int) -> list[list[Span]]:
    """Return what stands in place of the table when there is nothing in it."""
    if hidden:
        title = "Every token is revoked"
        said = f"{hidden:,} revoked {'token is' if hidden == 1 else 'tokens are'} in {store}, and none that works."
    else:
        title = "No tokens yet"
        said = f"There is nothing in {store}."
    rows = [("a", "show the revoked ones", "screen.toggle_revoked")] if hidden else []
    if refusal:
        rows.append(("n", f"off: {refusal}", ""))
    else:
        rows.append(("Enter or n", "make a token; its secret is shown once", "screen.new_token"))
    lines = _compose_panel(title, "strong", [safe_text(said)], width)
    lines += [
        [Span("   "), Span(key.ljust(_LABEL), "key", action), Span(text, "", action)] for key, text, action in rows
    ]
    lines += [
        [],
        [
            Span("   headless".ljust(_LABEL + 3), "muted"),
            Span("loki enterprise token generate ci-bot --role viewer"),
        ],
    ]
    if not hidden:
        lines.append([Span("   to look round".ljust(_LABEL + 3), "muted"), Span("loki-tui --demo")])
    return lines


def compose_error(store: str, error: LokiError, width: int) -> list[list[Span]]:
    """Return what stands in place of the table when the store cannot be used."""
    if isinstance(error, AuthorizationError):
        title, untouched = "Not allowed", ""
    elif isinstance(error, StorageError):
        title = "The token store cannot be used"
        untouched = "Nothing was changed. This screen goes on by itself once the store can be read."
    else:
        title, untouched = "The tokens cannot be shown", "This screen tries again by itself."
    lines = _compose_panel(f"! {title}", "bad", [safe_text(error.message)], width)
    table = [("store", safe_text(store)), ("what to do", safe_text(error.remedy)), ("", untouched)]
    table.append(("headless", "loki enterprise doctor"))
    table.append(("code", error.code))
    for label, text in table:
        if text:
            wrapped = textwrap.wrap(text, max(width - _LABEL - 6, 20), break_on_hyphens=False)
            lines += [
                [Span(f"   {label if index == 0 else ''}".ljust(_LABEL + 3), "muted"), Span(part)]
                for index, part in enumerate(wrapped)
            ]
    return lines


def _compose_panel(title: str, tone: str, said: Sequence[str], width: int) -> list[list[Span]]:
    lines: list[list[Span]] = [[], [Span(f"   {title}", tone)], []]
    for text in said:
        lines += [[Span(f"   {part}")] for part in textwrap.wrap(text, max(width - 6, 20), break_on_hyphens=False)]
    return [*lines, []]

"""The lines around the table of tokens: counts, filter summary, status, and what stands there instead. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loki_core import AuthorizationError, LokiError, Status, StorageError, safe_text
from loki_tui.concerns import describe_counts
from loki_tui.rows import Row
from loki_tui.screens.list_lines import (
    LABEL,
    compose_facts,
    compose_panel,
    compose_summary,
    compose_warnings,
    describe_way_back,
    end_with_command,
)
from loki_tui.spans import Line, Span, join_ends
from loki_tui.token_list import Reading

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@%+:/-]*\Z")
_HEADLESS = "headless: loki enterprise token"


def count_states(reading: Reading | None) -> list[list[Span]]:
    """Return how many tokens are in which state, for the line of screens."""
    if reading is None or reading.error is not None:
        return []
    counts: dict[Status, int] = {}
    for row in reading.rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    return [[Span(f"{counts[status]} {status.value}", "muted")] for status in Status if status in counts]


def compose_attention(reading: Reading | None, width: int) -> Line:
    """Return what needs somebody, counted, worst first."""
    if reading is None or not reading.rows:
        return join_ends((), (), width)
    if not reading.counts:
        return join_ends([Span(" nothing needs you today", "muted")], (), width)
    hint = [Span("w", "key", "screen.walk_concerns"), Span(" Walk ", "muted", "screen.walk_concerns")]
    return compose_warnings(describe_counts(reading.counts), hint, width)


def compose_shown(
    reading: Reading | None, shown: int, *, is_filtered: bool, with_revoked: bool, hint: bool, width: int
) -> Line:
    """Return how much of the store is shown, and in which order; with a hint how to filter when nothing is typed."""
    example = "status:expiring" if hint else ""
    if reading is None:
        return compose_summary(example, [[Span("reading…", "muted")]], width)
    total = len(reading.rows)
    count = f"{shown:,} of {total:,} shown" if is_filtered else f"{total:,} shown"
    order = f"by {reading.order.value}" + (", reversed" if reading.backwards else "")
    parts = [
        [Span(count, "strong" if is_filtered else "")],
        [Span("with revoked" if with_revoked else "not revoked", "muted", "screen.toggle_revoked")],
        [Span(order, "muted", "screen.sort_next")],
    ]
    return compose_summary(example, parts, width)


def name_for_shell(row: Row) -> str:
    """Return what to call a token in a command line: its name where that is plain, else its id."""
    token = row.token
    plain = _PLAIN_NAME.match(token.name) and not token.revoked and token.status is not Status.UNREADABLE
    return token.name if plain else safe_text(token.id)


def compose_status(
    reading: Reading | None,
    row: Row | None,
    marked: Sequence[Row],
    hidden: int,
    *,
    silent_for: float,
    width: int,
    back: str = "",
) -> Line:
    """Return the marks or the state of the store, and the command that does the same without the console.

    Args:
        reading: the store as it was read, or None before.
        row: the row at the cursor, or None.
        marked: the marked rows.
        hidden: how many of these the filter hides.
        silent_for: for how many seconds the store has not answered.
        width: the room, in cells.
        back: the screen that `Esc` goes back to, or "".
    """
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
        start = [Span(f" live, read {reading.at.strftime('%H:%M:%SZ')}", "muted"), *describe_way_back(back)]
    if marked:
        deed, names = "revoke", " ".join(name_for_shell(each) for each in marked)
    elif row is not None:
        deed, names = "show", name_for_shell(row)
    else:
        deed, names = "list", ""
    forms = (f"{_HEADLESS} {deed} {names}", f"{_HEADLESS} {deed} …", f"… token {deed} {names}")
    return end_with_command(start, [form.rstrip() for form in forms], width)


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
    lines = compose_panel(title, "strong", [safe_text(said)], width)
    lines += [
        [Span("   "), Span(key.ljust(LABEL), "key", action), Span(text, "", action)] for key, text, action in rows
    ]
    lines += [
        [],
        [
            Span("   headless".ljust(LABEL + 3), "muted"),
            Span("loki enterprise token generate ci-bot --role viewer"),
        ],
    ]
    if not hidden:
        lines.append([Span("   to look round".ljust(LABEL + 3), "muted"), Span("loki-tui --demo")])
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
    facts = [
        ("store", store),
        ("what to do", error.remedy),
        ("", untouched),
        ("headless", "loki enterprise doctor"),
        ("code", error.code),
    ]
    return [*compose_panel(f"! {title}", "bad", [safe_text(error.message)], width), *compose_facts(facts, width)]

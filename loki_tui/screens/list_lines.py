"""The lines that every screen with a list has: the tabs, the keys, a command that fits, a panel in its place. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from loki_core import safe_text
from loki_tui.actions import Action
from loki_tui.places import PLACES
from loki_tui.spans import Line, Span, join_ends, measure, take_while_fits

LABEL = 14
"""Cells of a label in a panel."""


def compose_tabs(
    current: str, actions: Sequence[Action], notes: Sequence[Sequence[Span]], state: Sequence[Span], width: int
) -> Line:
    """Return the line of screens, and what is to be known on all of them at its end.

    Args:
        current: the mode of the screen that is shown.
        actions: all actions, for the keys that lead to the screens.
        notes: what this screen counts, of which as much is shown as fits.
        state: what is shown at the very end.
        width: the room, in cells.
    """
    keys = {action.id: action.shown_key for action in actions}
    tabs: list[Span] = []
    for place in PLACES:
        tone = "strong" if place.mode == current else "muted"
        key = keys.get(f"place.{place.mode}", place.key)
        tabs += [Span(f" {key} {place.title} ", tone, f"app.show_place('{place.mode}')")]
    end = [*state, Span(" ")] if state else []
    room = width - measure(tabs) - measure(end) - 2
    told = take_while_fits(notes, room - 2, separator="  ")
    if told:
        end = [*told, Span("  "), *end] if end else [*told, Span(" ")]
    return join_ends(tabs, end, width)


def compose_warnings(told: Sequence[str], end: Sequence[Span], width: int) -> Line:
    """Return what needs somebody, worst first; what does not fit is counted.

    Args:
        told: what it is, each in a few words.
        end: what stands at the end of the line.
        width: the room, in cells.
    """
    room = width - measure(end) - 4
    parts = [[Span(text, "warn")] for text in told]
    line = take_while_fits(parts, room, separator=" | ")
    if len(line) < 2 * len(told) - 1:
        line = take_while_fits(parts, room - len(" +9 more"), separator=" | ")
        line.append(Span(f" +{len(told) - (len(line) + 1) // 2} more", "muted"))
    return join_ends([Span(" ! ", "bad"), *line], end, width)


def compose_summary(example: str, parts: Sequence[Sequence[Span]], width: int) -> Line:
    """Return how much is shown, with a hint how to filter it in front.

    Args:
        example: what may be typed, or "" where something is typed already.
        parts: what is shown, most important first, of which as much is told as fits.
        width: the room, in cells.
    """
    action = "screen.start_filter"
    start = [Span(" / ", "key", action), Span(f"words or {example}", "muted", action)] if example else []
    room = width - measure(start) - 2
    return join_ends(start, [*take_while_fits(parts, room, separator=" | "), Span(" ")], width)


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


def describe_way_back(title: str) -> list[Span]:
    """Return the key that leads back to the screen of that title; nothing when there is none."""
    click = "screen.step_back"
    return [Span("  "), Span("Esc", "key", click), Span(f" Back to {title}", "muted", click)] if title else []


def end_with_command(start: Sequence[Span], commands: Sequence[str], width: int) -> Line:
    """Return a line that ends with a command, in the first of its forms that fits whole.

    A command that is cut somewhere is worse than one that says it is not whole.
    """
    for command in commands:
        if measure(start) + len(command) + 3 <= width:
            return join_ends(start, [Span(f"{command} ", "muted")], width)
    return join_ends(start, (), width)


def compose_panel(title: str, tone: str, said: Sequence[str], width: int) -> list[list[Span]]:
    """Return the title and first lines of what stands in place of the table."""
    lines: list[list[Span]] = [[], [Span(f"   {title}", tone)], []]
    for text in said:
        lines += [[Span(f"   {part}")] for part in _wrap(text, width - 6)]
    return [*lines, []]


def compose_facts(facts: Sequence[tuple[str, str]], width: int) -> list[list[Span]]:
    """Return labels with what belongs to them, folded; those with nothing are left out."""
    return [
        [Span(f"   {label if index == 0 else ''}".ljust(LABEL + 3), "muted"), Span(part)]
        for label, text in facts
        if text
        for index, part in enumerate(_wrap(safe_text(text), width - LABEL - 6))
    ]


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 20), break_on_hyphens=False)

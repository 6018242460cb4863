"""What an entry says, field by field: in short under the table, in full in its dialog. Pure.

What the caller alone says of itself is marked as claimed. Another writer's entries may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from loki_core import LoggedLine, safe_text
from loki_tui.ages import format_ago
from loki_tui.audit.cells import LOCAL
from loki_tui.audit.explanations import EXPLANATIONS
from loki_tui.audit.rows import EntryRow
from loki_tui.spans import Span, clip, measure

LABEL = 10
TALL = 10
"""Lines from which on there is one for each field."""
HASH_FIELD = "_integrity_hash"
LONGEST_VALUE = 2_000
"""Characters of a value that are shown: another writer's may be as long as it likes."""
_SHOWN_ELSEWHERE = frozenset(
    {
        "timestamp",
        "event",
        "action",
        "resource_type",
        "resource_id",
        "user_id",
        "token_id",
        "ip_address",
        "user_agent",
        "success",
        "error",
        "details",
        "seq",
        HASH_FIELD,
    }
)


class Fact(NamedTuple):
    """One field: what it is called, what it says, and whether the caller alone says so."""

    label: str
    text: str
    claimed: bool = False
    tone: str = ""


def describe_entry(
    row: EntryRow,
    line: LoggedLine,
    names: Mapping[str, str],
    now: datetime,
    hints: Sequence[Span] = (),
    *,
    width: int,
    height: int,
) -> list[list[Span]]:
    """Return the title and the lines about an entry, most important ones only where the room is small.

    Args:
        row: the row.
        line: its line, read.
        names: what tokens are called, by id.
        now: the time to tell ages from (UTC).
        hints: the keys that say more, for the end of the last line.
        width: the room, in cells.
        height: the room, in lines.
    """
    details = list(_list_details(line.entry.details))
    lines = [
        _compose_title(row, now, width),
        _compose("Who", [_say_actor(line, names), *_list_claims(line)], width),
        _compose("What", _list_resources(line, names), width),
        _compose("Where", [Fact("", line.entry.ip_address or LOCAL), *_list_terminal(line), *_list_agent(line)], width),
        _compose("Outcome", [_say_outcome(row)], width),
        _compose("Details", details or [Fact("", "none", tone="muted")], width),
        _compose_place(line, hints, width),
    ]
    if height < len(lines):
        kept = [0, 1, 2, 4, 6] if not details or not row.success else [0, 1, 2, 5, 6]
        return [lines[index] for index in kept][:height]
    if height < TALL:
        return lines
    facts = [fact for fact in list_facts(row, line, names, now) if fact.label not in {"Event", "When"}]
    shown = label_once(facts)[: height - 2]
    return [lines[0], *(_compose(fact.label, [fact._replace(label="")], width) for fact in shown), lines[-1]]


def list_facts(row: EntryRow, line: LoggedLine, names: Mapping[str, str], now: datetime) -> Iterator[Fact]:
    """Yield everything that an entry says."""
    entry = line.entry
    at = entry.timestamp
    yield Fact("Event", entry.event)
    yield Fact("When", f"{at.strftime('%Y-%m-%d %H:%M:%S.%f')[:-3]}Z, {format_ago(at, now)}")
    yield _say_actor(line, names)._replace(label="Who")
    for claim in (*_list_claims(line), *_list_agent(line)):
        yield Fact("Claimed", claim.text if claim.label == "claimed" else f"{claim.label} {claim.text}")
    for fact in _list_resources(line, names):
        yield fact._replace(label="What")
    yield Fact("Where", entry.ip_address or LOCAL)
    for fact in _list_terminal(line):
        yield Fact("Where", f"{fact.label} {fact.text}")
    yield _say_outcome(row)._replace(label="Outcome")
    yield Fact("Level", line.level.value)
    for fact in _list_details(entry.details):
        yield fact._replace(label="Details", text=f"{fact.label} {fact.text}")
    for name, value in line.fields.items():
        if name not in _SHOWN_ELSEWHERE:
            yield Fact("Other", f"{name} {_say(value)}")


def label_once(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts, those without a label that have the one before."""
    before = ""
    shown: list[Fact] = []
    for fact in facts:
        shown.append(fact._replace(label="") if fact.label == before else fact)
        before = fact.label
    return shown


def find_hash(line: LoggedLine) -> str:
    """Return the hash that the line carries, or ""."""
    found = line.fields.get(HASH_FIELD)
    return found if isinstance(found, str) else ""


def _say(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_say(each)}" for name, each in list(value.items())[:50])
    if isinstance(value, list | tuple):
        return ", ".join(map(_say, value[:50]))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)[:LONGEST_VALUE]


def _name(token: str, names: Mapping[str, str]) -> str:
    return f"{names[token]} ({token})" if names.get(token) else token


def _say_actor(line: LoggedLine, names: Mapping[str, str]) -> Fact:
    return Fact("", _name(line.entry.user_id, names))


def _list_claims(line: LoggedLine) -> list[Fact]:
    claimed = line.entry.details.get("claimed")
    if claimed is None:
        return []
    if not isinstance(claimed, Mapping):
        return [Fact("claimed", _say(claimed), True)]
    return [Fact("claimed", f"{name} {_say(value)}", True) for name, value in claimed.items()]


def _list_resources(line: LoggedLine, names: Mapping[str, str]) -> list[Fact]:
    entry = line.entry
    name = entry.details.get("name")
    known = {entry.resource_id: name} if isinstance(name, str) and name else names
    about = _name(entry.resource_id, known) if entry.resource_id else ""
    facts = [Fact("", f"{entry.resource_type} {about}".strip() or "nothing named", tone="" if about else "muted")]
    if entry.token_id and entry.token_id not in {entry.resource_id, entry.user_id}:
        facts.append(Fact("with", _name(entry.token_id, names)))
    return facts


def _list_terminal(line: LoggedLine) -> list[Fact]:
    terminal = line.entry.details.get("terminal")
    return [Fact("terminal", _say(terminal))] if terminal else []


def _list_agent(line: LoggedLine) -> list[Fact]:
    """Return what the caller's program calls itself."""
    return [Fact("agent", line.entry.user_agent, True)] if line.entry.user_agent else []


def _say_outcome(row: EntryRow) -> Fact:
    if row.success:
        return Fact("", "ok", tone="" if not row.is_troubling else "warn")
    meaning = EXPLANATIONS.get(row.error, "")
    code = row.error or "failed"
    return Fact("", f"failed: {code}, {meaning}" if meaning else f"failed: {code}", tone="warn")


def _list_details(details: Mapping[str, Any]) -> Iterator[Fact]:
    for name, value in details.items():
        if name not in {"claimed", "terminal", "name"}:
            yield Fact(name, _say(value))


def _compose_title(row: EntryRow, now: datetime, width: int) -> list[Span]:
    number = f"  #{row.seq}" if row.seq else "  written by another program"
    when = f"{row.at.strftime('%Y-%m-%d %H:%M:%S')}Z  {format_ago(row.at, now)} "
    event = clip(f" {safe_text(row.event, limit=60)}", max(width - len(number) - len(when) - 2, 8))
    start = [Span(event, "head"), Span(number, "head")]
    room = width - measure(start)
    return [*start, Span(when.rjust(room) if room > len(when) else " " * max(room, 0), "head")]


def _compose(label: str, facts: Sequence[Fact], width: int) -> list[Span]:
    """Return a line with as many of the facts as fit, the last of them cut."""
    line = [Span(f" {label}".ljust(LABEL), "muted")]
    for index, fact in enumerate(facts):
        named = safe_text(fact.label, limit=40)
        if fact.claimed and named != "claimed":
            named = f"{named} claimed"
        named = f"{named}: " if fact.claimed else f"{named} " if named else ""
        gap = "" if not index else "  "
        room = width - measure(line) - len(gap) - measure([Span(named)])
        if room < min(len(fact.text), 6):
            break
        line += [Span(gap + named, "muted"), Span(clip(safe_text(fact.text), room), fact.tone)]
    return line


def _compose_place(line: LoggedLine, hints: Sequence[Span], width: int) -> list[Span]:
    digest = find_hash(line)
    told = [Span(" Log".ljust(LABEL), "muted"), Span(safe_text(line.file) or "in memory")]
    told += [Span("  hash ", "muted"), Span(safe_text(digest[:12]) + "…" if digest else "none")]
    room = width - measure(hints)
    if measure(told) + 1 > room:
        return told
    return [*told, Span(" " * (room - measure(told))), *hints]

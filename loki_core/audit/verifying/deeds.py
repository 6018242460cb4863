"""What was done to lines, and what it adds up to: a line that is gone here and back there was moved. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from loki_core.audit.verdict import ProblemKind
from loki_core.audit.verifying.differences import Change
from loki_core.audit.verifying.findings import Findings
from loki_core.frozen import dataclass

_MOST_TOKENS = 1 << 16
"""Of more lines than that it is not remembered what they were: then moved ones are removed and inserted ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that was done to some lines in a row.

    Attributes:
        change: what was done.
        position: the number of the first of these lines in the whole log, or of the next one when they were inserted.
        file: the base name of the file that they are in, or were in.
        line: the first of them in that file, or where it would be.
        count: how many.
        missing: what the lines were that are not there any more: marks, or negative numbers where there are none.
        found: what the lines are that were not there.
        is_cut: whether they were removed from the end of the log: then they are said to be gone elsewhere.
        message: what to say instead of the usual.
    """

    change: Change
    position: int
    file: str
    line: int
    count: int = 1
    missing: tuple[int, ...] = ()
    found: tuple[int, ...] = ()
    is_cut: bool = False
    message: str = ""


class Deeds:
    """Collects what was done."""

    def __init__(self) -> None:
        self._deeds: list[Deed] = []
        self._tokens = 0

    def add(self, deed: Deed) -> None:
        """Add a deed."""
        self._tokens += len(deed.missing) + len(deed.found)
        self._deeds.append(deed)

    def __len__(self) -> int:
        return len(self._deeds)

    @property
    def first_position(self) -> int | None:
        """The number of the first line to which something was done, or None."""
        return min((deed.position for deed in self._deeds), default=None)

    @property
    def can_remember(self) -> bool:
        """Whether it is worth telling what the lines were and are."""
        return self._tokens < _MOST_TOKENS

    def report(self, findings: Findings) -> bool:
        """Add what the deeds add up to; return whether what was cut off the end is elsewhere."""
        moved: set[int] = set()
        for group in self._group_moves():
            members = [self._deeds[place] for place in sorted(group)]
            first = min(members, key=lambda deed: (deed.position, deed.line))
            findings.add(
                ProblemKind.REORDERED,
                first.file,
                first.line,
                _describe_move(members),
                position=first.position,
                seq=first.position,
            )
            missing = {token for deed in members for token in deed.missing}
            found = {token for deed in members for token in deed.found}
            moved |= {place for place in group if _is_explained(self._deeds[place], missing, found)}
        for place, deed in enumerate(self._deeds):
            if place not in moved and not deed.is_cut:
                findings.add(
                    _KINDS[deed.change],
                    deed.file,
                    deed.line,
                    deed.message or _describe(deed),
                    position=deed.position,
                    seq=None if deed.change is Change.INSERTED else deed.position,
                )

        return any(self._deeds[place].is_cut for place in moved)

    def _group_moves(self) -> Iterator[set[int]]:
        """Yield the deeds that belong together because a line that one of them misses is found by another."""
        missing: dict[int, int] = {}
        for place, deed in enumerate(self._deeds):
            for token in deed.missing:
                missing.setdefault(token, place)
        groups = list(range(len(self._deeds)))

        def find(place: int) -> int:
            while groups[place] != place:
                groups[place] = groups[groups[place]]
                place = groups[place]
            return place

        linked: set[int] = set()
        for place, deed in enumerate(self._deeds):
            for token in deed.found:
                other = missing.get(token)
                if other is not None and other != place:
                    groups[find(place)] = find(other)
                    linked |= {place, other}
        together: dict[int, set[int]] = {}
        for place in linked:
            together.setdefault(find(place), set()).add(place)
        yield from together.values()


def _is_explained(deed: Deed, missing: set[int], found: set[int]) -> bool:
    return set(deed.missing) <= found and set(deed.found) <= missing


def _describe_move(members: list[Deed]) -> str:
    _, *others = sorted(members, key=lambda deed: (deed.position, deed.line))
    other = others[0]
    return f"this line is not in its place: it was moved, or changed places with line {other.line} of {other.file}"


def _describe(deed: Deed) -> str:
    if deed.change is Change.EDITED:
        return "this line was changed"
    lines = "a line" if deed.count == 1 else f"{deed.count:,} lines"
    if deed.change is Change.REMOVED:
        return f"{lines} that stood here {'is' if deed.count == 1 else 'are'} gone"
    return "this line was put in later" if deed.count == 1 else f"{lines} from here on were put in later"


_KINDS = {
    Change.EDITED: ProblemKind.EDITED,
    Change.REMOVED: ProblemKind.REMOVED,
    Change.INSERTED: ProblemKind.INSERTED,
}

"""Aligning the lines that are there with the marks of the lines that were: what was edited, removed, inserted.

Pure. Marks are compared in order. Where they differ, the nearest place is searched from which on some follow each other
in both; what lies between is explained with as few changes as there can be. Among lines that say the same, a line is
taken for the one whose number it bears.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from loki_core.audit.verifying.differences import Alignment, Change, Difference

_RUN = 3
"""So many lines with the same marks, one after the other, are no chance."""
_REACHES = (16, 128, 1024, 8192)
_FAR = 1024
_MOST_CELLS = 1 << 16
_OUT_OF_PLACE, _REMOVED, _INSERTED, _EDITED, _EDITED_OUT_OF_PLACE = 1, 11, 11, 10, 12
"""What each costs: less than any two others together, so that the fewest changes are found."""


class Expected(Protocol):
    """The marks of the lines that were."""

    def get(self, index: int) -> int | None:
        """Return a mark, or None behind the last one."""

    def is_boundary(self, index: int) -> bool:
        """Tell whether a head stands before that mark: alignment may end there."""

    def count(self) -> int:
        """Return how many there are."""


class Actual(Protocol):
    """The lines that are."""

    def get(self, index: int) -> int | None:
        """Return a line's mark, -1 for what is no entry, or None behind the last line."""

    def find_place(self, index: int) -> int | None:
        """Return the index among the marks that the line's number stands for, or None."""


def align(expected: Expected, actual: Actual) -> Alignment:
    """Align from a place on where both begin, to the first head from which on they agree again, or to the end."""
    differences: list[Difference] = []
    i = j = 0
    while (mark := expected.get(i)) is not None:
        skipped = _find_skipped(expected, actual, i, j)
        if actual.get(j) == mark and not skipped:
            i, j = i + 1, j + 1
        else:
            wide, high = (skipped, 0) if skipped else _find_gap(expected, actual, i, j)
            differences += _explain(expected, actual, i, i + wide, j, j + high)
            i, j = i + wide, j + high
        if expected.is_boundary(i) and _agree(expected, actual, i, j):
            break
    return Alignment(differences=tuple(_join(differences)), expected=i, actual=j)


def _find_skipped(expected: Expected, actual: Actual, i: int, j: int) -> int:
    """Return how many lines are gone before one that says the same as them, and bears a later number."""
    place = actual.find_place(j)
    if place is None or place <= i or actual.get(j) != expected.get(i) or not _follow(expected, actual, place, j):
        return 0
    return place - i


def _agree(expected: Expected, actual: Actual, i: int, j: int) -> bool:
    """Tell whether the next lines have the marks that they should have, as far as there are marks."""
    for step in range(_RUN):
        mark = expected.get(i + step)
        if mark is None:
            return True
        if actual.get(j + step) != mark:
            return False
    return True


def _find_gap(expected: Expected, actual: Actual, i: int, j: int) -> tuple[int, int]:
    """Return how many marks and how many lines lie before the nearest place from which on both agree."""
    for reach in _REACHES:
        found = _find_nearest(expected, actual, i, j, reach)
        if found is not None:
            return found
        if expected.get(i + reach) is None and actual.get(j + reach) is None:
            break
    else:
        found = _find_far_mark(expected, actual, i, j) or _find_far_line(expected, actual, i, j)
        if found is not None:
            return found
    return _find_end(expected, actual, i, j)


def _find_nearest(expected: Expected, actual: Actual, i: int, j: int, reach: int) -> tuple[int, int] | None:
    for high in range(reach + 1):
        place = actual.find_place(j + high)
        if place is not None and 0 <= place - i <= reach and _follow(expected, actual, place, j + high):
            nearest = place - i, high
            break
    else:
        nearest = None
    places = _index(expected, i, reach)
    best = nearest
    for high in range(reach + 1):
        if best is not None and high >= best[0] + best[1]:
            break
        run = _get_run(actual, j + high)
        if run is None:
            continue
        wide = places.get(run)
        if wide is not None and (best is None or wide + high < best[0] + best[1]):
            best = wide, high
    # A line's own number decides between lines that say the same.
    return nearest if nearest is not None and best is not None and sum(nearest) <= sum(best) + _RUN else best


def _index(marks: Expected | Actual, start: int, reach: int) -> dict[tuple[int, ...], int]:
    places: dict[tuple[int, ...], int] = {}
    for step in range(reach + 1):
        run = _get_run(marks, start + step)
        if run is None:
            break
        places.setdefault(run, step)
    return places


def _get_run(marks: Expected | Actual, start: int) -> tuple[int, ...] | None:
    run = []
    for step in range(_RUN):
        mark = marks.get(start + step)
        if mark is None:
            return None
        run.append(mark)
    return tuple(run)


def _follow(expected: Expected, actual: Actual, i: int, j: int) -> bool:
    run = _get_run(expected, i)
    return run is not None and run == _get_run(actual, j)


def _find_far_mark(expected: Expected, actual: Actual, i: int, j: int) -> tuple[int, int] | None:
    """Find the place behind many lines that are gone."""
    lines = _index(actual, j, _FAR)
    for wide in range(expected.count() - i):
        run = _get_run(expected, i + wide)
        if run is not None and run in lines:
            return wide, lines[run]
    return None


def _find_far_line(expected: Expected, actual: Actual, i: int, j: int) -> tuple[int, int] | None:
    """Find the place behind many lines that were inserted."""
    marks = _index(expected, i, _FAR)
    high = 0
    while actual.get(j + high) is not None:
        run = _get_run(actual, j + high)
        if run is not None and run in marks:
            return marks[run], high
        high += 1
    return None


def _find_end(expected: Expected, actual: Actual, i: int, j: int) -> tuple[int, int]:
    """Return what is left where nothing agrees any more: all marks, and the lines that may belong to them."""
    wide = expected.count() - i
    last = expected.get(i + wide - 1)
    high, has_last, behind_marks = 0, False, None
    while (mark := actual.get(j + high)) is not None:
        place = actual.find_place(j + high)
        if behind_marks is None and place is not None and place >= i + wide:
            behind_marks = high
        if mark == last and (behind_marks is None or not has_last):
            has_last = True
            if behind_marks is not None:
                return wide, high + 1  # what stands before it was put in, and the numbers raised
        high += 1
    return wide, high if behind_marks is None else behind_marks


def _explain(expected: Expected, actual: Actual, i: int, i_end: int, j: int, j_end: int) -> Iterator[Difference]:
    while i < i_end and j < j_end and expected.get(i) == actual.get(j):
        i, j = i + 1, j + 1
    while i < i_end and j < j_end and expected.get(i_end - 1) == actual.get(j_end - 1):
        i_end, j_end = i_end - 1, j_end - 1
    wide, high = i_end - i, j_end - j
    if wide and high and wide * high <= _MOST_CELLS:
        yield from _explain_closely(expected, actual, i, i_end, j, j_end)
        return
    paired = min(wide, high)
    for step in range(paired):
        if expected.get(i + step) != actual.get(j + step):
            yield Difference(change=Change.EDITED, expected=i + step, actual=j + step, count=1)
    if wide > paired:
        yield Difference(change=Change.REMOVED, expected=i + paired, actual=j_end, count=wide - paired)
    if high > paired:
        yield Difference(change=Change.INSERTED, expected=i_end, actual=j + paired, count=high - paired)


def _explain_closely(expected: Expected, actual: Actual, i: int, i_end: int, j: int, j_end: int) -> list[Difference]:
    """Explain a gap with the cheapest changes (after Needleman and Wunsch, 1970)."""
    wide, high = i_end - i, j_end - j
    marks = [expected.get(i + step) for step in range(wide)]
    lines = [(actual.get(j + step), actual.find_place(j + step)) for step in range(high)]
    costs = [[step * _INSERTED for step in range(high + 1)]]
    for row, mark in enumerate(marks, 1):
        above, costs_here = costs[-1], [row * _REMOVED]
        for column, (line, place) in enumerate(lines, 1):
            pair = above[column - 1] + _price(mark == line, place == i + row - 1)
            costs_here.append(min(pair, above[column] + _REMOVED, costs_here[-1] + _INSERTED))
        costs.append(costs_here)
    found: list[Difference] = []
    row, column = wide, high
    while row or column:
        here = costs[row][column]
        if row and column:
            line, place = lines[column - 1]
            is_same = marks[row - 1] == line
            if here == costs[row - 1][column - 1] + _price(is_same, place == i + row - 1):
                row, column = row - 1, column - 1
                if not is_same:
                    found.append(Difference(change=Change.EDITED, expected=i + row, actual=j + column, count=1))
                continue
        if column and here == costs[row][column - 1] + _INSERTED:
            column -= 1
            found.append(Difference(change=Change.INSERTED, expected=i + row, actual=j + column, count=1))
        else:
            row -= 1
            found.append(Difference(change=Change.REMOVED, expected=i + row, actual=j + column, count=1))
    return found[::-1]


def _price(is_same: bool, is_in_place: bool) -> int:
    if is_same:
        return 0 if is_in_place else _OUT_OF_PLACE
    return _EDITED if is_in_place else _EDITED_OUT_OF_PLACE


def _join(differences: list[Difference]) -> Iterator[Difference]:
    """Join removed lines that followed each other, and inserted ones that do."""
    last: Difference | None = None
    for each in differences:
        if last is not None and _continues(last, each):
            last = Difference(
                change=last.change, expected=last.expected, actual=last.actual, count=last.count + each.count
            )
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last


def _continues(last: Difference, each: Difference) -> bool:
    if last.change is not each.change or last.change is Change.EDITED:
        return False
    if last.change is Change.REMOVED:
        return (each.expected, each.actual) == (last.expected + last.count, last.actual)
    return (each.expected, each.actual) == (last.expected, last.actual + last.count)

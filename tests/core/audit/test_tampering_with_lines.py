"""Lines edited, removed, inserted and swapped: each deed is found as what it is, in its file and line, and once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.core.audit.tampering import Copy, Line, chain_line, get_hash, list_problems, write_line
from tests.core.workshop import GENESIS

Deed = Callable[[Copy, int], tuple[str, int]]
"""Does something at a line; returns what it is and from which line on hashes and numbers do not fit any more."""


def edit(copy: Copy, index: int) -> tuple[str, int]:
    copy.edit(index, user_id="os:mallory")
    return "edited", index


def remove(copy: Copy, index: int) -> tuple[str, int]:
    del copy.lines[index]
    return "removed", index


def insert(copy: Copy, index: int) -> tuple[str, int]:
    file = copy.lines[index].file
    fields = {**json.loads(copy.lines[index].data), "user_id": "os:mallory", "seq": index + 1}
    data, _ = chain_line(write_line(fields), get_hash(copy.lines[index - 1].data) if index else GENESIS)
    copy.lines.insert(index, Line(file, data))
    return "inserted", index


def swap(copy: Copy, index: int, distance: int = 1) -> tuple[str, int]:
    one, other = copy.lines[index], copy.lines[index + distance]
    copy.lines[index] = one._replace(data=other.data)
    copy.lines[index + distance] = other._replace(data=one.data)
    return "reordered", index


def swap_far_apart(copy: Copy, index: int) -> tuple[str, int]:
    return swap(copy, index, 3_500)


DEEDS: dict[str, Deed] = {
    "edited": edit,
    "removed": remove,
    "inserted": insert,
    "swapped": swap,
    "swapped with one of the next day": swap_far_apart,
}
AFTERWARDS = ["as it is", "chained anew", "numbered anew", "chained and numbered anew"]


def _find_places(copy: Copy) -> dict[str, int]:
    heads = [json.loads(line)["count"] for line in (copy.audit / "heads.jsonl").read_bytes().splitlines()]
    second_day = next(index for index, line in enumerate(copy.lines) if "03-02" in line.file)
    border = next(count for count in heads if count > second_day + 300)
    return {
        "in the middle": second_day - 1_000,
        "the first line": 0,
        "the first line of the second day": second_day,
        "the last line of the first day": second_day - 1,
        "the last line before a head": border - 1,
        "the first line after a head": border,
    }


PLACES = [
    "in the middle",
    "the first line",
    "the first line of the second day",
    "the last line of the first day",
    "the last line before a head",
    "the first line after a head",
]


def _leave(copy: Copy, start: int, afterwards: str) -> None:
    if "chained" in afterwards:
        copy.rechain(start, renumber="numbered" in afterwards)
    elif "numbered" in afterwards:
        copy.renumber(start)
    copy.save()


@pytest.mark.parametrize("afterwards", AFTERWARDS)
@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_is_located_and_its_consequences_are_no_deeds(copy: Copy, deed: str, afterwards: str) -> None:
    index = _find_places(copy)["in the middle"]
    place = copy.locate(index)
    kind, start = DEEDS[deed](copy, index)
    _leave(copy, start, afterwards)
    verdict = copy.verify()
    assert list_problems(verdict) == [(kind, *place)]
    assert not verdict.ok
    assert verdict.problems[0].witness == "chain"


@pytest.mark.parametrize("place", PLACES[1:])
@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_is_located_at_every_kind_of_border(copy: Copy, deed: str, place: str) -> None:
    index = _find_places(copy)[place]
    where = copy.locate(index)
    kind, start = DEEDS[deed](copy, index)
    afterwards = AFTERWARDS[(PLACES.index(place) + list(DEEDS).index(deed)) % len(AFTERWARDS)]
    _leave(copy, start, afterwards)
    assert list_problems(copy.verify()) == [(kind, *where)], afterwards


def test_an_honest_log_of_three_days_is_ok(copy: Copy) -> None:
    verdict = copy.verify()
    assert (verdict.ok, verdict.problems, verdict.entries) == (True, (), len(copy.lines))
    assert len(copy.lines) > 10_000
    assert verdict.head is not None
    assert (verdict.head.count, verdict.head.last_hash) == (len(copy.lines), get_hash(copy.lines[-1].data))
    assert [str(witness) for witness in verdict.witnesses] == ["chain", "key", "store"]

"""Days, heads, keys and the whole directory tampered with: what it is, where, and who shows it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from loki_core.audit.heads import Head, digest_marks, dump_head_line, mark_lines, parse_head_line
from loki_core.audit.signing import make_key_pair, sign
from loki_core.audit.verify_request import WitnessPaths
from loki_core.audit.verifying.witnesses import parse_note
from tests.core.audit.tampering import Copy, get_hash, list_problems
from tests.core.workshop import Workshop

FIRST, SECOND, THIRD = (f"audit-2026-03-0{day}.jsonl" for day in (1, 2, 3))
NOBODY = WitnessPaths()


def read_heads(copy: Copy) -> list[Head]:
    found = map(parse_head_line, (copy.audit / "heads.jsonl").read_bytes().splitlines())
    return [head for head in found if head is not None]


def write_heads(copy: Copy, heads: Iterable[Head]) -> None:
    (copy.audit / "heads.jsonl").write_bytes(b"".join(dump_head_line(head) + b"\n" for head in heads))


def _count(copy: Copy, file: str) -> int:
    return sum(line.file == file for line in copy.lines)


# -- the end


def test_the_last_line_cut(copy: Copy) -> None:
    place = copy.locate(len(copy.lines) - 1)
    del copy.lines[-1]
    copy.save()
    assert list_problems(copy.verify(paths=NOBODY, has_store=False)) == [("truncated", *place)]


def test_the_last_500_cut_together_with_the_heads_that_covered_them(copy: Copy) -> None:
    kept = len(copy.lines) - 500
    heads = [head for head in read_heads(copy) if head.count <= kept]
    assert heads[-1].count < kept, "the cut is at no head"
    place = copy.locate(kept)
    del copy.lines[kept:]
    copy.save()
    write_heads(copy, heads)
    verdict = copy.verify()
    assert list_problems(verdict) == [("truncated", *place)]
    assert (verdict.problems[0].witness, verdict.problems[0].seq) == ("key", kept + 1)
    assert copy.verify(paths=NOBODY, has_store=False).ok, "nobody knows of more lines"


def test_the_newest_file_removed(copy: Copy) -> None:
    (copy.audit / THIRD).unlink()
    assert list_problems(copy.verify()) == [("day_missing", THIRD, 1), ("truncated", THIRD, 1)]


@pytest.mark.parametrize("half", ["covered", "beyond"])
def test_half_of_the_last_line(copy: Copy, half: str) -> None:
    file = copy.audit / THIRD
    content = file.read_bytes()
    lines = content.count(b"\n")
    file.write_bytes(content[:-40] if half == "covered" else content + copy.lines[-1].data[:200])
    verdict = copy.verify()
    expected = ("truncated", THIRD, lines) if half == "covered" else ("torn_line", THIRD, lines + 1)
    assert list_problems(verdict) == [expected]
    assert verdict.ok is (half == "beyond")


# -- days


@pytest.mark.parametrize("afterwards", ["as it is", "chained and numbered anew"])
def test_a_middle_day_removed(copy: Copy, afterwards: str) -> None:
    (copy.audit / SECOND).unlink()
    if afterwards != "as it is":
        start = _count(copy, FIRST)
        copy.lines = copy.load()
        copy.rechain(start, renumber=True)
        copy.save()
    assert list_problems(copy.verify()) == [("day_missing", SECOND, 1)]


def test_the_oldest_day_removed_without_pruning(copy: Copy) -> None:
    (copy.audit / FIRST).unlink()
    assert list_problems(copy.verify()) == [("day_missing", FIRST, 1)]


# -- heads and keys


def test_heads_replaced_by_older_ones(copy: Copy) -> None:
    heads = read_heads(copy)
    write_heads(copy, heads[: len(heads) // 2])
    expected = [("head_missing", "heads.jsonl", len(heads) // 2 + 1)]
    assert list_problems(copy.verify()) == expected
    assert list_problems(copy.verify(paths=NOBODY, has_store=False)) == expected


def test_the_newest_head_removed_is_shown_by_the_one_beside_the_key(copy: Copy) -> None:
    heads = read_heads(copy)
    write_heads(copy, heads[:-1])
    verdict = copy.verify()
    assert list_problems(verdict) == [("head_missing", "heads.jsonl", len(heads))]
    assert verdict.problems[0].witness == "key"


@pytest.mark.parametrize("way", ["removed", "garbled"])
def test_a_head_missing_from_the_middle(copy: Copy, way: str) -> None:
    lines = (copy.audit / "heads.jsonl").read_bytes().splitlines(keepends=True)
    lines[20:21] = [] if way == "removed" else [b"nothing to see here\n"]
    (copy.audit / "heads.jsonl").write_bytes(b"".join(lines))
    assert list_problems(copy.verify()) == [("head_missing", "heads.jsonl", 21)]


def test_a_head_that_nobody_signed(copy: Copy) -> None:
    heads = read_heads(copy)
    heads[20] = replace(heads[20], signature=sign(make_key_pair(bytes(32)).private_key, b"something"))
    write_heads(copy, heads)
    assert list_problems(copy.verify()) == [("forged", "heads.jsonl", 21)]


def test_all_heads_removed(copy: Copy) -> None:
    (copy.audit / "heads.jsonl").unlink()
    assert list_problems(copy.verify()) == [("head_missing", "heads.jsonl", 1)]
    (copy.audit / "keys.jsonl").unlink()
    verdict = copy.verify()
    assert list_problems(verdict) == [("head_missing", "heads.jsonl", 1)]
    assert verdict.problems[0].witness == "key"


@pytest.mark.parametrize("label", ["its own day", "yesterday's day"])
def test_a_thief_of_today_s_key_who_signs_yesterday_anew(copy: Copy, label: str) -> None:
    key = json.loads((copy.place / "keys/audit-key.json").read_bytes())
    index, before, heads = 2_000, 0, []
    copy.edit(index, user_id="os:mallory")
    copy.rechain(index)
    copy.save()
    for head in read_heads(copy):
        marks = mark_lines(line.data for line in copy.lines[before : head.count])
        before = head.count
        if head.count > index:
            head = replace(
                head,
                last_hash=get_hash(copy.lines[head.count - 1].data),
                marks=marks,
                marks_digest=digest_marks(marks),
                period=key["period"] if label == "its own day" else head.period,
            )
            head = replace(head, signature=sign(key["private_key"], head.get_signed_bytes()))
        heads.append(head)
    write_heads(copy, heads)
    first = next(head.count for head in heads if head.count > index)
    verdict = copy.verify(paths=NOBODY, has_store=False)
    assert list_problems(verdict) == [("wrong_period", *copy.locate(first - 1))]


def test_an_old_key_file_put_back(workshop: Workshop, tmp_path: Path) -> None:
    for day in range(2):
        with workshop.open() as loki:
            loki.tokens.generate(f"bot-{day}")
        if day == 0:
            shutil.copytree(workshop.dashboard / "keys", tmp_path / "old")
            workshop.clock.move(days=1)
    shutil.rmtree(workshop.dashboard / "keys")
    shutil.copytree(tmp_path / "old", workshop.dashboard / "keys")
    with workshop.open() as loki:
        loki.tokens.generate("later")
    with workshop.open() as loki:
        verdict = loki.audit.verify()
    assert list_problems(verdict) == [("wrong_period", SECOND, 2)]


# -- the whole directory, and who remembers


@pytest.mark.parametrize("witness", ["key", "store", "second_sink", "note"])
def test_the_whole_directory_rolled_back_is_shown_by_whoever_remembers(
    workshop: Workshop, tmp_path: Path, witness: str
) -> None:
    for day in range(2):
        with workshop.open() as loki:
            loki.tokens.generate(f"bot-{day}")
        with workshop.open() as loki:
            loki.tokens.generate(f"other-{day}")  # this write carries the head of the one before
            newest = loki.audit.newest_head
        if day == 0:
            shutil.copytree(workshop.dashboard / "audit", tmp_path / "old")
            workshop.clock.move(days=1)
    copy = Copy(workshop.dashboard, tmp_path / "copy")
    shutil.rmtree(copy.audit)
    shutil.copytree(tmp_path / "old", copy.audit)
    sink = tmp_path / "sink"
    sink.write_text(json.dumps(newest) + "\n")
    paths = WitnessPaths(
        keys=str(copy.place / "keys") if witness == "key" else "",
        second_sink=str(sink) if witness == "second_sink" else "",
    )
    noted = [parse_note(json.dumps(newest))] if witness == "note" else []
    verdict = copy.verify(*noted, paths=paths, has_store=witness == "store")
    assert list_problems(verdict) == [("rolled_back", FIRST, 3)]
    assert str(verdict.problems[0].witness) == witness
    assert copy.verify(paths=NOBODY, has_store=False).ok, "an older state is consistent in itself"


def test_a_log_written_anew_with_other_keys_is_shown_by_the_first_key(workshop: Workshop, tmp_path: Path) -> None:
    with workshop.open() as loki:
        loki.tokens.generate("ours")
        key = loki.audit.newest_head
    with workshop.open() as loki:
        noted = loki.audit.verify().first_key
    other = Workshop(tmp_path / "other")
    with other.open() as loki:
        loki.tokens.generate("theirs")
    verdict = Copy(other.dashboard, tmp_path / "copy").verify(parse_note(noted), paths=NOBODY, has_store=False)
    other.close()
    assert key is None or key["first_key"] == noted
    assert list_problems(verdict) == [("forged", "keys.jsonl", 1)]
    assert verdict.problems[0].witness == "note"


def test_several_deeds_at_once_are_each_found_in_the_order_of_the_log(copy: Copy) -> None:
    places = [copy.locate(index) for index in (500, 4_000, 8_000)]
    copy.edit(8_000, user_id="os:mallory")
    del copy.lines[4_000]
    copy.edit(500, user_id="os:mallory")
    copy.rechain(500, renumber=True)
    copy.save()
    kinds = ("edited", "removed", "edited")
    assert list_problems(copy.verify()) == [(kind, *place) for kind, place in zip(kinds, places, strict=True)]

"""Logs that Loki Mode began, or wrote to in between, and logs of our own from before there were heads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from loki_core.audit.verdict import Verdict
from tests.core.audit.tampering import Copy, Line, list_problems
from tests.core.audit.test_file_log import write_peer_lines
from tests.core.workshop import GENESIS, Workshop, check_chain


def _find_last_hash(workshop: Workshop) -> str:
    file = max((workshop.dashboard / "audit").glob("audit-*.jsonl"))
    return str(json.loads(file.read_bytes().splitlines()[-1])["_integrity_hash"])


def _write_ours(workshop: Workshop, count: int = 3) -> None:
    with workshop.open() as loki:
        for _ in range(count):
            loki.tokens.generate(f"bot-{workshop.clock.now.timestamp()}-{len(workshop.log())}")


def _write_theirs(workshop: Workshop, count: int = 3, *, previous: str | None = None) -> None:
    day = f"{workshop.clock.now:%Y-%m-%d}"
    write_peer_lines(workshop.dashboard / "audit", count, day=day, previous=previous or _find_last_hash(workshop))


def _begin_as_the_peer(workshop: Workshop, days: int = 2, count: int = 40) -> None:
    workshop.dashboard.mkdir(mode=0o700, parents=True)
    previous = GENESIS
    for day in range(days):
        previous = write_peer_lines(workshop.dashboard / "audit", count, day=f"2026-02-{20 + day}", previous=previous)


def _verify(workshop: Workshop) -> Verdict:
    with workshop.open() as loki:
        return loki.audit.verify()


def _list_kinds(verdict: Verdict) -> list[str]:
    return [str(problem.kind) for problem in verdict.problems]


def test_a_log_of_the_peer_alone_is_ok_and_has_no_head(workshop: Workshop) -> None:
    _begin_as_the_peer(workshop)
    verdict = _verify(workshop)
    assert (verdict.ok, verdict.problems, verdict.entries, verdict.head) == (True, (), 80, None)
    assert verdict.describe()["head"] is None


def test_a_log_begun_by_the_peer_continues_without_a_break_by_its_own_rule(workshop: Workshop) -> None:
    _begin_as_the_peer(workshop)
    _write_ours(workshop)
    verdict = _verify(workshop)
    assert (verdict.ok, verdict.problems) == (True, ())
    assert verdict.head is not None
    assert verdict.head.count == 83
    assert len(check_chain(workshop.dashboard / "audit")) == 83


def test_a_log_of_ours_passes_the_peer_s_rule_over_its_whole_length(copy: Copy) -> None:
    assert len(check_chain(copy.audit)) == len(copy.lines)


def test_what_the_peer_appends_is_told_and_no_tampering(workshop: Workshop) -> None:
    _write_ours(workshop)
    stale = _find_last_hash(workshop)
    _write_theirs(workshop, 2)
    assert _list_kinds(_verify(workshop)) == ["foreign_entry"] * 2
    _write_ours(workshop, 2)
    _write_theirs(workshop, 2, previous=stale)
    verdict = _verify(workshop)
    assert (verdict.ok, _list_kinds(verdict)) == (True, ["foreign_entry"] * 4)
    _write_ours(workshop, 1)
    _write_theirs(workshop, 1, previous="5" * 64)
    verdict = _verify(workshop)
    assert (verdict.ok, _list_kinds(verdict)) == (True, ["foreign_entry"] * 5)
    assert [(each.line, each.seq) for each in verdict.problems] == [(4, 4), (5, 5), (8, 8), (9, 9), (11, 11)]


def test_the_peer_may_be_the_first_on_a_new_day(workshop: Workshop) -> None:
    _write_ours(workshop)
    workshop.clock.move(days=1)
    _write_theirs(workshop, 3)
    assert _verify(workshop).ok
    _write_ours(workshop)
    workshop.clock.move(days=1)
    _write_theirs(workshop, 1)
    verdict = _verify(workshop)
    assert (verdict.ok, _list_kinds(verdict)) == (True, ["foreign_entry"] * 4)


def test_very_many_lines_of_the_peer_are_listed_up_to_a_thousand_and_then_counted(workshop: Workshop) -> None:
    _write_ours(workshop)
    _write_theirs(workshop, 1_234)
    verdict = _verify(workshop)
    assert verdict.ok
    assert len(verdict.problems) == 1_001
    assert verdict.problems[-1].message.startswith("234 more")
    assert verdict.entries == 1_237


@pytest.fixture
def mixed(workshop: Workshop, tmp_path: Path) -> Copy:
    """80 lines of the peer, 3 of ours, 3 of the peer (fresh), 3 of ours, 3 of the peer (stale), 3 of ours."""
    _begin_as_the_peer(workshop)
    _write_ours(workshop)
    stale = _find_last_hash(workshop)
    _write_theirs(workshop)
    _write_ours(workshop)
    _write_theirs(workshop, previous=stale)
    _write_ours(workshop)
    return Copy(workshop.dashboard, tmp_path / "copy")


def _list_errors(verdict: Verdict) -> list[tuple[str, str, int]]:
    kinds = {problem.kind for problem in verdict.problems if problem.severity == "error"}
    return [problem for problem in list_problems(verdict) if problem[0] in kinds]


@pytest.mark.parametrize("index", [0, 10, 40, 79, 83, 84, 85, 89, 90, 91])
def test_a_line_of_the_peer_is_guarded_like_ours_once_a_head_covers_it(mixed: Copy, index: int) -> None:
    place, line = mixed.locate(index), mixed.lines[index]
    mixed.lines[index] = line._replace(data=line.data.replace(b"alice", b"mallo"))
    mixed.save()
    assert _list_errors(mixed.verify()) == [("edited", *place)]
    del mixed.lines[index]
    mixed.save()
    assert _list_errors(mixed.verify()) == [("removed", *place)]


@pytest.mark.parametrize("index", [81, 84, 87, 90, 93])
@pytest.mark.parametrize("is_chained", [True, False])
def test_a_line_put_in_as_if_the_peer_had_written_it_is_found(mixed: Copy, index: int, is_chained: bool) -> None:
    model = mixed.lines[83]
    previous = json.loads(mixed.lines[index - 1].data)["_integrity_hash"] if is_chained else "7" * 64
    aside = mixed.place / "aside"
    write_peer_lines(aside, 1, day="2026-03-01", previous=previous)
    forged = (aside / "audit-2026-03-01.jsonl").read_bytes().rstrip().replace(b"token_created", b"token_deleted")
    shutil.rmtree(aside)
    mixed.lines.insert(index, Line(model.file, forged))
    mixed.save()
    assert _list_errors(mixed.verify()) == [("inserted", *mixed.locate(index))]


def _take_out_number(data: bytes) -> bytes:
    fields = json.loads(data)
    del fields["seq"]
    return json.dumps(fields).encode()


def _take_out_hash(data: bytes) -> bytes:
    return data[:-88] + b"}"


def _spread(data: bytes) -> bytes:
    return data.replace(b'": ', b'" : ')


def _sort_backwards(data: bytes) -> bytes:
    return json.dumps(dict(reversed(json.loads(data).items()))).encode()


DISGUISES: dict[str, Callable[[bytes], bytes]] = {
    "without its number": _take_out_number,
    "without its hash": _take_out_hash,
    "with other white space": _spread,
    "in another order": _sort_backwards,
    "with a carriage return": lambda data: data + b"\r",
    "with its number as text": lambda data: data.replace(b'"seq": 5', b'"seq": "5"'),
    "with a fraction": lambda data: data.replace(b'"seq": 5', b'"seq": 5.0'),
    "with its hash in upper case": lambda data: data[:-66] + data[-66:-2].upper() + b'"}',
    "with a member twice": lambda data: b'{"action": "x", ' + data[1:],
    "as an array": lambda data: b"[" + data + b"]",
    "as no JSON at all": lambda _: b"nothing to see here",
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_line_of_ours_in_another_form_is_changed(workshop: Workshop, tmp_path: Path, disguise: str) -> None:
    _write_ours(workshop, 9)
    copy = Copy(workshop.dashboard, tmp_path / "copy")
    copy.lines[4] = copy.lines[4]._replace(data=DISGUISES[disguise](copy.lines[4].data))
    copy.save()
    assert _list_errors(copy.verify()) == [("edited", *copy.locate(4))]
    shutil.rmtree(copy.place / "keys")
    for name in ("heads.jsonl", "keys.jsonl"):  # as if there had never been heads
        (copy.audit / name).unlink()
    assert _list_errors(copy.verify(has_store=False)) == [("edited", *copy.locate(4))]


# -- before there were heads


def _write_without_heads(workshop: Workshop, days: int = 2, count: int = 600) -> None:
    for _ in range(days):
        log = FileLog(str(workshop.dashboard / "audit"))
        entry = AuditEntry(timestamp=workshop.clock(), event=AuditEvent.TOKEN_USE, user_id="os:alice")
        log.record_all([entry] * count, durable=False)
        log.close()
        workshop.clock.move(days=1)


def test_a_log_of_ours_without_any_head_is_ok(workshop: Workshop) -> None:
    _write_without_heads(workshop)
    verdict = _verify(workshop)
    assert (verdict.ok, verdict.problems, verdict.entries, verdict.head) == (True, (), 1_200, None)


def test_the_first_head_covers_what_was_there_before(workshop: Workshop, tmp_path: Path) -> None:
    _write_without_heads(workshop, count=3_000)
    _write_ours(workshop)
    verdict = _verify(workshop)
    assert (verdict.ok, verdict.problems) == (True, ())
    assert verdict.head is not None
    assert verdict.head.count == 6_003
    for index, afterwards in ((10, False), (5_000, False), (5_000, True), (6_001, True)):
        copy = Copy(workshop.dashboard, tmp_path / f"{index}-{afterwards}")
        copy.edit(index, user_id="os:mallory")
        if afterwards:
            copy.rechain(index)
        copy.save()
        assert list_problems(copy.verify()) == [("edited", *copy.locate(index))]


def test_a_change_of_lines_too_old_for_marks_is_found_though_the_chain_was_computed_anew(
    workshop: Workshop, tmp_path: Path
) -> None:
    _write_without_heads(workshop, count=3_000)
    _write_ours(workshop)
    copy = Copy(workshop.dashboard, tmp_path / "copy")
    copy.edit(10, user_id="os:mallory")
    copy.rechain(10)
    copy.save()
    verdict = copy.verify()
    assert list_problems(verdict) == [("edited", *copy.locate(0))]
    assert "one of the lines from here to" in verdict.problems[0].message

"""Many writers of one audit log, killed and not, and a peer that appends without the lock: no entry is lost."""

from __future__ import annotations

import functools
import hashlib
import json
import random
import select
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from tests.core.faults.family import Child, Line, hear_from, run_alone
from tests.core.faults.injection import watch_child
from tests.core.workshop import GENESIS, NOON


def _make_entry(who: int, number: int) -> AuditEntry:
    details = {"who": who, "number": number, "filler": "x" * random.randrange(100)}
    return AuditEntry(timestamp=NOON, event=AuditEvent.TOKEN_CREATE, user_id="os:alice", details=details)


def _read(place: str) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Yield for each line: the hash of the line before as it stands there, whether it chains on from it, its fields."""
    before = GENESIS
    for file in sorted(Path(place).glob("audit-*.jsonl")):
        content = file.read_bytes()
        assert content.endswith(b"\n"), f"{file.name} ends in half a line"
        for line in content.splitlines():
            fields = json.loads(line)
            claimed = fields.pop("_integrity_hash")
            digest = hashlib.sha256((before + json.dumps(fields, sort_keys=True)).encode()).hexdigest()
            yield before, digest == claimed, fields
            before = claimed


def _append(log: FileLog, who: int, times: int, line: Line) -> None:
    line.say("ready")
    line.hear()
    for number in range(0, times, 5):
        if number % 50 == 0:
            log.record(_make_entry(who, number))
            log.record_all([_make_entry(who, number + each) for each in range(1, 5)])
        else:
            for each in range(5):
                log.record(_make_entry(who, number + each), durable=False)
    log.close()
    line.say("done")


def append_together(place: str, processes: int, times: int, max_file_size: float) -> dict[str, Any]:
    """Let processes append through one log that was opened and used before they were forked."""
    log = FileLog(place, max_file_size=max_file_size)
    log.record(_make_entry(-1, 0))
    children = [Child(functools.partial(_append, log, who, times)) for who in range(processes)]
    for child in children:
        child.hear()
    for child in children:
        child.say("go")
    for child in children:
        with child:
            assert child.hear() == ["done"]
    log.record(_make_entry(-1, 1))
    broken = 0
    numbers: list[int] = []
    orders: dict[int, list[int]] = {}
    for _, chains_on, fields in _read(place):
        broken += not chains_on
        numbers.append(fields["seq"])
        orders.setdefault(fields["details"]["who"], []).append(fields["details"]["number"])
    return {
        "broken": broken,
        "lines": len(numbers),
        "in order": numbers == list(range(1, len(numbers) + 1)),
        "each in its order": all(orders[who] == list(range(times)) for who in range(processes)),
        "files": len(list(Path(place).glob("audit-*.jsonl"))),
    }


@pytest.mark.parametrize("max_file_size", [10, 0.05], ids=["one file", "many files"])
def test_8_processes_append_500_entries_each_and_none_is_lost_or_out_of_order(
    max_file_size: float, tmp_path: Path, child_environ: dict[str, str]
) -> None:
    place = str(tmp_path / "audit")
    figures = run_alone(append_together, place, 8, 500, max_file_size, environ=child_environ)
    assert figures.pop("files") == 1 if max_file_size == 10 else figures.pop("files") > 10
    assert figures == {"broken": 0, "lines": 4_002, "in order": True, "each in its order": True}


@pytest.mark.nightly
def test_32_processes_append_2000_entries_each_and_none_is_lost_or_out_of_order(
    tmp_path: Path, child_environ: dict[str, str]
) -> None:
    figures = run_alone(append_together, str(tmp_path / "audit"), 32, 2_000, 1, environ=child_environ)
    print(figures)
    assert figures.pop("files") > 10
    assert figures == {"broken": 0, "lines": 64_002, "in order": True, "each in its order": True}


def _append_as_the_peer(place: str, line: Line) -> None:
    """Append without any lock, each line chained to the last line that is seen, which may be stale by then."""
    said = 0
    while not select.select([line.reading], [], [], 0)[0]:
        file = max(Path(place).glob("audit-*.jsonl"))
        last = file.read_bytes().splitlines()[-1:]
        try:
            previous = json.loads(last[0])["_integrity_hash"] if last else GENESIS
        except ValueError:
            continue  # half of it was written so far
        fields = {"timestamp": NOON.isoformat(), "action": "peer", "details": {"number": said}}
        digest = hashlib.sha256((previous + json.dumps(fields, sort_keys=True)).encode()).hexdigest()
        with file.open("a") as stream:
            stream.write(json.dumps({**fields, "_integrity_hash": digest}) + "\n")
        said += 1
        time.sleep(0.0005)
    line.say(said)


def append_beside_the_peer(place: str, processes: int, times: int) -> dict[str, Any]:
    """Let processes append while the peer does too, without the lock."""
    log = FileLog(place)
    log.record(_make_entry(-1, 0))
    with Child(functools.partial(_append_as_the_peer, place)) as peer:
        children = [Child(functools.partial(_append, log, who, times)) for who in range(processes)]
        for child in children:
            child.hear()
            child.say("go")
        for child in children:
            with child:
                assert child.hear() == ["done"]
        peer.say("end")
        (said,) = peer.hear() or [0]
    log.record(_make_entry(-1, 1))
    ours, wrong, foreign = 0, [], 0
    for number, (_, chains_on, fields) in enumerate(_read(place), 1):
        if "seq" not in fields:
            foreign += 1
        elif not chains_on or fields["seq"] != number:
            wrong.append(number)
        else:
            ours += 1
    return {"ours": ours, "wrong": wrong[:5], "lost of the peer's": said - foreign, "peer": said}


def test_lines_that_the_peer_appends_without_the_lock_in_between_break_neither_our_chain_nor_our_numbers(
    tmp_path: Path, child_environ: dict[str, str]
) -> None:
    figures = run_alone(append_beside_the_peer, str(tmp_path / "audit"), 4, 500, environ=child_environ)
    print(figures)
    assert figures.pop("peer") > 10
    assert figures == {"ours": 2_002, "wrong": [], "lost of the peer's": 0}


def _append_for_ever(place: str, who: int, line: Line) -> None:
    log = FileLog(place)
    number = 0
    while True:
        if number % 3 == 0:
            log.record_all([_make_entry(who, number + each) for each in range(3)])
            acknowledged = range(number, number + 3)
        else:
            log.record(_make_entry(who, number))
            acknowledged = range(number, number + 1)
        for each in acknowledged:
            line.say(who, each)
        number = acknowledged.stop


def kill_writers(place: str, kills: int, seed: int) -> dict[str, Any]:
    """Kill a writer, again and again, some of them two at a time, and let the next one find the log as it is."""
    rng = random.Random(seed)
    acknowledged: set[tuple[int, int]] = set()
    for who in range(0, kills, 2):
        writers = [Child(functools.partial(_append_for_ever, place, who + each)) for each in range(2)]
        left = rng.randrange(1, 12)
        for _, words in hear_from(writers):
            acknowledged.add((words[0], words[1]))
            left -= 1
            if left == 0:
                for each in writers:
                    each.kill()
        for writer in writers:
            with writer:
                assert writer.wait() == -9
    FileLog(place).record(_make_entry(-1, 0))
    broken = 0
    numbers: list[int] = []
    found: set[tuple[int, int]] = set()
    batches: dict[int, list[int]] = {}
    for _, chains_on, fields in _read(place):
        broken += not chains_on
        numbers.append(fields["seq"])
        if "who" in fields["details"]:
            who, number = fields["details"]["who"], fields["details"]["number"]
            found.add((who, number))
            batches.setdefault(who, []).append(number)
    return {
        "acknowledged": len(acknowledged),
        "lost": len(acknowledged - found),
        "broken": broken,
        "in order": numbers == list(range(1, len(numbers) + 1)),
        "with gaps": sum(each != list(range(len(each))) for each in batches.values()),
    }


def _check_kills(figures: dict[str, Any]) -> None:
    print(figures)
    assert figures.pop("acknowledged") > 100
    assert figures == {"lost": 0, "broken": 0, "in order": True, "with gaps": 0}


def test_what_was_acknowledged_survives_100_kills_in_the_middle_of_appending(
    tmp_path: Path, child_environ: dict[str, str]
) -> None:
    _check_kills(run_alone(kill_writers, str(tmp_path / "audit"), 100, 1, environ=child_environ))


@pytest.mark.nightly
def test_what_was_acknowledged_survives_2000_kills_in_the_middle_of_appending(
    tmp_path: Path, child_environ: dict[str, str]
) -> None:
    _check_kills(run_alone(kill_writers, str(tmp_path / "audit"), 2_000, 2, environ=child_environ))


def cut_anywhere(place: str) -> list[str]:
    """Cut the log at each byte of its last line, as a kill or a power failure may, and append."""
    whole, copy = Path(place), Path(place + "-cut")
    FileLog(place).record_all([_make_entry(0, number) for number in range(3)])
    (file,) = whole.glob("audit-*.jsonl")
    content = file.read_bytes()
    begin = content.rstrip(b"\n").rfind(b"\n") + 1
    wrong = []
    for size in range(begin, len(content)):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(whole, copy)
        (copy / file.name).write_bytes(content[:size])
        FileLog(str(copy)).record(_make_entry(1, 0))
        lines = list(_read(str(copy)))
        expected = 3 if size == begin else 4  # a line, said to be dropped or kept without its end, and the new one
        if not all(chains_on for _, chains_on, _ in lines) or len(lines) != expected:
            wrong.append(f"cut at {size}: {len(lines)} lines")
        if [fields["seq"] for _, _, fields in lines] != list(range(1, len(lines) + 1)):
            wrong.append(f"cut at {size}: the numbers")
    return wrong


def test_a_last_line_cut_at_any_byte_is_mended(tmp_path: Path, child_environ: dict[str, str]) -> None:
    assert run_alone(cut_anywhere, str(tmp_path / "audit"), environ=child_environ) == []


def lock_as_on_nfs(place: str) -> list[str]:
    """Append where a lock is refused to a file that is open for reading alone (flock(2), about NFS)."""

    def append(line: Line) -> None:
        log = FileLog(place)
        for number in range(3):
            log.record(_make_entry(0, number))
        log.close()

    _, status, trace = watch_child(append, "flock:error=EBADF:when=1")
    assert status == 0, trace
    return [f"{fields['seq']} {chains_on}" for _, chains_on, fields in _read(place)]


def test_a_lock_that_only_a_file_open_for_writing_can_have_is_taken_so(
    tmp_path: Path, child_environ: dict[str, str]
) -> None:
    figures = run_alone(lock_as_on_nfs, str(tmp_path / "audit"), environ=child_environ)
    assert figures == ["1 True", "2 True", "3 True"]

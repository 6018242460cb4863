"""Old days go, in an order that leaves no doubt, and what remains still proves itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from loki_core.audit.file_log import FileLog
from loki_core.audit.retention import Pruning, Retention
from loki_core.audit.seal_schedule import SealSchedule
from loki_core.audit.sealer import Sealer
from loki_core.disk.directory import PrivateDirectory
from tests.core.audit.seals import day, make_entry, read_lines
from tests.core.audit.test_file_log import write_peer_lines
from tests.core.workshop import HandClock

DAYS = 3


class KeptLog:
    """A log that keeps three days; each `write` is a new process, as far as memory goes."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self.audit, self.keys = home / "audit", home / "keys"
        self.clock = HandClock()

    def write(self, number: int, count: int = 2) -> None:
        """Write entries on a day, and sign them."""
        self.clock.now = day(number)
        sealer = Sealer(str(self.keys))
        schedule = SealSchedule(sealer, self.clock, user_id="os:alice", retention=Retention(DAYS, sealer))
        log = FileLog(str(self.audit), clock=self.clock, sealing=schedule)
        for _ in range(count):
            log.record(make_entry(self.clock()))
        log.close()

    def days(self) -> list[int]:
        """Return the days of the files."""
        return [int(file.name[14:16]) for file in sorted(self.audit.glob("audit-*.jsonl"))]

    def entries(self) -> list[dict[str, Any]]:
        files = sorted(self.audit.glob("audit-*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]

    def pruned(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.audit / "pruned.json").read_bytes())
        return found


@pytest.fixture
def log(tmp_path: Path) -> KeptLog:
    return KeptLog(tmp_path / "dashboard")


def test_days_older_than_they_are_to_be_kept_go_when_a_day_begins(log: KeptLog) -> None:
    for number in range(1, 7):
        log.write(number)
    assert log.days() == [3, 4, 5, 6]
    entries = log.entries()
    assert [entry["seq"] for entry in entries] == list(range(5, 15))
    prunes = [entry for entry in entries if entry["event"] == "audit.prune"]
    assert [(each["seq"], each["user_id"]) for each in prunes] == [(9, "os:alice"), (12, "os:alice")]
    assert [each["details"] for each in prunes] == [
        {"up_to": 2, "files": 1, "days": 1},
        {"up_to": 4, "files": 1, "days": 1},
    ]


def test_what_is_left_chains_on_from_what_pruned_json_says_signed_by_the_key_of_that_day(log: KeptLog) -> None:
    for number in range(1, 6):
        log.write(number)
    last = read_lines(log.audit / "audit-2026-03-01.jsonl")
    assert last == []
    log.write(6)
    pruned = log.pruned()
    signature = pruned.pop("signature")
    (key,) = [each for each in read_lines(log.audit / "keys.jsonl") if each["period"] == pruned["period"]]
    message = "loki audit pruned v1\n" + json.dumps(pruned, sort_keys=True)
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["public_key"])).verify(
        bytes.fromhex(signature), message.encode()
    )
    assert (pruned["count"], pruned["period"]) == (4, "2026-03-06")
    _check_first_head(log)
    assert [each["number"] for each in read_lines(log.audit / "keys.jsonl")] == [1, 2, 3, 4, 5, 6]


def test_the_hash_that_pruned_json_names_is_that_of_the_last_line_that_went(log: KeptLog) -> None:
    log.write(1)
    last = log.entries()[-1]["_integrity_hash"]
    log.write(9)
    assert (log.pruned()["last_hash"], log.pruned()["count"]) == (last, 2)


def test_everything_goes_that_is_old_also_after_a_long_pause(log: KeptLog) -> None:
    for number in (1, 2, 3):
        log.write(number)
    log.write(25)
    assert log.days() == [25]
    assert log.entries()[0]["details"] == {"up_to": 6, "files": 3, "days": 3}


def test_old_files_of_the_peer_go_too_and_are_counted(log: KeptLog) -> None:
    last = write_peer_lines(log.audit, 7, day="2026-02-20")
    write_peer_lines(log.audit, 5, day="2026-02-27", previous=last)
    log.write(1)
    assert [file.name[6:16] for file in sorted(log.audit.glob("audit-*"))] == ["2026-02-27", "2026-03-01"]
    assert log.entries()[5]["details"] == {"up_to": 7, "files": 1, "days": 1}
    assert (log.pruned()["count"], log.pruned()["last_hash"]) == (7, last)


def test_all_pieces_of_an_old_day_go_together(log: KeptLog) -> None:
    log.write(1)
    (log.audit / "audit-2026-03-01.jsonl").rename(log.audit / "audit-2026-03-01.120000.jsonl")
    log.write(1)
    log.write(5)
    assert log.days() == [5]
    assert log.entries()[0]["details"] == {"up_to": 4, "files": 2, "days": 1}


def test_a_log_without_old_days_is_left_alone(log: KeptLog) -> None:
    for number in range(1, 5):
        log.write(number)
    assert log.days() == [1, 2, 3, 4]
    assert not (log.audit / "pruned.json").exists()


def test_the_times_of_the_files_that_stay_are_kept(log: KeptLog) -> None:
    """The peer orders the files by them."""
    for number in range(1, 5):
        log.write(number)
    for number in range(1, 5):
        os.utime(log.audit / f"audit-2026-03-0{number}.jsonl", (number * 1000, number * 1000))
    log.write(5)
    assert [int((log.audit / f"audit-2026-03-0{number}.jsonl").stat().st_mtime) for number in (2, 3, 4)] == [
        2000,
        3000,
        4000,
    ]


def _check_first_head(log: KeptLog) -> None:
    pruned, head = log.pruned(), read_lines(log.audit / "heads.jsonl")[0]
    assert head["number"] == pruned["heads_up_to"] + 1
    assert head["count"] > pruned["count"]
    marked = len(head["marks"]) // 8
    assert head["count"] - marked == pruned["count"], "the marks begin right behind what is gone"


STEPS = {
    "after the entry": ("pruned.json", "heads.jsonl", "audit-2026-03-01.jsonl"),
    "after pruned.json": ("heads.jsonl", "audit-2026-03-01.jsonl"),
    "after the heads": ("audit-2026-03-01.jsonl",),
}


@pytest.mark.parametrize("step", STEPS)
def test_what_a_crash_left_undone_is_done_at_the_next_change_of_day(log: KeptLog, step: str) -> None:
    for number in range(1, 5):
        log.write(number)
    before = {file.name: file.read_bytes() for file in log.audit.iterdir() if file.is_file()}
    log.write(5, 1)
    after = log.pruned()
    newer = (log.audit / "heads.jsonl").read_bytes()
    old_heads = before["heads.jsonl"].splitlines(keepends=True)
    before["heads.jsonl"] = b"".join(line for line in old_heads if line not in newer) + newer
    for name in STEPS[step]:
        if name in before:
            (log.audit / name).write_bytes(before[name])
            (log.audit / name).chmod(0o600)
        else:
            (log.audit / name).unlink()
    log.write(6)
    assert log.days() == [3, 4, 5, 6]
    assert log.pruned()["count"] == 4 > after["count"]
    assert [entry["details"]["up_to"] for entry in log.entries() if entry["event"] == "audit.prune"] == [2, 4]
    _check_first_head(log)


def test_what_was_pruned_already_is_not_signed_anew(log: KeptLog) -> None:
    for number in (1, 2):
        log.write(number)
    old = (log.audit / "audit-2026-03-01.jsonl").read_bytes()
    last_hash = json.loads(old.splitlines()[-1])["_integrity_hash"]
    log.write(5)
    pruned = (log.audit / "pruned.json").read_bytes()
    (log.audit / "audit-2026-03-01.jsonl").write_bytes(old)
    (log.audit / "audit-2026-03-01.jsonl").chmod(0o600)
    sealer = Sealer(str(log.keys))
    with PrivateDirectory.open(str(log.audit)) as directory:
        pruning = Pruning(files=("audit-2026-03-01.jsonl",), count=2, last_hash=last_hash)
        Retention(DAYS, sealer).prune(directory, pruning, "audit-2026-03-05.jsonl", day(6))
    assert (log.audit / "pruned.json").read_bytes() == pruned
    assert log.days() == [2, 5]


def test_while_the_keys_cannot_be_used_nothing_goes_and_writing_goes_on(log: KeptLog) -> None:
    log.write(1)
    log.keys.rename(log.keys.parent / "aside")
    log.keys.write_text("")
    log.write(9)
    assert log.days() == [1, 9]
    assert [entry["event"] for entry in log.entries()] == ["auth.token.create"] * 4
    log.keys.unlink()
    (log.keys.parent / "aside").rename(log.keys)
    log.write(10)
    assert log.days() == [9, 10]

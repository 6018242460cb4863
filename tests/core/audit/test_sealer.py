"""Heads and period keys: what is signed by which key, and what happens to keys that are over, lost or put back."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from loki_core.audit.file_log import FileLog
from loki_core.audit.sealer import Sealer
from loki_core.disk.directory import PrivateDirectory
from loki_core.errors import StorageError
from tests.core.audit.seals import check_seals, day, find_bytes, make_entry, read_lines, read_log
from tests.core.audit.test_file_log import write_peer_lines
from tests.core.workshop import NOON


class SignedLog:
    """A log whose lines are written and signed by hand; each call is a new process, as far as memory goes."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.audit = home / "audit"
        self.keys = home / "keys"
        self.key_file = self.keys / "audit-key.json"
        self.seeds = 0
        self.home.mkdir(mode=0o700, exist_ok=True)

    def make_sealer(self) -> Sealer:
        return Sealer(str(self.keys), mint_seed=self._mint_seed)

    def _mint_seed(self) -> bytes:
        self.seeds += 1
        return self.seeds.to_bytes(1) * 32

    def write(self, number: int, count: int = 1) -> None:
        """Write entries on a day."""
        log = FileLog(str(self.audit))
        for each in range(count):
            log.record(make_entry(day(number), number=each))

    def seal(self, number: int, sealer: Sealer | None = None) -> Sealer:
        """Sign what is not signed, on a day."""
        sealer = sealer or self.make_sealer()
        with PrivateDirectory.open(str(self.audit), create=True) as directory:
            sealer.seal(directory, day(number))
        return sealer

    def begin(self, number: int, sealer: Sealer | None = None) -> Sealer:
        """Begin a day before its first line."""
        sealer = sealer or self.make_sealer()
        with PrivateDirectory.open(str(self.audit), create=True) as directory:
            sealer.begin_period(directory, f"{day(number):%Y-%m-%d}", day(number))
        return sealer

    def key(self) -> dict[str, Any]:
        """Return what the key file says."""
        found: dict[str, Any] = json.loads(self.key_file.read_bytes())
        return found

    def private_key(self) -> bytes:
        """Return the current private key in hex."""
        return str(self.key()["private_key"]).encode()


@pytest.fixture
def log(tmp_path: Path) -> SignedLog:
    return SignedLog(tmp_path / "dashboard")


def _counts(log: SignedLog) -> list[tuple[int, str]]:
    return [(head["count"], head["period"][-2:]) for head in check_seals(log.audit)]


def test_an_empty_log_has_no_head_and_no_key(log: SignedLog) -> None:
    log.seal(1)
    assert os.listdir(log.audit) == []
    assert not log.keys.exists()


def test_every_line_is_signed_once_and_signing_again_adds_nothing(log: SignedLog) -> None:
    log.write(1, 3)
    sealer = log.seal(1)
    before = {file: file.read_bytes() for file in (*log.audit.iterdir(), *log.keys.iterdir())}
    log.seal(1, sealer)
    log.seal(1)
    assert {file: file.read_bytes() for file in (*log.audit.iterdir(), *log.keys.iterdir())} == before
    log.write(1, 2)
    log.seal(1)
    assert _counts(log) == [(3, "01"), (5, "01")]


def test_the_key_file_also_names_the_newest_head_without_marks(log: SignedLog) -> None:
    for _ in range(2):
        log.write(1, 2)
        log.seal(1)
        head = check_seals(log.audit)[-1]
        assert log.key()["head"] == {name: value for name, value in head.items() if name != "marks"}


def test_a_day_is_closed_by_its_own_key_and_certifies_the_key_of_the_next(log: SignedLog) -> None:
    for number in (1, 2, 4):
        log.begin(number)
        log.write(number, 2)
        log.seal(number)
        log.write(number)
    log.seal(4)
    assert _counts(log) == [(2, "01"), (3, "01"), (5, "02"), (6, "02"), (8, "04"), (9, "04")]
    assert [each["period"][-2:] for each in read_lines(log.audit / "keys.jsonl")] == ["01", "02", "04"]


def test_only_who_makes_the_first_key_of_a_log_says_so(log: SignedLog) -> None:
    log.write(1)
    sealer = log.seal(1)
    assert sealer.first_key_made == read_lines(log.audit / "keys.jsonl")[0]["public_key"]
    assert (log.begin(2).first_key_made, log.seal(2).first_key_made) == ("", "")
    assert not sealer.key_was_lost


def test_a_stolen_key_of_today_cannot_sign_yesterday(log: SignedLog) -> None:
    old = []
    for number in (1, 2, 3):
        log.begin(number)
        log.write(number)
        log.seal(number)
        os.link(log.key_file, log.home.parent / f"the inode of day {number}")
        old.append(log.private_key())
    assert find_bytes(log.home.parent, old[2]) == ["the inode of day 3", "dashboard/keys/audit-key.json"]
    for key in old[:2]:
        assert find_bytes(log.home.parent, key) == []
        assert find_bytes(log.home.parent, bytes.fromhex(key.decode())) == []


def test_days_that_passed_while_the_keys_could_not_be_used_are_each_signed_by_a_key_of_their_own(
    log: SignedLog,
) -> None:
    log.write(1)
    log.seal(1)
    for number in (1, 2, 3, 5):
        log.write(number, 2)
    log.seal(5)
    assert _counts(log) == [(1, "01"), (3, "01"), (5, "02"), (7, "03"), (9, "05")]
    assert [each["period"][-2:] for each in read_lines(log.audit / "keys.jsonl")] == ["01", "02", "03", "05"]


def test_the_first_head_signs_a_log_as_it_is_found(log: SignedLog) -> None:
    last = write_peer_lines(log.audit, 50, day="2026-02-27")
    write_peer_lines(log.audit, 4500, day="2026-02-28", previous=last)
    log.begin(1)
    log.write(1)
    log.seal(1)
    assert _counts(log) == [(4550, "28"), (4551, "01")]
    assert len(check_seals(log.audit)[0]["marks"]) == 4096 * 8


def test_lines_of_the_peer_are_signed_like_ours_and_what_is_no_line_is_not_counted(log: SignedLog) -> None:
    log.write(1)
    log.seal(1)
    file = log.audit / "audit-2026-03-01.jsonl"
    last = json.loads(file.read_bytes())["_integrity_hash"]
    write_peer_lines(log.audit, 2, day="2026-03-01", previous=last)
    log.write(1)
    log.seal(1)
    assert _counts(log) == [(1, "01"), (4, "01")]


def test_an_empty_file_of_a_new_day_is_no_line_of_that_day(log: SignedLog) -> None:
    log.write(1)
    (log.audit / "audit-2026-03-02.jsonl").touch(mode=0o600)
    log.seal(2)
    assert _counts(log) == [(1, "01")]
    log.begin(2)
    log.write(2)
    log.seal(2)
    assert _counts(log) == [(1, "01"), (2, "02")]


def test_the_clock_set_back_over_days_signs_with_the_key_of_the_newest_file(log: SignedLog) -> None:
    log.write(9)
    log.seal(9)
    log.begin(3)
    log.write(3)
    log.seal(3)
    assert _counts(log) == [(1, "09"), (2, "09")]


def test_a_key_of_the_day_ahead_of_every_line_waits_for_its_day(log: SignedLog) -> None:
    log.write(1)
    log.begin(2)
    log.seal(2)
    log.begin(2)
    assert _counts(log) == [(1, "01")]
    log.write(2)
    log.seal(2)
    assert _counts(log) == [(1, "01"), (2, "02")]


@pytest.mark.parametrize("loss", ["gone", "the directory gone", "emptied", "torn", "zeros", "another private key"])
def test_a_lost_key_begins_a_new_chain_which_is_said_and_nothing_stops(log: SignedLog, loss: str) -> None:
    log.write(1)
    log.seal(1)
    content = log.key_file.read_bytes()
    if loss == "gone":
        log.key_file.unlink()
    elif loss == "the directory gone":
        shutil.rmtree(log.keys)
    else:
        spoilt = {
            "emptied": b"",
            "torn": content[:100],
            "zeros": bytes(1024),
            "another private key": content.replace(log.private_key(), b"ab" * 32),
        }
        log.key_file.write_bytes(spoilt[loss])
    log.write(1)
    sealer = log.seal(1)
    assert (sealer.key_was_lost, sealer.first_key_made) == (True, "")
    one, two = read_lines(log.audit / "keys.jsonl")
    assert (one["number"], two["number"], two["period"]) == (1, 2, "2026-03-01")
    heads = read_lines(log.audit / "heads.jsonl")
    assert [(head["number"], head["count"]) for head in heads] == [(1, 1), (2, 2)]
    assert not log.seal(1).key_was_lost


def test_a_key_file_of_an_earlier_day_that_was_put_back_signs_as_what_it_is_and_certifies_nothing(
    log: SignedLog, tmp_path: Path
) -> None:
    log.write(1)
    log.seal(1)
    shutil.copy(log.key_file, tmp_path / "backup")
    log.begin(2)
    log.write(2)
    log.seal(2)
    shutil.copy(tmp_path / "backup", log.key_file)
    log.write(2)
    sealer = log.seal(2)
    heads = read_lines(log.audit / "heads.jsonl")
    assert [(head["count"], head["period"][-2:]) for head in heads] == [(1, "01"), (2, "02"), (3, "01")]
    assert not sealer.key_was_lost
    assert log.begin(3).key_was_lost
    assert [each["period"][-2:] for each in read_lines(log.audit / "keys.jsonl")] == ["01", "02", "03"]
    log.write(3)
    log.seal(3)
    assert read_lines(log.audit / "heads.jsonl")[-1]["period"] == "2026-03-03"


def test_heads_number_on_after_heads_jsonl_was_deleted_or_set_back(log: SignedLog, tmp_path: Path) -> None:
    file = log.audit / "heads.jsonl"
    sealer = log.make_sealer()
    for _ in range(3):
        log.write(1)
        log.seal(1, sealer)
    first = file.read_bytes().splitlines(keepends=True)[0]
    file.unlink()
    log.write(1)
    log.seal(1, sealer)
    assert [(head["number"], len(head["marks"]) // 8) for head in read_lines(file)] == [(4, 1)]
    file.write_bytes(first)
    log.write(1, 2)
    log.seal(1, sealer)
    assert [(head["number"], head["count"]) for head in read_lines(file)] == [(1, 1), (5, 6)]


def test_a_log_that_was_cut_is_signed_again_from_where_it_ends(log: SignedLog) -> None:
    log.write(1, 5)
    log.seal(1)
    file = log.audit / "audit-2026-03-01.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:3]))
    log.write(1)
    log.seal(1)
    heads = read_lines(log.audit / "heads.jsonl")
    assert [(head["number"], head["count"]) for head in heads] == [(1, 5), (2, 4)]
    log.seal(1)
    assert len(read_lines(log.audit / "heads.jsonl")) == 2


TORN = {"half a head": lambda line: line[: len(line) // 2], "one byte": lambda line: line[:1]}


@pytest.mark.parametrize("torn", TORN)
@pytest.mark.parametrize("name", ["heads.jsonl", "keys.jsonl"])
def test_a_last_line_torn_by_a_crash_is_dropped(log: SignedLog, name: str, torn: str) -> None:
    log.write(1)
    log.seal(1)
    file = log.audit / name
    file.write_bytes(file.read_bytes() + TORN[torn](file.read_bytes()))
    for sealer in (log.make_sealer(), log.make_sealer()):
        log.write(1)
        log.seal(1, sealer)
    log.begin(2)
    log.write(2)
    log.seal(2)
    assert _counts(log) == [(1, "01"), (2, "01"), (3, "01"), (4, "02")]


def test_a_whole_last_head_without_its_line_end_is_kept(log: SignedLog) -> None:
    log.write(1)
    log.seal(1)
    file = log.audit / "heads.jsonl"
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    log.write(1)
    log.seal(1)
    assert _counts(log) == [(1, "01"), (2, "01")]


def test_junk_among_the_heads_does_not_stop_them(log: SignedLog) -> None:
    log.write(1)
    log.seal(1)
    with open(log.audit / "heads.jsonl", "ab") as file:
        file.write(b"\xff\n[]\n{}\n\n" + b"[" * 100_000 + b"\n")
    log.write(1)
    log.seal(1)
    newest = json.loads((log.audit / "heads.jsonl").read_bytes().splitlines()[-1])
    assert (newest["number"], newest["count"]) == (2, 2)


def test_lines_in_the_pieces_of_a_day_are_signed_in_their_order(log: SignedLog) -> None:
    log.write(1, 3)
    log.seal(1)
    log.write(1, 2)
    (log.audit / "audit-2026-03-01.jsonl").rename(log.audit / "audit-2026-03-01.120000.jsonl")
    log.write(1, 2)
    log.seal(1)
    assert _counts(log) == [(3, "01"), (7, "01")]


def test_two_processes_that_begin_the_same_day_make_one_key(log: SignedLog) -> None:
    log.write(1)
    one, two = log.seal(1), log.make_sealer()
    log.begin(2, one)
    log.begin(2, two)
    log.begin(2, one)
    log.write(2)
    log.seal(2, two)
    log.write(2)
    log.seal(2, one)
    assert _counts(log) == [(1, "01"), (2, "02"), (3, "02")]


def _plant_link(log: SignedLog) -> None:
    (log.home.parent / "elsewhere").mkdir(mode=0o700)
    log.keys.symlink_to(log.home.parent / "elsewhere")


@pytest.mark.parametrize("plant", [_plant_link, lambda log: log.keys.write_text("")], ids=["a link", "a file"])
def test_what_stands_in_for_the_directory_of_the_keys_is_refused_by_name_and_signed_once_it_is_gone(
    log: SignedLog, plant: Any
) -> None:
    log.write(1)
    plant(log)
    with pytest.raises(StorageError) as caught:
        log.seal(1)
    assert str(log.keys) in caught.value.message
    assert not (log.audit / "heads.jsonl").exists()
    log.keys.unlink()
    log.write(2)
    log.seal(2)
    assert _counts(log) == [(2, "02")]


def test_the_newest_head_is_found_beside_the_log_or_beside_the_key(log: SignedLog) -> None:
    def find() -> int | None:
        with PrivateDirectory.open(str(log.audit)) as directory:
            head = log.make_sealer().find_newest(directory)
        return None if head is None else head.number

    log.write(1)
    assert find() is None
    log.seal(1)
    assert find() == 1
    (log.audit / "heads.jsonl").unlink()
    assert find() == 1
    shutil.rmtree(log.keys)
    assert find() is None


def test_what_is_signed_and_written_holds_the_time_that_was_given(log: SignedLog) -> None:
    log.write(1)
    with PrivateDirectory.open(str(log.audit)) as directory:
        log.make_sealer().seal(directory, NOON + timedelta(seconds=7))
    assert check_seals(log.audit)[0]["at"] == "2026-03-01T12:00:07+00:00"
    assert read_lines(log.audit / "keys.jsonl")[0]["at"] == "2026-03-01T12:00:07+00:00"
    assert [period for period, _ in read_log(log.audit)] == ["2026-03-01"]

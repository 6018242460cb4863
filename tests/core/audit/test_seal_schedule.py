"""When the log is sealed, by whom, and that nothing else ever waits or fails for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from loki_core.audit.events import AuditEntry
from loki_core.audit.file_log import FileLog
from loki_core.audit.seal_schedule import SealSchedule
from loki_core.audit.sealer import Sealer
from loki_core.audit.signing import load_cryptography
from loki_core.disk.directory import PrivateDirectory
from loki_core.errors import StorageError
from tests.core.audit.seals import check_seals, day, make_entry, read_lines
from tests.core.workshop import HandClock, check_chain
from tests.support.fresh_process import run_python


class Later:
    """Runs nothing by itself: the test says when time has passed."""

    def __init__(self) -> None:
        self.jobs: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, job: Callable[[], None]) -> None:
        if job is not load_cryptography:
            self.jobs.append((seconds, job))

    @property
    def waits(self) -> list[float]:
        return [seconds for seconds, _ in self.jobs]

    def pass_by(self) -> None:
        """Let everything that waits run."""
        jobs, self.jobs = self.jobs, []
        for _, job in jobs:
            job()


class Bench:
    """A directory with a log and its keys; each `open` is a new process, as far as memory goes."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self.home, self.audit, self.keys = home, home / "audit", home / "keys"
        self.clock = HandClock()
        self.later = Later()

    def open(self, *, in_background: bool = True) -> FileLog:
        schedule = SealSchedule(
            Sealer(str(self.keys)), self.clock, user_id="os:alice", later=self.later if in_background else None
        )
        return FileLog(str(self.audit), clock=self.clock, sealing=schedule, lock_seconds=1)

    def entry(self) -> AuditEntry:
        return make_entry(self.clock())

    def counts(self) -> list[int]:
        return [head["count"] for head in check_seals(self.audit)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "dashboard")


def test_closing_covers_every_line_and_without_a_line_does_nothing(bench: Bench) -> None:
    for count in (1, 5):
        log = bench.open()
        for _ in range(count):
            log.record(bench.entry(), durable=False)
        log.close()
    assert bench.counts() == [1, 6]
    before = {file: file.read_bytes() for file in (*bench.audit.iterdir(), *bench.keys.iterdir())}
    log = bench.open()
    log.find_newest(limit=9)
    log.close()
    log.close()
    assert {file: file.read_bytes() for file in (*bench.audit.iterdir(), *bench.keys.iterdir())} == before


def test_a_log_that_was_closed_can_be_used_and_closed_again(bench: Bench) -> None:
    log = bench.open()
    for _ in range(2):
        log.record(bench.entry())
        log.close()
    assert bench.counts() == [1, 2]


def test_never_more_than_256_lines_are_without_a_signature(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    bench.later.pass_by()
    for _ in range(600):
        log.record(bench.entry(), durable=False)
    assert bench.counts() == [1, 193, 385, 577]


def test_a_batch_of_more_lines_than_that_is_signed_at_once(bench: Bench) -> None:
    log = bench.open()
    log.record_all([bench.entry()] * 700)
    assert bench.counts() == [700]


def test_half_as_many_lines_are_signed_in_the_background_so_that_nobody_waits(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    assert bench.later.waits == [0]
    bench.later.pass_by()
    for _ in range(127):
        log.record(bench.entry())
    assert bench.later.waits == [60]
    log.record(bench.entry())
    assert bench.later.waits == [60, 0]
    for _ in range(50):
        log.record(bench.entry())
    assert bench.later.waits == [60, 0]
    bench.later.pass_by()
    assert bench.counts() == [1, 179]


def test_the_tail_of_a_process_that_fell_quiet_is_signed_within_a_minute(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    bench.later.pass_by()
    bench.clock.move(seconds=20)
    log.record(bench.entry())
    log.record(bench.entry())
    assert bench.later.waits == [40]
    bench.later.pass_by()
    assert bench.counts() == [1, 3]
    assert bench.later.jobs == []


def test_a_line_a_minute_after_the_newest_head_is_signed_soon(bench: Bench) -> None:
    log = bench.open()
    for _ in range(3):
        log.record(bench.entry())
        assert bench.later.waits == [0]
        bench.later.pass_by()
        bench.clock.move(seconds=60)
    assert bench.counts() == [1, 2, 3]


def test_without_a_background_what_is_due_is_signed_at_once(bench: Bench) -> None:
    log = bench.open(in_background=False)
    for seconds in (0, 30, 29, 1, 60):
        bench.clock.move(seconds=seconds)
        log.record(bench.entry())
    assert bench.counts() == [1, 4, 5]


def test_a_clock_that_was_set_back_neither_puts_signing_off_nor_signs_each_line(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    bench.later.pass_by()
    bench.clock.move(days=-3)
    log.record(bench.entry())
    log.record(bench.entry())
    assert bench.later.waits == [60]
    bench.later.pass_by()
    assert bench.counts() == [1, 3]
    assert [file.name for file in bench.audit.glob("audit-*")] == ["audit-2026-03-01.jsonl"]


def test_heads_of_other_processes_are_seen(bench: Bench) -> None:
    one, two = bench.open(), bench.open()
    one.record(bench.entry())
    bench.later.pass_by()
    for _ in range(300):
        two.record(bench.entry())
    assert bench.counts() == [1, 193]
    for _ in range(80):
        one.record(bench.entry())
    assert bench.counts() == [1, 193]
    two.close()
    one.close()
    assert bench.counts() == [1, 193, 381]


def test_each_day_is_closed_before_the_first_line_of_the_next(bench: Bench) -> None:
    log = bench.open()
    for number in (1, 2, 5):
        bench.clock.now = day(number)
        for _ in range(3):
            log.record(bench.entry())
    assert bench.counts() == [3, 6]
    log.close()
    assert [(head["count"], head["period"][-2:]) for head in check_seals(bench.audit)] == [
        (3, "01"),
        (6, "02"),
        (9, "05"),
    ]


def test_jobs_that_wait_when_the_log_is_closed_do_nothing_afterwards(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    log.close()
    shutil.rmtree(bench.audit)
    bench.later.pass_by()
    assert not bench.audit.exists()


def test_a_forked_child_leaves_the_lines_of_its_parent_to_it(child_environ: dict[str, str]) -> None:
    code = """
        import os, pathlib, loki_core
        loki = loki_core.open()
        loki._parts.background.submit_later = lambda seconds, job: None
        loki.tokens.generate("ci-bot")
        heads = pathlib.Path.home() / ".loki/dashboard/audit/heads.jsonl"
        child = os.fork()
        if child == 0:
            loki.close()
            os._exit(0)
        os.waitpid(child, 0)
        print(heads.exists())
        loki.close()
        print(heads.exists())
    """
    done = run_python(code, env=child_environ)
    assert (done.stdout.split(), done.stderr) == (["False", "True"], "")


def _make_file(keys: Path) -> None:
    keys.write_text("")


def _make_link(keys: Path) -> None:
    (keys.parent / "elsewhere").mkdir(mode=0o700)
    keys.symlink_to(keys.parent / "elsewhere")


def _make_pipe(keys: Path) -> None:
    keys.mkdir(mode=0o700)
    os.mkfifo(keys / "audit-key.json", 0o600)


@pytest.mark.parametrize("plant", [_make_file, _make_link, _make_pipe], ids=["a file", "a link", "a pipe for a key"])
def test_while_the_keys_cannot_be_used_appending_and_closing_go_on_and_it_is_signed_later(
    bench: Bench, plant: Callable[[Path], None]
) -> None:
    plant(bench.keys)
    for number in (1, 2):
        bench.clock.now = day(number)
        log = bench.open()
        for _ in range(300):
            log.record(bench.entry(), durable=False)
        bench.later.pass_by()
        (found,) = log.diagnose()
        assert (found.code, found.severity) == ("audit_unsealed", "warning")
        assert str(bench.keys) in found.message
        assert found.remedy
        log.close()
        assert log.newest_head is None
    assert len(check_chain(bench.audit)) == 600
    bench.keys.unlink() if not bench.keys.is_dir() or bench.keys.is_symlink() else shutil.rmtree(bench.keys)
    bench.clock.move(seconds=60)
    log = bench.open()
    log.record(bench.entry())
    log.close()
    assert bench.counts() == [601]
    assert [finding.code for finding in log.diagnose()] == ["audit_sealed"]


class _FailingSealer(Sealer):
    """Counts how often it is asked, and fails."""

    asked = 0

    def seal(self, *_: object) -> None:
        self.asked += 1
        raise StorageError("the disk is full")


def test_what_cannot_be_signed_is_not_tried_anew_with_every_line(bench: Bench) -> None:
    sealer = _FailingSealer(str(bench.keys))
    schedule = SealSchedule(sealer, bench.clock, user_id="os:alice", later=bench.later)
    log = FileLog(str(bench.audit), clock=bench.clock, sealing=schedule)
    for _ in range(1000):
        log.record(bench.entry(), durable=False)
    assert (sealer.asked, bench.later.waits) == (1, [0, 60])
    bench.later.pass_by()
    log.close()
    assert sealer.asked <= 4


def test_a_lost_key_is_said_in_the_log_and_everything_is_signed_by_the_new_one(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    log.close()
    shutil.rmtree(bench.keys)
    log = bench.open()
    log.record(bench.entry())
    (finding,) = log.diagnose()
    assert (finding.code, "is lost" in finding.message) == ("audit_unsealed", True)
    log.close()
    entries = check_chain(bench.audit)
    assert [(entry["event"], entry["error"]) for entry in entries[2:]] == [("audit.recover", "key_lost")]
    assert (entries[2]["user_id"], entries[2]["success"]) == ("os:alice", False)
    heads = read_lines(bench.audit / "heads.jsonl")
    assert [head["count"] for head in heads] == [1, 2, 3]
    assert [each["number"] for each in read_lines(bench.audit / "keys.jsonl")] == [1, 2]


def test_a_key_lost_over_night_is_said_before_the_first_line_of_the_day(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    log.close()
    shutil.rmtree(bench.keys)
    bench.clock.move(days=1)
    log = bench.open()
    log.record(bench.entry())
    log.close()
    assert [entry["event"] for entry in check_chain(bench.audit)] == [
        "auth.token.create",
        "audit.recover",
        "auth.token.create",
    ]


def test_a_cut_log_is_said_to_be_cut_also_where_only_the_key_file_knows(bench: Bench) -> None:
    log = bench.open()
    for _ in range(3):
        log.record(bench.entry())
    log.close()
    file = bench.audit / "audit-2026-03-01.jsonl"
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    (bench.audit / "heads.jsonl").unlink()
    log = bench.open()
    (finding,) = log.diagnose()
    assert "2 lines at the end of the audit log are gone" in finding.message
    log.record(bench.entry())
    log.close()
    entries = check_chain(bench.audit)
    assert [(entry["event"], entry["error"]) for entry in entries][1] == ("audit.recover", "truncated")
    assert entries[1]["details"] == {"expected": 3, "found": 1}
    (head,) = read_lines(bench.audit / "heads.jsonl")
    assert (head["number"], head["count"]) == (2, 3)


def test_heads_that_cannot_be_written_fail_nothing_and_are_written_later(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    bench.later.pass_by()
    (bench.audit / "heads.jsonl").rename(bench.home / "aside")
    (bench.audit / "heads.jsonl").mkdir()
    for _ in range(300):
        log.record(bench.entry())
    log.close()
    assert log.newest_head is None
    assert {finding.code for finding in log.diagnose()} == {"audit_unsealed"}
    (bench.audit / "heads.jsonl").rmdir()
    (bench.home / "aside").rename(bench.audit / "heads.jsonl")
    log.record(bench.entry())
    log.close()
    assert bench.counts() == [1, 302]


def test_heads_deleted_while_the_process_runs_are_missed_by_their_numbers_alone(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    bench.later.pass_by()
    (bench.audit / "heads.jsonl").unlink()
    log.record(bench.entry())
    log.close()
    assert [(head["number"], head["count"]) for head in read_lines(bench.audit / "heads.jsonl")] == [(2, 2)]


def test_the_newest_head_is_told_without_marks_and_with_the_first_key(bench: Bench) -> None:
    log = bench.open()
    assert log.newest_head is None
    assert log.first_key_made == ""
    log.record(bench.entry())
    bench.later.pass_by()
    first = read_lines(bench.audit / "keys.jsonl")[0]["public_key"]
    assert log.first_key_made == first
    bench.clock.move(days=1)
    other = bench.open()
    other.record(bench.entry())
    other.close()
    head = check_seals(bench.audit)[-1]
    del head["marks"]
    for each in (log, other):
        assert each.newest_head == {**head, "first_key": first}
    assert other.first_key_made == ""


def test_no_private_key_is_in_any_line_repr_or_finding(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    log.close()
    with PrivateDirectory.open(str(bench.keys)) as keys:
        from loki_core.audit.key_file import load_key

        key = load_key(keys)
    assert key is not None
    shown = repr(key) + repr(log.diagnose()) + repr(log.newest_head)
    shown += "".join(file.read_text() for file in bench.audit.iterdir())
    assert key.private_key not in shown


def test_the_wait_is_never_longer_than_a_minute(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    bench.later.pass_by()
    for move in (timedelta(days=-1), timedelta(days=400), timedelta(seconds=1)):
        bench.clock.now += move
        log.record(bench.entry())
        assert all(0 <= wait <= 60 for wait in bench.later.waits)
        bench.later.pass_by()
    assert bench.counts()[-1] == 4


def test_lines_that_a_crash_left_unsigned_are_told_as_such(bench: Bench) -> None:
    log = bench.open()
    log.record(bench.entry())
    bench.later.pass_by()
    for count, severity in ((5, "info"), (300, "warning")):
        bare = FileLog(str(bench.audit))
        bare.record_all([bench.entry()] * count)
        (finding,) = bench.open().diagnose()
        assert (finding.code, finding.severity) == ("audit_unsealed", severity)
        assert finding.remedy

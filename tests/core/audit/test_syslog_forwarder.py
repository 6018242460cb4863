"""Forwarding step by step, the receiver and the clock in the test's hand."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loki_core.audit.syslog_cursor_file import CURSOR_NAME, may_wait
from loki_core.audit.syslog_findings import diagnose_forwarding
from loki_core.audit.syslog_forwarder import LOCK_NAME
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.lock import hold_lock
from loki_core.settings import SyslogSettings
from tests.core.audit.forwarding import TO, Bench, Receiver
from tests.core.audit.seals import day


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "dashboard")


def test_without_a_log_nothing_is_made_and_nothing_sent(bench: Bench) -> None:
    assert bench.forward() is None
    assert not bench.audit.exists()


def test_each_process_goes_on_where_the_last_one_stopped(bench: Bench) -> None:
    bench.write(3)
    assert bench.forward() is None
    assert bench.receiver.seqs == [1, 2, 3]
    assert bench.forward() is None
    bench.write(2)
    assert bench.forward() is None
    assert [len(batch) for batch in bench.receiver.batches] == [3, 2]
    assert bench.receiver.seqs == [1, 2, 3, 4, 5]
    assert {message.host for message in bench.receiver.messages} == {"here"}


def test_what_a_process_keeps_beside_the_log_is_private(bench: Bench) -> None:
    bench.write(1)
    bench.forward()
    for name in (CURSOR_NAME, LOCK_NAME):
        assert (bench.audit / name).stat().st_mode & 0o777 == 0o600


def test_after_a_failure_all_processes_pause_for_longer_each_time_and_then_nothing_is_missing(bench: Bench) -> None:
    bench.write(2)
    bench.receiver.error = ConnectionRefusedError(111, "Connection refused")
    pauses = []
    for _ in range(8):
        pause = bench.forward()
        assert pause is not None
        pauses.append(pause)
        assert bench.forward() == pause  # too early
        bench.clock.move(seconds=pause)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert bench.receiver.attempts == 8
    bench.receiver.error = None
    bench.write(1)
    assert bench.forward() is None
    assert bench.receiver.seqs == [1, 2, 3]
    bench.receiver.error = TimeoutError()
    bench.write(1)
    assert bench.forward() == 1


def test_a_process_that_is_killed_over_it_is_followed_by_a_pause_and_then_by_all_of_its_batch(bench: Bench) -> None:
    bench.write(2)
    bench.receiver.error = KeyboardInterrupt()  # nothing after it is done, as after kill -9
    with pytest.raises(KeyboardInterrupt):
        bench.forward()
    bench.receiver.error = None
    assert bench.forward() == 1
    bench.clock.move(seconds=1)
    assert bench.forward() is None
    assert bench.receiver.seqs == [1, 2]


def test_a_lot_goes_in_batches_that_grow_and_a_failure_repeats_one_and_makes_the_next_smaller(bench: Bench) -> None:
    bench.write(4_000)
    taken = bench.receiver

    class Failing(Receiver):
        def __call__(self, messages: Sequence[bytes], to: SyslogSettings) -> None:
            taken(messages, to)
            if len(taken.batches) == 3:  # it took the batch, and nobody heard of it
                raise ConnectionResetError(104, "Connection reset by peer")

    assert bench.forward(send=Failing()) == 1
    bench.clock.move(seconds=1)
    assert bench.forward() is None
    assert [len(batch) for batch in taken.batches] == [250, 500, 1_000, 250, 500, 1_000, 1_000, 500]
    assert taken.seqs == [*range(1, 1_751), *range(751, 4_001)]


def test_a_receiver_that_takes_little_at_a_time_gets_all_in_the_end(bench: Bench) -> None:
    bench.write(500)

    class Slow(Receiver):
        def __call__(self, messages: Sequence[bytes], to: SyslogSettings) -> None:
            if len(messages) > 20:
                raise TimeoutError
            super().__call__(messages, to)

    slow = Slow()
    while (pause := bench.forward(send=slow)) is not None:
        bench.clock.move(seconds=pause)
    assert slow.seqs == [*range(1, 501)]


def test_of_too_many_entries_the_newest_are_sent_and_one_message_says_how_many_were_not(bench: Bench) -> None:
    bench.write(20)
    assert bench.forward(most_lines=100) is None
    bench.write(250)
    assert bench.forward(most_lines=100) is None
    assert bench.receiver.seqs == [*range(1, 21), *range(171, 271)]
    skipped = bench.receiver.messages[20]
    assert skipped.name == "audit.skip"
    assert skipped.values == {"first": "21", "last": "170", "count": "150"}
    assert bench.receiver.names.count("audit.skip") == 1


def test_when_forwarding_begins_the_newest_entries_of_the_log_go_too(bench: Bench) -> None:
    bench.write(300)
    assert bench.forward(most_lines=100) is None
    assert bench.receiver.messages[0].values == {"first": "1", "last": "200", "count": "200"}
    assert bench.receiver.seqs == [*range(201, 301)]


def test_entries_that_were_pruned_before_they_could_be_sent_are_counted_in_a_message(bench: Bench) -> None:
    bench.write(2)
    assert bench.forward() is None
    bench.write(3)
    bench.clock.now = day(2)
    bench.write(2)
    (bench.audit / "audit-2026-03-01.jsonl").unlink()
    assert bench.forward() is None
    assert bench.receiver.seqs == [1, 2, 6, 7]
    assert bench.receiver.messages[2].values == {"first": "3", "last": "5", "count": "3"}


def test_days_and_full_files_change_nothing(bench: Bench) -> None:
    for number in range(1, 5):
        bench.clock.now = day(number)
        for _ in range(3):
            bench.write(4, max_file_size=0.001)
            if number != 3:  # nobody sends on the third day
                assert bench.forward() is None
    assert len(list(bench.audit.glob("audit-*.jsonl"))) > 8
    assert bench.receiver.seqs == [*range(1, 49)]


def test_the_peers_lines_and_lines_that_are_none_are_sent_and_counted_as_what_they_are(bench: Bench) -> None:
    bench.write(1)
    with (bench.audit / "audit-2026-03-01.jsonl").open("ab") as file:
        file.write(b'{"timestamp": "2026-03-01T12:00:01+00:00", "action": "login", "user_id": "bob"}\n')
        file.write(b"\x1b[31m no JSON\n")
    bench.write(1)
    assert bench.forward() is None
    assert bench.receiver.names == ["auth.token.create", "login", "-", "auth.token.create"]
    assert bench.receiver.seqs == [1, 3]


_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_ODD_LINE = st.dictionaries(
    st.sampled_from(["timestamp", "event", "action", "seq", "user_id", "error", "success", "details", "token_id"]),
    _ODD | st.just("2026-03-01T12:00:00+00:00") | st.sampled_from([-5, 10**4000, 2**63, True]),
).map(lambda fields: json.dumps({"timestamp": "2026-03-01T12:00:00+00:00", **fields}).encode())


@settings(max_examples=60)
@given(st.lists(_ODD_LINE | st.binary(max_size=100).map(lambda data: data.replace(b"\n", b"")), min_size=1, max_size=5))
def test_no_line_that_anybody_writes_stops_forwarding_or_is_sent_twice(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(Path(directory) / "dashboard")
        bench.write(1)
        with (bench.audit / "audit-2026-03-01.jsonl").open("ab") as file:
            file.writelines(line + b"\n" for line in lines)
        assert bench.forward() is None
        assert len(bench.receiver.batches) == 1
        assert bench.forward() is None
        assert len(bench.receiver.batches) == 1
        sent = [message for message in bench.receiver.messages if message.name != "audit.skip"]
        assert len(sent) == 1 + sum(bool(line) for line in lines)
        bench.write(1)
        assert bench.forward() is None
        assert bench.receiver.messages[-1].name == "auth.token.create"


def test_heads_follow_the_lines_that_they_cover_each_once(bench: Bench) -> None:
    bench.write(3, sealed=True)
    assert bench.forward(with_heads=True) is None
    assert bench.forward(with_heads=True) is None
    assert bench.receiver.names == ["auth.token.create"] * 3 + ["audit.head"]
    head = bench.receiver.messages[-1]
    assert (head.values["number"], head.values["count"]) == ("1", "3")
    assert head.json["last_hash"] == bench.receiver.messages[2].values["hash"]
    assert set(head.json) >= {"signature", "first_key", "period"}
    assert "marks" not in head.json
    bench.clock.move(minutes=5)
    bench.write(1, sealed=True)
    assert bench.forward(with_heads=True) is None
    assert bench.receiver.names[4:] == ["auth.token.create", "audit.head"]


def test_heads_stay_here_unless_they_are_asked_for(bench: Bench) -> None:
    bench.write(3, sealed=True)
    assert bench.forward() is None
    assert "audit.head" not in bench.receiver.names


def test_whoever_comes_while_another_is_at_it_does_not_wait_and_sends_nothing(bench: Bench) -> None:
    bench.write(1)
    with PrivateDirectory.open(str(bench.audit)) as directory, hold_lock(directory, LOCK_NAME):
        progress = bench.forwarder().forward()
    assert (progress.is_busy, bench.receiver.attempts) == (True, 0)
    assert bench.forward() is None
    assert bench.receiver.seqs == [1]


def test_a_cursor_that_was_lost_or_garbled_means_to_send_again_and_not_to_lose(bench: Bench) -> None:
    bench.write(2)
    for garbage in (b"", b"\0" * 100, b'{"file": "audit-2027-01-01.jsonl", "trail": [[0, 9, 99, "x"]]}'):
        bench.receiver.batches.clear()
        (bench.audit / CURSOR_NAME).write_bytes(garbage)
        (bench.audit / CURSOR_NAME).chmod(0o600)
        assert bench.forward() is None
        assert bench.receiver.seqs == [1, 2]


@pytest.mark.parametrize("name", [CURSOR_NAME, LOCK_NAME])
def test_attack_a_link_in_the_place_of_our_files_is_not_followed_and_nothing_is_sent(bench: Bench, name: str) -> None:
    bench.write(1)
    victim = bench.home / "victim"
    victim.write_bytes(b"precious")
    victim.chmod(0o600)
    os.symlink(victim, bench.audit / name)
    assert bench.forward() == 60
    assert bench.receiver.attempts == 0
    assert victim.read_bytes() == b"precious"


# -- what `doctor` says


def _diagnose(bench: Bench) -> tuple[str, str, str]:
    finding = diagnose_forwarding(str(bench.audit), TO.address)
    assert bool(finding.remedy) == (finding.severity != "ok")
    return finding.code, finding.severity, finding.message


def test_doctor_says_where_it_goes_how_much_waits_and_why(bench: Bench) -> None:
    to = "tcp://loghost:514"
    assert _diagnose(bench) == ("syslog_forwarded", "ok", f"the audit log is forwarded to {to}")
    bench.write(1)
    assert _diagnose(bench) == ("syslog_behind", "warning", f"1 entry waits to be forwarded to {to}")
    bench.receiver.error = ConnectionRefusedError(111, "Connection refused\x1b[31m")
    assert bench.forward() == 1
    bench.write(1_200)
    assert _diagnose(bench) == (
        "syslog_behind",
        "warning",
        f"the audit log is not forwarded to {to} since 2026-03-01 12:00Z: Connection refused\ufffd[31m;"
        " 1,201 entries wait",
    )
    bench.clock.move(minutes=1)
    bench.receiver.error = None
    assert bench.forward() is None
    assert _diagnose(bench)[1:] == ("ok", f"the audit log is forwarded to {to}, last at 2026-03-01 12:01Z")


def test_doctor_says_that_nobody_who_tried_came_to_an_end(bench: Bench) -> None:
    bench.write(1)
    bench.receiver.error = KeyboardInterrupt()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            bench.forward()
        bench.clock.move(minutes=1)
    assert "since 2026-03-01 12:00Z: whoever tried did not come to an end; 1 entry waits" in _diagnose(bench)[2]


def test_doctor_says_that_the_log_cannot_be_read(bench: Bench) -> None:
    bench.write(1)
    (bench.audit / CURSOR_NAME).mkdir()
    code, severity, message = _diagnose(bench)
    assert (code, severity) == ("syslog_behind", "warning")
    assert "is a directory" in message


# -- the look that whoever only reads can afford


def test_whether_anything_waits_is_seen_without_a_lock(bench: Bench) -> None:
    assert not may_wait(str(bench.audit))
    bench.write(1)
    assert may_wait(str(bench.audit))
    assert bench.forward() is None
    assert not may_wait(str(bench.audit))
    bench.clock.now = day(2)
    bench.write(1)
    with PrivateDirectory.open(str(bench.audit)) as directory, hold_lock(directory, LOCK_NAME):
        assert may_wait(str(bench.audit))
    assert bench.forward() is None
    assert not may_wait(str(bench.audit))
    (bench.audit / CURSOR_NAME).unlink()
    (bench.audit / CURSOR_NAME).mkdir()
    assert not may_wait(str(bench.audit))

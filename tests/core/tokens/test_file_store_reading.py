"""What is read: whole, current, and never more than needed."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import threading
import time
from pathlib import Path

import pytest

import loki_core
from loki_core.background import BackgroundWriter
from loki_core.errors import AuthenticationError, StoreBusy
from loki_core.tokens.file_store import FileStore
from tests.core.workshop import (
    NOON,
    Workshop,
    make_peer_record,
    make_peer_secret,
    make_store_document,
    refuses,
)


def _names(store: FileStore) -> list[str]:
    return [record.name for record in store.view().records()]


def test_nothing_is_read_again_while_nothing_has_changed(workshop: Workshop) -> None:
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret())))
    os.utime(workshop.file, ns=(1, 1))
    later = time.time_ns() + 10**9
    store = workshop.make_store(wall_ns=lambda: later)
    view = store.view()
    assert store.view() is view
    os.utime(workshop.file, ns=(2, 2))
    assert store.view() is not view


@pytest.mark.parametrize(("age_ms", "is_read_again"), [(0, True), (19, True), (20, False), (3_600_000, False)])
@pytest.mark.parametrize("mtime_is_set_back", [False, True])
def test_a_file_is_read_again_until_it_is_older_than_a_tick_of_any_clock(
    workshop: Workshop, age_ms: int, is_read_again: bool, mtime_is_set_back: bool
) -> None:
    """A younger one may be written to again without a change of its times; and ctime cannot be set back."""
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret())))
    if mtime_is_set_back:
        os.utime(workshop.file, ns=(1, 1))
    reads: list[int] = []

    def read_clock() -> int:
        reads.append(1)
        return os.stat(workshop.file).st_ctime_ns + age_ms * 1_000_000

    store = workshop.make_store(wall_ns=read_clock)
    for _ in range(3):
        assert _names(store) == ["ci-bot"]
    assert len(reads) == (3 if is_read_again else 1)


def test_a_rewrite_of_the_same_size_and_mtime_within_one_tick_of_the_clock_is_seen(workshop: Workshop) -> None:
    """On a coarse clock two writes can bear one time: a young file is read again every time."""
    one = make_store_document(make_peer_record("one", make_peer_secret()))
    two = make_store_document(make_peer_record("two", make_peer_secret()))
    store = workshop.make_store(wall_ns=lambda: os.stat(workshop.file).st_ctime_ns)  # however slow this machine is
    for document, name in [(one, "one"), (two, "two")] * 20:
        workshop.write(document)
        os.utime(workshop.file, ns=(10**18, 10**18))
        assert _names(store) == [name]


def test_an_mtime_that_was_set_back_does_not_make_a_young_file_old(workshop: Workshop) -> None:
    workshop.write(make_store_document(make_peer_record("one", make_peer_secret())))
    os.utime(workshop.file, ns=(1, 1))
    store = workshop.make_store(wall_ns=lambda: os.stat(workshop.file).st_ctime_ns + 10_000_000)
    view = store.view()
    file = json.loads(workshop.file.read_bytes())
    with open(workshop.file, "r+b", buffering=0) as target:
        target.write(json.dumps(file, indent=2).encode().replace(b'"one"', b'"two"'))
    os.utime(workshop.file, ns=(1, 1))
    assert _names(store) == ["two"]
    assert [record.name for record in view.records()] == ["one"]


@pytest.mark.parametrize("when", [1, 2**62])
def test_file_times_in_the_far_past_or_future_hide_no_change(workshop: Workshop, when: int) -> None:
    workshop.write(make_store_document(make_peer_record("one", make_peer_secret())))
    os.utime(workshop.file, ns=(when, when))
    loki = workshop.open()
    assert [token.name for token in loki.tokens.list()] == ["one"]
    workshop.write(make_store_document(make_peer_record("two", make_peer_secret())))
    os.utime(workshop.file, ns=(when, when))
    assert [token.name for token in loki.tokens.list()] == ["two"]


def test_an_inode_is_not_reused_under_us_because_the_file_is_kept_open(workshop: Workshop) -> None:
    """A file removed and made anew may get the old one's inode number, and so pass for it."""
    store = workshop.make_store(wall_ns=lambda: time.time_ns() + 10**9)
    workshop.write(make_store_document(make_peer_record("one", make_peer_secret())))
    os.utime(workshop.file, ns=(1, 1))
    assert _names(store) == ["one"]
    inode = workshop.file.stat().st_ino
    for _ in range(50):
        workshop.file.unlink()
        workshop.write(make_store_document(make_peer_record("two", make_peer_secret())))
        os.utime(workshop.file, ns=(1, 1))
        assert workshop.file.stat().st_ino != inode
    assert _names(store) == ["two"]


@pytest.mark.parametrize("torn", [b"", b'{"version": "1.0", "tok', b'{"version": "1.0", "tokens": {}}}}}'])
def test_a_torn_read_of_a_foreign_writer_is_tried_again(workshop: Workshop, torn: bytes) -> None:
    """Loki Mode truncates the file and writes it in place: who reads meanwhile sees a piece of it."""
    whole = json.dumps(make_store_document(make_peer_record("ci-bot", make_peer_secret()))).encode()
    workshop.write(torn)
    reads = itertools.count(1)

    def read_clock() -> int:
        if next(reads) == 4:  # it is asked before every read
            workshop.file.write_bytes(whole)
        return time.time_ns()

    assert _names(workshop.make_store(wall_ns=read_clock, torn_seconds=60)) == ["ci-bot"]
    assert next(reads) == 5


def test_a_file_written_in_place_while_it_is_read_is_read_again(workshop: Workshop) -> None:
    """What was read is half old and half new, and can be whole JSON all the same."""
    workshop.write(make_store_document(make_peer_record("old", make_peer_secret())))
    new = json.dumps(make_store_document(make_peer_record("new", make_peer_secret()))).encode()
    threads: list[threading.Thread] = []
    for _ in range(2):
        threads.append(threading.Thread(target=lambda: [workshop.file.write_bytes(new) for _ in range(200)]))
    store = workshop.make_store(torn_seconds=60)
    for thread in threads:
        thread.start()
    seen = {name for _ in range(50) for name in _names(store)}
    for thread in threads:
        thread.join()
    assert seen <= {"old", "new"}
    assert _names(store) == ["new"]


def test_a_file_that_stays_torn_is_an_error_also_for_who_has_read_it_whole_before(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    loki.authenticate(issued.secret.reveal())
    content = workshop.file.read_bytes()
    workshop.file.write_bytes(content[:-10])
    with refuses("store_corrupt"):
        loki.authenticate(issued.secret.reveal())
    workshop.file.write_bytes(content)
    loki.authenticate(issued.secret.reveal())


def test_another_opened_loki_sees_every_change_at_its_next_call(workshop: Workshop) -> None:
    one, two = workshop.open(), workshop.open()
    for number in range(30):
        issued = one.tokens.generate(f"t{number}")
        assert two.authenticate(issued.secret.reveal()).name == f"t{number}"
        two.tokens.revoke(f"t{number}")
        with pytest.raises(AuthenticationError) as caught:
            one.authenticate(issued.secret.reveal())
        assert caught.value.code == "token_revoked"


def test_a_burial_without_a_commit_is_seen_by_others_at_their_next_verification(workshop: Workshop) -> None:
    """What a revocation leaves when the disk refuses the store but takes the line in revoked.log."""
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    loki.authenticate(issued.secret.reveal())
    store = workshop.make_store()
    with store.transaction() as transaction:
        record = next(iter(transaction.view.readable()))
        from loki_core.tokens.change import bury_record

        transaction.bury([bury_record(record, NOON)])
    with refuses("token_revoked"):
        loki.authenticate(issued.secret.reveal())


def test_a_writer_that_keeps_the_lock_makes_others_give_up_with_a_remedy(workshop: Workshop) -> None:
    first, second = workshop.make_store(), workshop.make_store(lock_seconds=0.05)
    with first.transaction():
        with pytest.raises(StoreBusy) as caught, second.transaction():
            pass
        assert caught.value.code == "store_busy"
        assert ".tokens.lock" in caught.value.message
        assert "fuser" in caught.value.remedy
    with second.transaction():
        pass


def test_a_lock_file_that_was_removed_while_held_locks_nobody_out(workshop: Workshop) -> None:
    store = workshop.make_store()
    with store.transaction():
        (workshop.dashboard / ".tokens.lock").unlink()
    with workshop.make_store(lock_seconds=0.05).transaction() as transaction:
        transaction.commit(NOON)


def test_the_store_is_closed_without_leaving_descriptors(tmp_path: Path) -> None:
    def count() -> int:
        return len(os.listdir("/dev/fd"))

    background = BackgroundWriter()
    before = count()
    for _ in range(5):
        with contextlib.closing(FileStore(str(tmp_path / "dashboard"), background)) as store:
            for _ in range(5):
                with store.transaction() as transaction:
                    transaction.commit(NOON)
                store.view()
    assert count() == before


def test_every_process_counts_the_uses_once_a_minute_for_each_address(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    for _ in range(10):
        loki.authenticate(issued.secret.reveal(), address="10.0.0.1", agent="curl")
        loki.authenticate(issued.secret.reveal(), address="10.0.0.2", agent="curl")
    workshop.clock.move(minutes=1)
    loki.authenticate(issued.secret.reveal(), address="10.0.0.1", agent="curl")
    loki.close()
    uses = workshop.open().tokens.find_uses(issued.token.id, since=NOON)
    assert [(use.address, use.count) for use in uses] == [("10.0.0.1", 2), ("10.0.0.2", 1)]
    assert workshop.open().tokens.get("ci-bot").last_used == workshop.clock.now


def test_revision_is_cheap_and_changes_with_tokens_and_with_uses(workshop: Workshop) -> None:
    loki = workshop.open()
    seen = {loki.revision()}
    issued = loki.tokens.generate("ci-bot")
    seen.add(loki.revision())
    loki.authenticate(issued.secret.reveal())
    loki.close()
    seen.add(loki.revision())
    assert len(seen) == 3
    workshop.file.unlink()
    assert loki.revision() not in seen


def test_open_takes_another_store(workshop: Workshop) -> None:
    store = workshop.make_store(label="elsewhere")
    with loki_core.open(store=store, environ={}, clock=workshop.clock) as loki:
        assert loki.store_label == "elsewhere"

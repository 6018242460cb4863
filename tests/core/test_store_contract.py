"""What the rules may expect of any store: one suite, run over every implementation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from loki_core.background import BackgroundWriter
from loki_core.interfaces import Store
from loki_core.tokens.burials import Burial
from loki_core.tokens.change import bury_record
from loki_core.tokens.file_store import FileStore
from loki_core.tokens.memory_store import MemoryStore
from loki_core.tokens.record import Record
from loki_core.tokens.secret import Secret, digest_secret, mint_secret
from loki_core.tokens.token import Use
from tests.core.workshop import NOON

Flush = Callable[[], object]


@pytest.fixture(params=["memory", "file"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Flush]]:
    """A new store, and what waits until its background work is done."""
    if request.param == "memory":
        yield MemoryStore(), lambda: None
        return
    background = BackgroundWriter()
    with contextlib.closing(FileStore(str(tmp_path / "dashboard"), background)) as store:
        yield store, background.flush


@pytest.fixture
def store(made: tuple[Store, Flush]) -> Store:
    return made[0]


def _record(secret: Secret, name: str = "ci-bot", *, salt: str = "", **fields: Any) -> Record:
    digest = digest_secret(secret.reveal(), salt)
    given = {"name": name, "stored_name": name, "scopes": ("read",), "salt": salt, **fields}
    return Record(id=f"tok-{digest[:12]}", hash=digest, **given)


def _put(store: Store, *records: Record) -> None:
    with store.transaction() as transaction:
        for record in records:
            transaction.put(record)
        transaction.commit(NOON)


def test_a_new_store_is_empty(store: Store) -> None:
    view = store.view()
    assert list(view.records()) == []
    assert view.find("loki_nobody") is None
    assert view.written_at is None
    assert not view.outbox


def test_what_is_put_and_committed_is_found_by_secret_id_and_name(store: Store) -> None:
    secret = mint_secret()
    record = _record(secret, note="n", owner="os:alice", expires_at=NOON)
    _put(store, record)
    view = store.view()
    assert view.get_record(record.id) == record
    assert view.find_by_name("ci-bot") == (record,)
    entry = view.find(secret.reveal())
    assert entry is not None
    assert entry.record == record
    assert view.written_at == NOON


def test_leaving_a_transaction_without_a_commit_changes_nothing(store: Store) -> None:
    before = store.revision()
    with store.transaction() as transaction:
        transaction.put(_record(mint_secret()))
        transaction.set_outbox([{"event_id": "x"}])
    assert list(store.view().records()) == []
    assert not store.view().outbox
    assert store.revision() == before


def test_an_error_inside_a_transaction_changes_nothing_and_frees_the_store(store: Store) -> None:
    def fail() -> None:
        with store.transaction() as transaction:
            transaction.put(_record(mint_secret()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(store.view().records()) == []
    _put(store, _record(mint_secret()))
    assert len(list(store.view().records())) == 1


def test_a_transaction_shows_the_store_as_it_is_under_the_lock(store: Store) -> None:
    first = _record(mint_secret())
    _put(store, first)
    with store.transaction() as transaction:
        assert transaction.view.get_record(first.id) == first


def test_a_view_is_one_moment_and_does_not_change(store: Store) -> None:
    view = store.view()
    _put(store, _record(mint_secret()))
    assert list(view.records()) == []


def test_the_revision_changes_with_every_commit_and_not_by_looking(store: Store) -> None:
    seen = [store.revision()]
    for number in range(3):
        _put(store, _record(mint_secret(), f"t{number}"))
        store.view()
        assert store.revision() not in seen
        assert store.revision() == store.revision()
        seen.append(store.revision())


def test_removed_records_are_gone(store: Store) -> None:
    record = _record(mint_secret())
    _put(store, record)
    with store.transaction() as transaction:
        transaction.remove(record.id)
        transaction.commit(NOON)
    assert store.view().get_record(record.id) is None


def test_records_come_in_the_order_they_were_put(store: Store) -> None:
    names = [f"t{number}" for number in range(20)]
    for name in names:
        _put(store, _record(mint_secret(), name))
    assert [record.name for record in store.view().records()] == names


def test_a_burial_holds_at_once_and_without_a_commit(store: Store) -> None:
    secret = mint_secret()
    record = _record(secret)
    _put(store, record)
    with store.transaction() as transaction:
        transaction.bury([bury_record(record, NOON)])
    entry = store.view().find(secret.reveal())
    assert entry is not None
    assert entry.refusal == "token_revoked"
    assert store.view().undone == (record.id,)


def test_the_next_commit_repairs_a_buried_record_and_says_so(store: Store) -> None:
    record = _record(mint_secret())
    _put(store, record)
    with store.transaction() as transaction:
        transaction.bury([bury_record(record, NOON)])
    with store.transaction() as transaction:
        findings = transaction.commit(NOON)
    assert [finding.code for finding in findings] == ["revocation_undone"]
    assert record.id in findings[0].message
    assert store.view().undone == ()
    stored = store.view().get_record(record.id)
    assert isinstance(stored, Record)
    assert stored.revoked
    with store.transaction() as transaction:
        assert transaction.commit(NOON) == ()


@pytest.mark.parametrize("salt", ["", "0123456789abcdef0123456789abcdef"])
def test_a_digest_is_buried_also_when_its_record_is_gone(store: Store, salt: str) -> None:
    secret = mint_secret()
    record = _record(secret, salt=salt)
    _put(store, record)
    with store.transaction() as transaction:
        transaction.remove(record.id)
        transaction.bury([bury_record(record, NOON)])
        transaction.commit(NOON)
    entry = store.view().find(secret.reveal())
    assert entry is not None
    assert (entry.refusal, entry.token_id) == ("token_revoked", record.id)
    _put(store, record)
    again = store.view().find(secret.reveal())
    assert again is not None
    assert again.refusal == "token_revoked"


def test_a_commit_buries_what_it_stores_as_revoked(store: Store) -> None:
    record = _record(mint_secret(), revoked=True, revoked_at=NOON)
    _put(store, record)
    assert [burial.hash for burial in store.view().burials] == [record.hash]
    assert list(store.view().burials) == [Burial(hash=record.hash, token_id=record.id, at=NOON)]


def test_waiting_audit_entries_are_kept_with_the_tokens(store: Store) -> None:
    waiting = {"event_id": "1", "timestamp": "2026-03-01T12:00:00+00:00", "details": {"a": [1, None, "ä"]}}
    with store.transaction() as transaction:
        transaction.set_outbox([waiting])
        transaction.commit(NOON)
    assert store.view().outbox == (waiting,)
    _put(store, _record(mint_secret()))
    assert store.view().outbox == (waiting,)
    with store.transaction() as transaction:
        transaction.set_outbox(())
        transaction.commit(NOON)
    assert store.view().outbox == ()


def _make_head(number: int) -> dict[str, Any]:
    hexes = {"last_hash": "a" * 64, "marks_digest": "b" * 64, "signature": "c" * 128, "first_key": "d" * 64}
    return {"number": number, "count": 7, "period": "2026-03-01", "at": "2026-03-01T12:00:00+00:00", **hexes}


def _keep_head(store: Store, head: dict[str, Any] | None) -> Any:
    with store.transaction() as transaction:
        transaction.set_audit_head(head)
        transaction.commit(NOON)
    return store.view().audit_head


def test_the_newest_head_of_the_log_is_kept_with_the_tokens_and_never_goes_back(store: Store) -> None:
    assert store.view().audit_head is None
    assert _keep_head(store, _make_head(3)) == _make_head(3)
    _put(store, _record(mint_secret()))
    assert store.view().audit_head == _make_head(3)
    assert _keep_head(store, None) == _make_head(3)
    assert _keep_head(store, _make_head(2)) == _make_head(3)
    assert _keep_head(store, _make_head(4)) == _make_head(4)


def test_a_head_that_makes_no_sense_does_not_keep_a_good_one_out(store: Store) -> None:
    assert _keep_head(store, {"number": 10**9}) == {"number": 10**9}
    assert _keep_head(store, _make_head(1)) == _make_head(1)


def test_the_time_of_writing_never_goes_back_unless_the_clock_is_accepted(store: Store) -> None:
    for moment, expected in [(NOON, NOON), (NOON - timedelta(days=1), NOON), (NOON + timedelta(hours=1), None)]:
        with store.transaction() as transaction:
            transaction.commit(moment)
        assert store.view().written_at == (expected or moment)
    with store.transaction() as transaction:
        transaction.accept_clock()
        transaction.commit(NOON)
    assert store.view().written_at == NOON
    assert store.view().floor == NOON - timedelta(minutes=5)


def test_a_token_that_ended_before_the_floor_is_refused_in_the_view(store: Store) -> None:
    secret = mint_secret()
    _put(store, _record(secret, expires_at=NOON - timedelta(minutes=5)))
    entry = store.view().find(secret.reveal())
    assert entry is not None
    assert entry.refusal == "token_expired"


def test_uses_are_noted_added_up_and_given_newest_first(made: tuple[Store, Flush]) -> None:
    store, flush = made
    before = store.revision()
    for minutes, address in [(0, "10.0.0.1"), (5, "10.0.0.2"), (3, "10.0.0.1")]:
        moment = NOON + timedelta(minutes=minutes)
        store.note_use(Use(token_id="tok-1", address=address, agent="curl", last_at=moment, count=1))
    store.note_use(Use(token_id="tok-2", address="", agent="", last_at=NOON, count=1))
    if not list(store.view().records()):
        _put(store, _record(mint_secret()))  # uses are written beside a store that exists
    store.note_use(Use(token_id="tok-2", address="", agent="", last_at=NOON, count=1))
    flush()
    found = {(use.address, use.count) for use in store.find_uses("tok-1")}
    assert found <= {("10.0.0.1", 2), ("10.0.0.2", 1)}
    assert store.find_uses("tok-2")
    assert store.find_uses("tok-3") == ()
    assert store.find_last_uses()["tok-2"] == NOON
    assert store.revision() != before


def test_a_use_is_merged_into_the_record_when_that_is_written_anyway(made: tuple[Store, Flush]) -> None:
    store, flush = made
    record = _record(mint_secret())
    _put(store, record)
    used = NOON + timedelta(minutes=7)
    store.note_use(Use(token_id=record.id, address="", agent="", last_at=used, count=1))
    flush()
    assert store.find_last_uses() == {record.id: used}
    stored = store.view().get_record(record.id)
    assert isinstance(stored, Record)
    assert stored.last_used is None
    _put(store, record)
    stored = store.view().get_record(record.id)
    assert isinstance(stored, Record)
    assert stored.last_used == used


def test_a_store_can_say_how_it_is_and_whether_it_could_be_written(store: Store) -> None:
    assert store.label
    store.check_writable()
    assert all(finding.severity in {"ok", "info"} for finding in store.diagnose())
    _put(store, _record(mint_secret()))
    store.check_writable()
    assert all(finding.severity in {"ok", "info"} for finding in store.diagnose())


def test_closing_twice_is_no_error(store: Store) -> None:
    _put(store, _record(mint_secret()))
    store.close()
    store.close()

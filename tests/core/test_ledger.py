"""The order of log and store: grants are logged first, withdrawals are never refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import loki_core
from loki_core import AuditUnavailable, StorageError
from loki_core.audit.events import AuditEntry
from loki_core.audit.memory_log import MemoryLog
from loki_core.background import BackgroundWriter
from loki_core.interfaces import Finding, Transaction
from loki_core.tokens.file_store import FileStore
from loki_core.tokens.memory_store import MemoryStore
from tests.core.workshop import NOON, HandClock, Workshop, check_chain, make_peer_record, make_peer_secret, refuses


class Crash(BaseException):
    """The process ends here."""


class SwitchedLog(MemoryLog):
    """A log that can be down, altogether or from a given entry on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_down = False
        self.breaks_at = -1

    def record(self, entry: AuditEntry, *, durable: bool = True) -> None:
        self.check_writable()
        if len(self.entries) == self.breaks_at:
            self.is_down = True
            self.check_writable()
        super().record(entry, durable=durable)

    def check_writable(self) -> None:
        if self.is_down:
            raise AuditUnavailable("the disk is full", remedy="free some space")

    def words(self) -> list[tuple[str, str, bool]]:
        """Return event, token and success of every entry."""
        return [(str(entry.event), entry.resource_id, entry.success) for entry in self.entries]


class FailingStore(MemoryStore):
    """A store whose commits, or burials, fail while it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.commit_fails_with: BaseException | None = None
        self.burial_fails = False

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Any]:
        with super().transaction() as real:
            yield _FailingTransaction(self, real)


class _FailingTransaction:
    def __init__(self, store: FailingStore, real: Transaction) -> None:
        self._store = store
        self._real = real
        self.put, self.remove = real.put, real.remove
        self.set_outbox, self.accept_clock = real.set_outbox, real.accept_clock
        self.view = real.view

    def bury(self, burials: Any) -> None:
        burials = tuple(burials)
        if burials and self._store.burial_fails:
            raise StorageError("no space for the burial", remedy="free some")
        self._real.bury(burials)

    def commit(self, now: Any) -> tuple[Finding, ...]:
        if self._store.commit_fails_with is not None:
            raise self._store.commit_fails_with
        return self._real.commit(now)


NO_SPACE = StorageError("no space left", code="storage_failed", remedy="free some")


@pytest.fixture
def log() -> SwitchedLog:
    return SwitchedLog()


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture
def both(workshop: Workshop, log: SwitchedLog, store: FailingStore) -> loki_core.Loki:
    return workshop.open(store=store, audit=log)


# -- grants


def test_what_grants_is_logged_before_it_is_stored(both: loki_core.Loki, log: SwitchedLog, store: FailingStore) -> None:
    store.commit_fails_with = Crash()
    with pytest.raises(Crash):
        both.tokens.generate("ci-bot")
    assert [word[0] for word in log.words()] == ["auth.token.create"]
    assert both.tokens.list() == ()


@pytest.mark.parametrize("deed", ["generate", "commit", "rotate", "delete", "accept_clock"])
def test_what_grants_is_refused_while_the_log_is_down_and_the_store_stays_as_it_is(
    workshop: Workshop, deed: str
) -> None:
    loki = workshop.open()
    loki.tokens.generate("live")
    loki.tokens.generate("dead")
    loki.tokens.revoke("dead")
    draft = loki.tokens.prepare("drafted")
    audit = workshop.dashboard / "audit"
    audit.rename(workshop.dashboard / "audit.away")
    audit.write_text("a file where the directory belongs")
    before = {file.name: file.read_bytes() for file in workshop.dashboard.iterdir() if file.is_file()}
    with refuses("audit_unavailable") as caught:
        {
            "generate": lambda: loki.tokens.generate("new"),
            "commit": lambda: loki.tokens.commit(draft),
            "rotate": lambda: loki.tokens.rotate("live"),
            "delete": lambda: loki.tokens.delete("dead"),
            "accept_clock": loki.accept_clock,
        }[deed]()
    assert isinstance(caught.value, AuditUnavailable)
    assert {file.name: file.read_bytes() for file in workshop.dashboard.iterdir() if file.is_file()} == before
    assert audit.read_text() == "a file where the directory belongs"


def test_a_draft_is_refused_already_while_the_log_is_down(both: loki_core.Loki, log: SwitchedLog) -> None:
    """Nobody is shown a secret that cannot be made live."""
    log.is_down = True
    with refuses("audit_unavailable"):
        both.tokens.prepare("ci-bot")


def test_a_grant_that_could_not_be_stored_is_followed_by_an_entry_that_says_so(
    both: loki_core.Loki, log: SwitchedLog, store: FailingStore
) -> None:
    store.commit_fails_with = NO_SPACE
    with refuses("storage_failed"):
        both.tokens.generate("ci-bot")
    created, failed = log.entries
    assert (created.resource_id, created.success) == (failed.resource_id, True)
    assert (failed.success, failed.error) == (False, "storage_failed")
    assert both.tokens.list() == ()
    store.commit_fails_with = None
    both.tokens.generate("ci-bot")
    assert [word[0] for word in log.words()].count("audit.recover") == 0


def test_a_grant_that_was_logged_and_not_stored_before_a_crash_is_explained_once(
    workshop: Workshop, log: SwitchedLog, store: FailingStore
) -> None:
    store.commit_fails_with = Crash()
    with pytest.raises(Crash):
        workshop.open(store=store, audit=log).tokens.generate("ci-bot")
    store.commit_fails_with = None
    (lost,) = (entry.resource_id for entry in log.entries)
    for name in ("one", "two"):  # each a new process
        workshop.open(store=store, audit=log).tokens.generate(name)
    recovered = [entry for entry in log.entries if entry.event == "audit.recover"]
    assert [(entry.resource_id, entry.success, entry.error) for entry in recovered] == [(lost, False, "not_stored")]
    assert recovered[0].details["of"] == "auth.token.create"
    assert log.entries[1] == recovered[0]


def test_the_same_on_the_disk(workshop: Workshop) -> None:
    loki = workshop.open()
    loki.tokens.generate("kept")
    loki.tokens.generate("expired", expires_days=1)
    before = workshop.file.read_bytes()
    workshop.clock.move(days=1)
    lost = loki.tokens.generate("lost").token.id
    rotated = loki.tokens.rotate("kept").token.id
    (deleted,) = loki.tokens.delete("expired")
    loki.close()
    workshop.file.write_bytes(before)  # as after a crash before the first of the three renames
    workshop.open().tokens.generate("next")
    workshop.open().tokens.generate("after")
    recovered = [entry for entry in workshop.log() if entry["event"] == "audit.recover"]
    assert sorted((entry["resource_id"], entry["details"]["of"]) for entry in recovered) == sorted(
        [
            (lost, "auth.token.create"),
            (rotated, "auth.token.rotate"),
            (deleted.id, "auth.token.delete"),
        ]
    )
    check_chain(workshop.dashboard / "audit")


def test_a_deletion_of_many_of_which_some_were_logged_before_the_log_failed_is_explained(
    both: loki_core.Loki, log: SwitchedLog
) -> None:
    ids = [both.tokens.generate(name).token.id for name in ("one", "two", "three")]
    both.tokens.revoke("one", "two", "three")
    log.breaks_at = len(log.entries) + 2
    with refuses("audit_unavailable"):
        both.tokens.delete(*ids)
    assert len(both.tokens.list(include_revoked=True)) == 3
    log.breaks_at, log.is_down = -1, False
    both.tokens.generate("next")
    recovered = [entry.resource_id for entry in log.entries if entry.event == "audit.recover"]
    assert sorted(recovered) == sorted(ids[:2])


# -- withdrawals


def test_a_revocation_is_done_while_the_log_is_down_and_its_entry_arrives_once_without_a_restart(
    both: loki_core.Loki, log: SwitchedLog, clock: HandClock
) -> None:
    issued = both.tokens.generate("ci-bot")
    log.is_down = True
    (done,) = both.tokens.revoke("ci-bot")
    assert done.audit == "pending"
    with refuses("token_revoked"):
        both.authenticate(issued.secret.reveal())
    assert "audit_pending" in {finding.code for finding in both.health()}
    both.tokens.list()
    log.is_down = False
    clock.move(seconds=2)
    both.tokens.list()
    assert log.words()[-1] == ("auth.token.revoke", issued.token.id, True)
    assert log.entries[-1].timestamp == NOON
    clock.move(seconds=2)
    both.tokens.list()
    both.tokens.generate("other")
    assert [word[0] for word in log.words()].count("auth.token.revoke") == 1
    assert "audit_pending" not in {finding.code for finding in both.health()}


def test_an_entry_that_waits_goes_before_whatever_is_granted_next(both: loki_core.Loki, log: SwitchedLog) -> None:
    both.tokens.generate("ci-bot")
    log.is_down = True
    both.tokens.revoke("ci-bot")
    with refuses("audit_unavailable"):
        both.tokens.generate("other")
    log.is_down = False
    both.tokens.generate("other")
    assert [word[0] for word in log.words()] == ["auth.token.create", "auth.token.revoke", "auth.token.create"]


def test_entries_of_many_revocations_wait_in_their_order(both: loki_core.Loki, log: SwitchedLog) -> None:
    ids = [both.tokens.generate(name).token.id for name in ("one", "two", "three")]
    log.is_down = True
    both.tokens.revoke("one", "two")
    both.tokens.revoke("three")
    log.is_down = False
    both.tokens.generate("next")
    assert [word[1] for word in log.words()][3:6] == ids


def test_a_log_that_comes_back_for_only_some_of_the_waiting_entries_gets_each_once(
    both: loki_core.Loki, log: SwitchedLog, clock: HandClock
) -> None:
    ids = [both.tokens.generate(name).token.id for name in ("one", "two", "three")]
    log.is_down = True
    both.tokens.revoke(*ids)
    log.is_down, log.breaks_at = False, len(log.entries) + 1
    clock.move(seconds=2)
    both.tokens.list()
    log.is_down, log.breaks_at = False, -1
    clock.move(seconds=2)
    both.tokens.list()
    assert [word[1] for word in log.words() if word[0] == "auth.token.revoke"] == ids


def test_an_entry_is_not_logged_twice_when_a_crash_came_between_logging_and_storing(
    workshop: Workshop, log: SwitchedLog, store: FailingStore, clock: HandClock
) -> None:
    loki = workshop.open(store=store, audit=log)
    loki.tokens.generate("ci-bot")
    log.is_down = True
    loki.tokens.revoke("ci-bot")
    log.is_down = False
    clock.move(seconds=2)
    store.commit_fails_with = Crash()
    with pytest.raises(Crash):
        loki.tokens.list()
    assert log.words()[-1][0] == "auth.token.revoke"
    store.commit_fails_with = None
    clock.move(seconds=2)
    workshop.open(store=store, audit=log).tokens.generate("next")
    assert [word[0] for word in log.words()].count("auth.token.revoke") == 1
    assert not store.view().outbox


def test_a_clock_that_was_set_back_does_not_hold_up_what_waits(
    both: loki_core.Loki, log: SwitchedLog, clock: HandClock
) -> None:
    both.tokens.generate("ci-bot")
    log.is_down = True
    both.tokens.revoke("ci-bot")
    both.tokens.list()
    log.is_down = False
    clock.move(days=-1)
    both.tokens.list()
    assert [word[0] for word in log.words()].count("auth.token.revoke") == 1


def test_a_revocation_whose_record_cannot_be_stored_holds_by_its_burial_and_its_entry_is_not_lost(
    both: loki_core.Loki, log: SwitchedLog, store: FailingStore
) -> None:
    issued = both.tokens.generate("ci-bot")
    store.commit_fails_with, log.is_down = NO_SPACE, True
    (done,) = both.tokens.revoke("ci-bot")
    assert done.audit == "pending"
    with refuses("token_revoked"):
        both.authenticate(issued.secret.reveal())
    store.commit_fails_with, log.is_down = None, False
    both.tokens.generate("next")
    assert [word[:2] for word in log.words()].count(("auth.token.revoke", issued.token.id)) == 1
    assert "store.repaired" in [word[0] for word in log.words()]
    (raw,) = (raw for key, raw in store.view().document.tokens.items() if key == issued.token.id)
    assert raw["revoked"] is True


def test_a_revocation_that_was_logged_though_its_record_could_not_be_stored_says_written(
    both: loki_core.Loki, store: FailingStore
) -> None:
    both.tokens.generate("ci-bot")
    store.commit_fails_with = NO_SPACE
    assert [each.audit for each in both.tokens.revoke("ci-bot")] == ["written"]


def test_a_revocation_holds_by_its_record_when_revoked_log_cannot_be_written(
    both: loki_core.Loki, store: FailingStore
) -> None:
    issued = both.tokens.generate("ci-bot")
    store.burial_fails = True
    (done,) = both.tokens.revoke("ci-bot")
    assert done.audit == "written"
    with refuses("token_revoked"):
        both.authenticate(issued.secret.reveal())


def test_a_revocation_that_nothing_could_hold_is_an_error_and_logged_as_failed(
    both: loki_core.Loki, log: SwitchedLog, store: FailingStore
) -> None:
    issued = both.tokens.generate("ci-bot")
    store.burial_fails, store.commit_fails_with = True, NO_SPACE
    with refuses("storage_failed"):
        both.tokens.revoke("ci-bot")
    assert both.authenticate(issued.secret.reveal()).name == "ci-bot"
    assert log.words()[-1] == ("auth.token.revoke", issued.token.id, False)


def test_the_entry_of_a_revocation_arrives_in_the_file_once_the_disk_lets_it(workshop: Workshop) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    audit, away = workshop.dashboard / "audit", workshop.dashboard / "audit.away"
    audit.rename(away)
    audit.write_text("")
    assert [each.audit for each in loki.tokens.revoke("ci-bot")] == ["pending"]
    assert len(workshop.read()["audit_outbox"]) == 1
    audit.unlink()
    away.rename(audit)
    workshop.clock.move(seconds=2)
    loki.tokens.list()
    assert "audit_outbox" not in workshop.read()
    assert workshop.events() == ["auth.token.create", "auth.token.revoke"]
    check_chain(audit)


def test_waiting_entries_survive_a_rewrite_by_loki_mode_and_other_processes_writes(workshop: Workshop) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    audit, away = workshop.dashboard / "audit", workshop.dashboard / "audit.away"
    audit.rename(away)
    audit.write_text("")
    loki.tokens.revoke("ci-bot")
    theirs = make_peer_record("theirs", make_peer_secret())
    workshop.rewrite(lambda tokens: tokens.update({theirs["id"]: theirs}))
    workshop.open().tokens.revoke("theirs")
    audit.unlink()
    away.rename(audit)
    workshop.open().tokens.generate("next")
    assert workshop.events() == ["auth.token.create", "auth.token.revoke", "auth.token.revoke", "auth.token.create"]


def test_a_waiting_entry_that_makes_no_sense_holds_nothing_up(workshop: Workshop) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    document = workshop.read()
    workshop.write({**document, "audit_outbox": [{}, {"timestamp": 7}, {"event_id": "x"}, "text"]})
    loki.tokens.generate("next")
    assert "audit_outbox" not in workshop.read()
    assert workshop.events() == ["auth.token.create"] * 2


# -- entries


def test_every_change_is_logged_with_who_did_it_from_where_and_to_what(workshop: Workshop) -> None:
    loki = workshop.open()
    acting = loki.acting_as(loki.actor, address="10.0.0.1", agent="console")
    issued = acting.tokens.generate("ci-bot", scopes=["write"], expires_days=1)
    acting.tokens.rotate("ci-bot")
    acting.tokens.revoke("ci-bot")
    acting.tokens.delete(issued.token.id)
    entries = workshop.log()
    assert [entry["event"] for entry in entries] == [
        "auth.token.create",
        "auth.token.rotate",
        "auth.token.revoke",
        "auth.token.revoke",
        "auth.token.delete",
    ]
    for entry in entries:
        assert entry["user_id"] == loki.actor.subject
        assert (entry["ip_address"], entry["user_agent"], entry["success"]) == ("10.0.0.1", "console", True)
        assert entry["details"]["name"] == "ci-bot"
    assert entries[0]["resource_id"] == entries[4]["resource_id"] == issued.token.id
    assert entries[0]["details"]["scopes"] == ["write"]
    assert entries[0]["details"]["expires_at"] == (NOON + timedelta(days=1)).isoformat()


def test_a_secret_in_a_foreign_name_gets_into_no_entry_about_it(workshop: Workshop) -> None:
    secret = make_peer_secret()
    record = make_peer_record(f"old {secret}", make_peer_secret())
    workshop.write({"tokens": {record["id"]: record}})
    workshop.open().tokens.revoke(record["id"])
    assert secret[5:] not in "".join(file.read_text() for file in (workshop.dashboard / "audit").glob("*.jsonl"))


def test_with_the_log_switched_off_everything_works_and_nothing_is_written(workshop: Workshop) -> None:
    loki = workshop.open(is_logging=False)
    issued = loki.tokens.generate("ci-bot")
    loki.authenticate(issued.secret.reveal())
    loki.tokens.rotate("ci-bot")
    assert [each.audit for each in loki.tokens.revoke("ci-bot")] == ["written", "written"]
    loki.tokens.delete(issued.token.id)
    loki.close()
    assert not (workshop.dashboard / "audit").exists()
    assert loki.audit_label == "off"
    assert "audit_off" in {finding.code for finding in loki.health()}


def test_a_burial_is_written_before_the_store_so_that_a_crash_between_them_does_not_undo_it(
    workshop: Workshop,
) -> None:
    issued = workshop.open().tokens.generate("ci-bot")
    workshop.close()

    class _CrashesAtCommit(FileStore):
        def write(self, *_: object) -> None:
            raise Crash

    crashing = _CrashesAtCommit(str(workshop.dashboard), BackgroundWriter())
    with pytest.raises(Crash):
        workshop.open(store=crashing).tokens.revoke("ci-bot")
    with refuses("token_revoked"):
        workshop.open().authenticate(issued.secret.reveal())

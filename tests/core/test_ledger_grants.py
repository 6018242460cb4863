"""What grants is logged first, and refused when it cannot be logged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import loki_core
from loki_core import AuditUnavailable
from tests.core.broken_parts import NO_SPACE, Crash, FailingStore, SwitchedLog
from tests.core.workshop import Workshop, check_chain, refuses


@pytest.fixture
def log() -> SwitchedLog:
    return SwitchedLog()


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture
def both(workshop: Workshop, log: SwitchedLog, store: FailingStore) -> loki_core.Loki:
    return workshop.open(store=store, audit=log)


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


def test_every_write_of_the_store_carries_the_newest_head_of_the_log(
    both: loki_core.Loki, log: SwitchedLog, store: FailingStore
) -> None:
    def keep(number: int) -> None:
        hexes = {"last_hash": "a" * 64, "marks_digest": "b" * 64, "signature": "c" * 128}
        log.newest_head = {"number": number, "count": 7, "period": "2026-03-01", "at": "2026-03-01T12:00:00Z", **hexes}

    both.tokens.generate("before")
    assert store.view().audit_head is None
    deeds: list[Callable[[], object]] = [
        lambda: both.tokens.generate("ci-bot"),
        lambda: both.tokens.rotate("ci-bot"),
        lambda: both.tokens.revoke("ci-bot"),
        lambda: both.tokens.delete(both.tokens.list(include_revoked=True)[-1].id),
    ]
    for number, deed in enumerate(deeds, 1):
        keep(number)
        deed()
        assert store.view().audit_head == log.newest_head

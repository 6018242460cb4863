"""What takes away is never refused; its entry waits where it must and arrives once."""

from __future__ import annotations

import pytest

import loki_core
from tests.core.broken_parts import NO_SPACE, Crash, FailingStore, SwitchedLog
from tests.core.workshop import NOON, HandClock, Workshop, check_chain, make_peer_record, make_peer_secret, refuses


@pytest.fixture
def log() -> SwitchedLog:
    return SwitchedLog()


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture
def both(workshop: Workshop, log: SwitchedLog, store: FailingStore) -> loki_core.Loki:
    return workshop.open(store=store, audit=log)


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

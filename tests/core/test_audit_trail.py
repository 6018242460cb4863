"""Reading the log by the library: entries, following, and a summary."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta

import pytest

import loki_core
from loki_core import AuditEvent, Level, Query
from loki_core.audit.chain import GENESIS, seal_entry
from loki_core.audit.events import AuditEntry
from loki_core.frozen import replace
from loki_core.principal import Method, Principal
from tests.core.workshop import NOON, HandClock, Workshop, refuses

FAILURE = AuditEntry(
    timestamp=NOON,
    event=AuditEvent.FAIL,
    user_id="anonymous",
    resource_type="auth",
    ip_address="10.0.0.9",
    success=False,
    error="token_unknown",
)


def _acting_with(loki: loki_core.Loki, *scopes: str) -> loki_core.Loki:
    held = loki.scopes.sort(loki.scopes.expand(scopes))
    principal = Principal(
        subject="tok-000000000001",
        name="someone",
        role=None,
        scopes=scopes,
        effective_scopes=held,
        method=Method.TOKEN,
        catalog=loki.scopes,
    )
    return loki.acting_as(principal, address="10.0.0.7", agent="curl/8")


def test_entries_come_newest_first_and_only_as_many_as_are_wanted(loki: loki_core.Loki) -> None:
    for number in range(5):
        loki.tokens.generate(f"bot-{number}")
    assert [line.entry.details["name"] for line in loki.audit.entries(limit=2)] == ["bot-4", "bot-3"]
    assert [line.entry.seq for line in loki.audit.entries(newest_first=False)] == [1, 2, 3, 4, 5]
    newest = next(loki.audit.entries())
    assert (newest.level, newest.fields["action"], newest.file) == (Level.NOTICE, "create", "audit-2026-03-01.jsonl")
    assert loki.audit.find_line_number(newest) == 5


def test_a_token_is_found_by_its_id_its_name_and_the_names_of_the_deleted(loki: loki_core.Loki) -> None:
    token = loki.tokens.generate("ci-bot").token
    loki.tokens.generate("other")
    loki.tokens.revoke("ci-bot")
    loki.tokens.generate("ci-bot")
    for reference, count in ((token.id, 2), ("ci-bot", 3), ("other", 1), ("none", 0)):
        assert len(list(loki.audit.entries(Query(token=reference)))) == count, reference
    loki.tokens.delete(token.id)
    assert len(list(loki.audit.entries(Query(token="ci-bot")))) == 4


def test_reading_needs_audit_and_a_refusal_is_logged(workshop: Workshop, loki: loki_core.Loki) -> None:
    loki.tokens.generate("ci-bot")
    auditor = _acting_with(loki, "audit")
    assert len(list(auditor.audit.entries())) == 1
    other = _acting_with(loki, "control")
    for refused in (other.audit.entries, other.audit.follow, other.audit.summary):
        with refuses("insufficient_scope"):
            refused()
    loki.close()
    denied = workshop.log()[1:]
    assert [entry["event"] for entry in denied] == ["permission.denied"] * 3
    assert {entry["details"]["needed"] for entry in denied} == {"audit"}
    assert {(entry["resource_type"], entry["ip_address"]) for entry in denied} == {("audit", "10.0.0.7")}


def test_who_follows_sees_what_others_write(workshop: Workshop, loki: loki_core.Loki) -> None:
    loki.tokens.generate("before")
    loki.tokens.generate("last")
    follower = loki.audit.follow(Query(events=frozenset({"auth.token"})), last=1)
    workshop.open().tokens.generate("new")
    assert [line.entry.details["name"] for line in follower.read_new()] == ["last", "new"]
    assert follower.read_new() == ()
    workshop.open().tokens.revoke("new")
    assert [line.entry.event for line in follower.read_new()] == ["auth.token.revoke"]


def test_the_summary_counts_days_events_and_actors(workshop: Workshop, loki: loki_core.Loki, clock: HandClock) -> None:
    loki.tokens.generate("early")
    clock.move(days=8)
    now = clock.now
    loki.tokens.generate("late")
    sink = loki._parts.sink
    for minutes, code, address in (
        (90, "token_unknown", "10.0.0.9"),
        (30, "token_expired", ""),
        (1, "token_unknown", ""),
    ):
        at = now - timedelta(minutes=minutes)
        sink.record(replace(FAILURE, timestamp=at, error=code, ip_address=address))
    sink.record(replace(FAILURE, timestamp=now, error="many", details={"count": 7, "by_code": {"token_malformed": 7}}))
    summary = loki.audit.summary()
    assert [(day.name, day.ok, day.failed) for day in summary.days] == [
        *((f"2026-03-0{day}", 0, 0) for day in range(3, 9)),
        ("2026-03-09", 1, 10),
    ]
    assert [(tally.name, tally.total) for tally in summary.events] == [("auth.fail", 10), ("auth.token.create", 1)]
    assert summary.actors[0].name == "anonymous"
    assert summary.failures_by_code == {"token_malformed": 7, "token_expired": 1, "token_unknown": 1}
    assert summary.failures_by_address == {"10.0.0.9": 7, "local": 2}
    assert (summary.failures, summary.entries, summary.oldest_at) == (9, 5, NOON)
    assert summary.newest is not None
    assert summary.newest.error == "many"


def test_an_empty_log_has_a_summary_too(loki: loki_core.Loki) -> None:
    summary = loki.audit.summary(days=2)
    assert (summary.entries, summary.newest, summary.oldest_at) == (0, None, None)
    assert [day.name for day in summary.days] == ["2026-02-28", "2026-03-01"]


def test_a_log_that_was_switched_off_can_be_read_and_says_so(workshop: Workshop) -> None:
    workshop.open().tokens.generate("before")
    loki = workshop.open(is_logging=False)
    loki.tokens.generate("unseen")
    newest, before = loki.audit.entries()
    assert (newest.entry.event, newest.entry.details["enabled"]) == ("policy.change", False)
    assert newest.level is Level.WARNING
    assert before.entry.details["name"] == "before"
    assert loki.audit.verify().ok


def test_the_revision_tells_that_there_is_something_new(loki: loki_core.Loki) -> None:
    before = loki.audit.revision()
    assert loki.audit.revision() == before
    loki.tokens.generate("ci-bot")
    assert loki.audit.revision() != before


@pytest.mark.parametrize("form", ["json", "csv", "cef"])
def test_an_export_takes_no_more_memory_for_a_longer_log(workshop: Workshop, loki: loki_core.Loki, form: str) -> None:
    place = workshop.dashboard / "audit"
    place.mkdir(mode=0o700, parents=True)
    line = seal_entry(FAILURE, GENESIS, 1)[0] + b"\n"
    peaks = []
    for lines in (2_000, 20_000):
        (place / "audit-2026-03-01.jsonl").write_bytes(line * lines)
        (place / "audit-2026-03-01.jsonl").chmod(0o600)
        tracemalloc.start()
        assert sum(1 for _ in loki.audit.export(form)) == lines + (form != "cef")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0] + 100_000

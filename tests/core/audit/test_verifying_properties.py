"""Any one change of any one line is found there; any honest log is whole."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loki_core.audit.events import AuditEntry, AuditEvent
from tests.core.audit.tampering import Copy, list_problems
from tests.core.audit.test_file_log import write_peer_lines
from tests.core.workshop import GENESIS, NOON, Workshop

_FAST = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
_texts = st.text(max_size=20)
_entries = st.builds(
    AuditEntry,
    timestamp=st.just(NOON),
    event=st.sampled_from(list(AuditEvent)) | _texts,
    user_id=_texts,
    user_agent=_texts,
    error=_texts.filter(lambda text: text != "truncated"),
    details=st.dictionaries(_texts, _texts | st.integers() | st.none() | st.lists(_texts), max_size=3),
)
_runs = st.lists(st.tuples(st.integers(0, 40), st.lists(_entries, max_size=4)), min_size=1, max_size=6)


@pytest.fixture
def whole(workshop: Workshop, tmp_path: Path) -> Copy:
    """Three days of a few entries each, closed."""
    for day in range(3):
        with workshop.open() as loki:
            for number in range(6):
                loki.tokens.generate(f"bot-{day}-{number}")
                workshop.clock.move(seconds=40)
        workshop.clock.move(days=1)
    return Copy(workshop.dashboard, tmp_path / "copy")


@_FAST
@given(data=st.data())
def test_any_change_of_bytes_in_a_line_is_found_at_that_line(whole: Copy, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(whole.lines) - 1))
    before = whole.lines[index]
    start = data.draw(st.integers(0, len(before.data)))
    stop = data.draw(st.integers(start, min(start + 30, len(before.data))))
    put_in = data.draw(st.binary(max_size=12).filter(lambda text: b"\n" not in text))
    changed = before.data[:start] + put_in + before.data[stop:]
    if changed in {before.data, b""}:
        return
    whole.lines[index] = before._replace(data=changed)
    whole.save()
    verdict = whole.verify()
    whole.lines[index] = before
    assert list_problems(verdict) == [("edited", *whole.locate(index))]


@_FAST
@given(runs=_runs, is_begun_by_the_peer=st.booleans())
def test_any_honest_log_is_whole(
    workshop: Workshop, runs: list[tuple[int, list[AuditEntry]]], is_begun_by_the_peer: bool
) -> None:
    shutil.rmtree(workshop.home, ignore_errors=True)
    workshop.clock.now = NOON
    if is_begun_by_the_peer:
        workshop.dashboard.mkdir(mode=0o700, parents=True)
        write_peer_lines(workshop.dashboard / "audit", 5, previous=GENESIS)
    for hours, entries in runs:
        workshop.clock.now += timedelta(hours=hours)
        with workshop.open() as loki:
            loki._parts.sink.record_all([_date(entry, workshop) for entry in entries], durable=False)
    with workshop.open() as loki:
        verdict = loki.audit.verify()
    assert (verdict.ok, verdict.problems) == (True, ())


def _date(entry: AuditEntry, workshop: Workshop) -> AuditEntry:
    return replace(entry, timestamp=workshop.clock())

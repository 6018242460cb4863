"""When and from where tokens were used: notes, added up and compacted."""

from __future__ import annotations

import os
import stat
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.background import BackgroundWriter
from loki_core.tokens.token import Use
from loki_core.tokens.usage_log import KEPT, UsageLog
from loki_core.tokens.uses import UseTally, dump_use, parse_use
from tests.core.workshop import NOON


def _use(token_id: str = "tok-1", *, minutes: float = 0, address: str = "10.0.0.1", agent: str = "curl") -> Use:
    moment = NOON + timedelta(minutes=minutes)
    return Use(token_id=token_id, address=address, agent=agent, last_at=moment, count=1)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    directory = tmp_path / "dashboard"
    directory.mkdir(mode=0o700)
    return directory


def _write(log: UsageLog, background: BackgroundWriter, *uses: Use) -> None:
    for use in uses:
        log.note(use)
    assert background.flush(60)


def test_uses_are_added_up_by_token_address_and_agent(place: Path) -> None:
    background = BackgroundWriter()
    log = UsageLog(str(place), background)
    uses = [_use(), _use(minutes=2), _use(minutes=1, address="10.0.0.2"), _use(minutes=3, agent="wget"), _use("tok-2")]
    _write(log, background, *uses)
    found = UsageLog(str(place), background).refresh().find("tok-1")
    assert [(use.address, use.agent, use.count) for use in found] == [
        ("10.0.0.1", "wget", 1),
        ("10.0.0.1", "curl", 2),
        ("10.0.0.2", "curl", 1),
    ]
    assert len(log.refresh().find()) == 4
    assert stat.S_IMODE((place / "usage.jsonl").stat().st_mode) == 0o600


def test_what_other_processes_note_is_read_on_without_counting_anything_twice(place: Path) -> None:
    background = BackgroundWriter()
    one, two = UsageLog(str(place), background), UsageLog(str(place), background)
    for round_number in range(1, 4):
        _write(one, background, _use())
        assert two.refresh().find("tok-1")[0].count == round_number
        assert one.refresh().find("tok-1")[0].count == round_number


def test_the_log_is_compacted_by_size_without_losing_a_count(place: Path) -> None:
    background = BackgroundWriter()
    log = UsageLog(str(place), background, compact_above=4096)
    reader = UsageLog(str(place), background)
    for round_number in range(20):
        _write(log, background, *(_use(minutes=20 * round_number + number) for number in range(20)))
        assert reader.refresh().find("tok-1")[0].count == 20 * (round_number + 1)
    assert (place / "usage.jsonl").stat().st_size < 4096 + 20 * 200
    (use,) = UsageLog(str(place), background).refresh().find("tok-1")
    assert (use.count, use.last_at) == (400, NOON + timedelta(minutes=399))


def test_compacting_forgets_what_is_older_than_it_is_kept(place: Path) -> None:
    background = BackgroundWriter()
    log = UsageLog(str(place), background, compact_above=1)
    old = Use(token_id="tok-old", address="", agent="", last_at=NOON - KEPT - timedelta(days=1), count=1)
    _write(log, background, old, _use())
    assert {use.token_id for use in UsageLog(str(place), background).refresh().find()} == {"tok-1"}


def test_an_ancient_use_alone_does_not_break_compacting(place: Path) -> None:
    background = BackgroundWriter()
    (place / "usage.jsonl").write_text('{"at": "0001-01-01T00:00:00+00:00", "id": "tok-1"}\n')
    (place / "usage.jsonl").chmod(0o600)
    log = UsageLog(str(place), background, compact_above=1)
    ancient = parse_use(b'{"at": "0001-01-02T00:00:00+00:00", "id": "tok-2"}')
    assert ancient is not None
    _write(log, background, ancient)
    _write(log, background, _use())
    assert log.refresh().find("tok-1")


def test_a_torn_or_foreign_line_costs_only_itself(place: Path) -> None:
    background = BackgroundWriter()
    log = UsageLog(str(place), background)
    _write(log, background, _use())
    with open(place / "usage.jsonl", "ab") as file:
        file.write(
            b'[]\n7\n{}\n{"at": 7, "id": "x"}\n{"at": "2026-03-01", "id": 7}\n' + b"[" * 100_000 + b'\n{"at": "20'
        )
    _write(log, background, _use(minutes=1))
    (use,) = log.refresh().find()
    assert use.count == 2


def test_a_missing_directory_is_not_made_and_nobody_is_told(tmp_path: Path) -> None:
    background = BackgroundWriter()
    log = UsageLog(str(tmp_path / "nowhere"), background)
    _write(log, background, _use())
    assert log.refresh().find() == ()
    assert log.revision() is None
    assert os.listdir(tmp_path) == []


@given(st.binary())
def test_no_line_makes_reading_fail(line: bytes) -> None:
    parse_use(line)


@given(st.text(), st.text(), st.text(), st.integers(1, 10**9))
def test_a_use_is_one_line_and_comes_back(token_id: str, address: str, agent: str, count: int) -> None:
    use = Use(token_id=token_id, address=address, agent=agent, last_at=NOON, count=count)
    line = dump_use(use).encode()
    assert b"\n" not in line
    parsed = parse_use(line)
    assert parsed is not None
    assert (parsed.token_id, parsed.last_at, parsed.count) == (token_id, NOON, count)
    assert not {unicodedata.category(each) for each in parsed.address + parsed.agent} & {"Cc", "Cf", "Zl", "Zp"}


def test_a_tally_keeps_the_newest_time_whatever_the_order() -> None:
    tally = UseTally([_use(minutes=5), _use(minutes=1), _use(minutes=3)])
    assert tally.last == {"tok-1": NOON + timedelta(minutes=5)}
    assert tally.find("tok-1")[0].count == 3

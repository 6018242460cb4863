"""The commands that read the log: what they show, in which order, and what they refuse."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.core.cli.audit_stage import CREATED, get_log, make_foreign_line, make_lines, write_log, write_two_days
from tests.core.cli.program import Program
from tests.support.fixtures import StartPty


@pytest.fixture
def logged(loki: Program) -> Program:
    """A log of two days, three entries each."""
    write_two_days(loki)
    return loki


def _seqs(answer: str) -> list[int]:
    return [entry["seq"] for entry in json.loads(answer)]


def test_the_guides_command_shows_failed_sign_ins(loki: Program) -> None:
    loki.do("token generate ci-bot")
    loki("token verify -", stdin="loki_" + "a" * 49)
    heading, line = loki.do("audit tail --event auth.fail").out.splitlines()
    assert heading.split()[:5] == ["TIME", "EVENT", "RESULT", "ACTOR", "ABOUT"]
    assert line.split()[1:3] == ["auth.fail", "token_unknown"]
    assert line.split()[3].startswith("os:")


def test_tail_shows_the_newest_oldest_first_and_as_json_exactly_what_is_stored(logged: Program) -> None:
    stored = b"".join(file.read_bytes() for file in sorted(get_log(logged).iterdir())).decode()
    assert logged.do("audit tail --json").out == stored
    assert logged.do("audit tail -n 2 --json").out == "".join(stored.splitlines(keepends=True)[-2:])
    assert logged.do("audit tail -n 0 --json").out == ""
    rows = logged.do("audit tail --lines 4").out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == [
        "2026-03-01T12:02:00Z",
        *(f"2026-03-02T12:0{minute}:00Z" for minute in range(3)),
    ]


@pytest.mark.parametrize(
    ("options", "seqs"),
    [
        ("", [6, 5, 4, 3, 2, 1]),
        ("--limit 2", [6, 5]),
        ("--from 2026-03-02", [6, 5, 4]),
        ("--to 2026-03-01", [3, 2, 1]),
        ("--from 2026-03-01T12:01 --to 2026-03-02T12:01Z", [4, 3, 2]),
        ("--from 2026-03-01T14:01+02:00 --to 2026-03-01T12:02", [2]),
        ("--from 24h", []),
        ("--event auth.fail", [6, 3]),
        ("--event auth.token", [5, 4, 2, 1]),
        ("--event 'auth.token.*'", [5, 4, 2, 1]),
        ("--event auth.fail,auth.token.use", [6, 5, 3, 2]),
        ("--level warning", [6, 3]),
        ("--level notice", [6, 4, 3, 1]),
        ("--actor alice", [4, 1]),
        ("--token tok-000000000001", [5, 4, 2, 1]),
        ("--token ci-bot", [5, 4, 2, 1]),
        ("--failed", [6, 3]),
        ("--text CURL", [6, 3]),
        ("--failed --event auth.token", []),
    ],
)
def test_search_finds_what_is_asked_for_newest_first(logged: Program, options: str, seqs: list[int]) -> None:
    assert _seqs(logged.do(f"audit search {options} --json").out) == seqs


def test_in_a_terminal_no_line_is_wider_than_the_screen_and_each_is_told_apart(
    logged: Program, start_pty: StartPty
) -> None:
    long = {"name": "a long name " * 20, "user_agent": "an agent " * 30}
    write_log(logged, "audit-2026-03-02.jsonl", make_foreign_line(details=long, user_agent="x" * 300, user_id="b" * 99))
    for command in ("tail", "search"):
        for columns in (80, 100, 160):
            terminal = start_pty([*logged.argv, "enterprise", "audit", command], columns=columns)
            assert terminal.wait() == 0
            lines = terminal.text.rstrip("\n").split("\n")
            assert len(lines) == 8, terminal.text
            assert all(re.match(r"(2026-)?03-0[12][T ]12:\d\d(:00Z?)? ", line) for line in lines[1:])
            assert sum("auth.token.create" in line for line in lines) == 2
            assert columns == 80 or any("T12:00:00Z" in line for line in lines)


def test_an_empty_log_says_so_to_people_and_nothing_to_scripts(loki: Program, start_pty: StartPty) -> None:
    assert loki.do("audit tail").out == loki.do("audit search").out == loki.do("audit tail --json").out == ""
    assert loki.do("audit search --json").json == []
    assert loki.do("audit summary --json").json["entries"] == 0
    assert list(loki.home.iterdir()) == []
    terminal = start_pty([*loki.argv, "enterprise", "audit", "tail"])
    assert terminal.wait() == 0
    assert "There are no such entries yet." in terminal.text


def test_lines_that_are_no_entries_are_counted_and_not_shown(logged: Program) -> None:
    write_log(logged, "audit-2026-03-02.jsonl", b'not JSON\n{"no": "time"}\n')
    for command in ("tail", "search", "summary --days 3650"):
        answer = logged(f"audit {command}")
        assert answer.status == 0
        assert answer.err == "loki: 2 lines that are no entries were left out: see loki enterprise audit verify\n"
    assert logged("audit search --json").err == ""
    assert logged.do("audit summary --days 3650 --json").json["unreadable"] == 2


def test_summary_counts(loki: Program) -> None:
    loki.do("token generate ci-bot")
    for _ in range(2):
        loki("token verify -", stdin="loki_" + "a" * 49)
    found: dict[str, Any] = loki.do("audit summary --json").json
    assert found["entries"] == 3
    assert found["days"][-1] == {"name": f"{datetime.now(UTC):%Y-%m-%d}", "ok": 1, "failed": 2}
    assert len(found["days"]) == 7
    assert found["events"][0] == {"name": "auth.fail", "ok": 0, "failed": 2}
    assert found["failed_sign_ins"] == {"last_hour": 2, "by_code": {"token_unknown": 2}, "by_address": {"local": 2}}
    shown = loki.do("audit summary --days 1").out
    assert "\nEntries: 3 in 1 day\n" in shown
    assert "\nFailed: 2 sign-ins in the last hour\n" in shown
    assert re.search(r"\nauth.token.create +1 +0\n", shown)


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("tail --event auth.fial", "unknown_event", "did you mean auth.fail?"),
        ("tail --event ','", "empty_argument", "--event is empty"),
        ("search --level warn", "unknown_level", "did you mean warning?"),
        ("search --from yesterday", "invalid_time", "--from is no time"),
        ("search --from 999999d", "invalid_time", "--from is no time"),
        ("search --to 9999-12-31", "invalid_time", "--to is no time"),
        ("search --from 2026-03-02 --to 2026-03-01", "invalid_time", "--from is not before --to"),
        ("search --limit 0", "invalid_count", "--limit is no number of entries"),
        ("tail -n many", "invalid_count", "--lines is no number of entries"),
        ("tail -n -1", "invalid_count", "--lines is no number of entries"),
        ("summary --days 1000000000000", "invalid_count", "--days is no number"),
        ("export", "usage", "required: --output"),
        ("export --format xml --output x", "unknown_format", "known: json, csv, cef"),
        ("tali", "usage", "did you mean tail?"),
    ],
)
def test_bad_input_is_refused_in_one_line_with_the_remedy(loki: Program, line: str, code: str, says: str) -> None:
    answer = loki(f"audit {line}")
    assert (answer.status, answer.out) == (2, "")
    assert says in answer.err
    assert answer.err.count("\n") == 1
    as_json = loki(f"audit {line} --json")
    assert (as_json.status, as_json.json["error"]["code"], as_json.err) == (2, code, "")


@pytest.mark.parametrize("command", ["tail", "search", "summary", "export --output x", "tail --follow"])
def test_a_log_that_cannot_be_read_ends_with_4(logged: Program, command: str) -> None:
    victim = get_log(logged) / "audit-2026-03-01.jsonl"
    victim.unlink()
    victim.symlink_to(get_log(logged) / "audit-2026-03-02.jsonl")
    answer = logged(f"audit {command}")
    assert answer.status == 4
    assert "is a symbolic link" in answer.err
    assert not (logged.directory / "x").exists()


def test_export_writes_a_new_file_for_its_owner_alone_and_never_over_another(logged: Program) -> None:
    answer = logged.do("audit export --output out.json")
    file = logged.directory / "out.json"
    assert answer.out == f"Wrote {file} ({file.stat().st_size:,} bytes), readable by you alone.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry["seq"] for entry in json.loads(file.read_bytes())] == [1, 2, 3, 4, 5, 6]
    before = file.read_bytes()
    again = logged("audit export --format csv --output out.json")
    assert (again.status, file.read_bytes()) == (1, before)
    assert "name a new file" in again.err
    (logged.directory / "link").symlink_to("nowhere")
    assert logged("audit export --output link").status == 1
    assert not (logged.directory / "nowhere").exists()
    assert logged("audit export --output none/out.json").status == 1
    described = logged.do("audit export --format cef --output out.cef --json").json
    assert described == {
        "file": str(logged.directory / "out.cef"),
        "format": "cef",
        "bytes": os.stat(logged.directory / "out.cef").st_size,
    }


def test_export_to_standard_output_in_every_form(logged: Program) -> None:
    assert len(logged.do("audit export --output -").json) == 6
    rows = list(csv.reader(io.StringIO(logged.do("audit export --output - --format csv --event auth.fail").out)))
    assert rows[0][:4] == ["seq", "timestamp", "level", "event"]
    assert [row[:4] for row in rows[1:]] == [
        [str(seq), f"2026-03-0{day}T12:02:00+00:00", "warning", "auth.fail"] for seq, day in ((3, 1), (6, 2))
    ]
    lines = logged.do("audit export --output - --format cef --from 2026-03-02").out.splitlines()
    assert [line.split("|")[4] for line in lines] == ["auth.token.create", "auth.token.use", "auth.fail"]
    assert logged.do("audit export --output - --from 1h").json == []


def test_an_export_that_is_interrupted_leaves_no_file(loki: Program) -> None:
    entries = (CREATED for _ in range(2_000))
    lines = b"".join(make_lines(entries))
    for day in range(1, 21):
        write_log(loki, f"audit-2026-03-{day:02}.jsonl", lines)
    target = loki.directory / "out.csv"
    process = loki.start("enterprise", "audit", "export", "--format", "csv", "--output", str(target))
    while not (target.exists() and target.stat().st_size) and process.poll() is None:
        os.sched_yield()
    process.terminate()
    assert process.wait(60) == 128 + 15
    assert not target.exists()


def test_times_before_any_and_spans_are_understood(loki: Program) -> None:
    now = datetime.now(UTC)
    for hours in (30, 20):
        at = now - timedelta(hours=hours)
        name = f"audit-{at:%Y-%m-%d}.jsonl"
        write_log(loki, name, make_foreign_line(timestamp=at.isoformat(), hours=hours))
    found = loki.do("audit search --from 24h --json").json
    assert [entry["hours"] for entry in found] == [20]
    assert len(loki.do("audit search --from 2d --to 1h --json").json) == 2
    assert len(loki.do("audit search --from 0001-01-01 --json").json) == 2

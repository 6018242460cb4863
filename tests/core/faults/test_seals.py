"""Beginning a day, sealing and pruning, killed and failing at every single call: no key is lost, none stays behind."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from loki_core.audit.file_log import FileLog
from loki_core.audit.retention import Retention
from loki_core.audit.seal_schedule import SealSchedule
from loki_core.audit.sealer import Sealer
from loki_core.audit.verification import verify_log
from loki_core.audit.verify_request import WitnessPaths
from loki_core.errors import AuditUnavailable
from tests.core.audit.seals import check_seals, day, find_bytes, make_entry, read_lines
from tests.core.faults.family import Child, Line, ask_child, hear_from, run_alone
from tests.core.faults.injection import LOOKS, Call, list_calls, watch_child
from tests.core.faults.peer import read_chain
from tests.core.workshop import HandClock

ERRORS = ("ENOSPC", "EIO", "EROFS", "EMFILE")
KEPT_DAYS = 3
CHANGING = ("write", "pwrite64", "ftruncate", "mkdir", "mkdirat", "link", "linkat", "rename", "renameat", "unlinkat")
"""The calls after which the disk is another one; between two of them it makes no difference where a process ends."""


def _open(home: Path, clock: HandClock) -> FileLog:
    sealer = Sealer(str(home / ".loki/dashboard/keys"))
    schedule = SealSchedule(sealer, clock, user_id="os:alice", retention=Retention(KEPT_DAYS, sealer))
    return FileLog(str(home / ".loki/dashboard/audit"), clock=clock, sealing=schedule)


def _make_template(home: Path) -> str:
    """Write a first day that is closed, and a second one whose writer was killed; return the private key."""
    (home / ".loki/dashboard").mkdir(mode=0o700, parents=True)
    log = _open(home, HandClock(day(1)))
    log.record(make_entry(day(1)))
    log.close()
    log = _open(home, HandClock(day(2)))
    for _ in range(3):
        log.record(make_entry(day(2)))
    return str(json.loads((home / ".loki/dashboard/keys/audit-key.json").read_bytes())["private_key"])


def _write(home: Path, number: int) -> None:
    log = _open(home, HandClock(day(number)))
    log.record(make_entry(day(number)))
    log.close()


def do_deed(home: Path, go_on: bool, line: Line) -> None:
    """Begin a day, for which another is closed and old ones go, and seal it; later, do more in the same process."""
    clock = HandClock(day(7))
    log = _open(home, clock)
    descriptors = len(os.listdir("/proc/self/fd"))
    try:
        log.record(make_entry(day(7)))
        line.say("recorded")
    except AuditUnavailable:
        line.say("refused")
    log.close()
    line.say("closed")
    if go_on:
        clock.move(minutes=2)
        log.record(make_entry(clock()))
        log.close()
        line.say("leaked", len(os.listdir("/proc/self/fd")) - descriptors)


class Stage:
    """A home to fail in, made anew for each case from a template."""

    def __init__(self, home: str) -> None:
        self._template, self.home = Path(home, "template"), Path(home, "case")
        self.audit, self.keys = self.home / ".loki/dashboard/audit", self.home / ".loki/dashboard/keys"
        self.old_key = ask_child(lambda: _make_template(self._template)).encode()

    def start_over(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self._template, self.home)

    def list_calls(self) -> list[Call]:
        """Return the calls of the deed, but for unlocking, which does not fail."""
        self.start_over()
        calls = list_calls(functools.partial(do_deed, self.home, False), self.home / ".loki")
        return [call for call in calls if "LOCK_UN" not in call.line]

    def judge(self) -> str:
        """Verify, let another process go on today and tomorrow; return what is wrong then, or ""."""
        if found := self._verify():
            return f"a false alarm: {found}"
        ask_child(lambda: _write(self.home, 7))
        ask_child(lambda: _write(self.home, 8))
        ends = [head["count"] for head in _check_what_is_kept(self.audit)]
        entries = _read_kept_chain(self.home)
        if ends[-1] != entries[-1]["seq"]:
            return "the last line is not signed"
        if any(entry["error"] == "key_lost" for entry in entries):
            return "a key was lost"
        if alarms := self._verify():
            return f"a false alarm afterwards: {alarms}"
        if found := find_bytes(self.home, self.old_key):
            return f"the key of an earlier day is in {found}"
        left = [file.name for file in (*self.keys.iterdir(), *self.audit.glob(".[!a]*"))]
        if left != ["audit-key.json"]:
            return f"left over: {left}"
        days = sorted({file.name[6:16] for file in self.audit.glob("audit-*.jsonl")})
        return "" if days == ["2026-03-07", "2026-03-08"] else f"there are files of {days}"

    def _verify(self) -> list[str]:
        verdict = verify_log(str(self.audit), witnesses=WitnessPaths(keys=str(self.keys)))
        return [f"{problem.kind} {problem.file}:{problem.line}" for problem in verdict.problems if not verdict.ok]


def _check_what_is_kept(audit: Path) -> list[dict[str, Any]]:
    """Check the seals of a log whose first lines and heads are gone."""
    pruned = json.loads((audit / "pruned.json").read_bytes())
    return check_seals(audit, gone=(pruned["count"], pruned["heads_up_to"]))


def _read_kept_chain(home: Path) -> list[dict[str, Any]]:
    pruned = json.loads((home / ".loki/dashboard/audit/pruned.json").read_bytes())
    return read_chain(home, after=(pruned["count"], pruned["last_hash"]))


def _changes(call: Call) -> bool:
    return call.name in CHANGING or "O_CREAT" in call.line


def kill_at_each_call(home: str, thoroughly: bool) -> dict[str, Any]:
    """Kill a process at each call, and let others go on."""
    began, wrong = time.monotonic(), []
    stage = Stage(home)
    calls = [call for call in stage.list_calls() if thoroughly or _changes(call)]
    for call in calls:
        stage.start_over()
        injection = f"{call.name}:signal=SIGKILL:when={call.number}"
        messages, status, _ = watch_child(functools.partial(do_deed, stage.home, False), injection)
        if status != -9 and call.name in LOOKS:
            continue  # how often the lock is looked at depends on the time: there was one look less
        problem = "it was not killed in the middle" if status != -9 or ["closed"] in messages else _guard(stage)
        if problem:
            wrong.append(f"{call}: {problem}: {call.line}")
    return {"kills": len(calls), "wrong": wrong, "seconds": round(time.monotonic() - began, 1)}


def fail_each_call(home: str, thoroughly: bool) -> dict[str, Any]:
    """Let each call fail, go on in the same process and then in others."""
    began, wrong, refused = time.monotonic(), [], 0
    stage = Stage(home)
    turns = itertools.cycle(ERRORS)
    calls = [call for call in stage.list_calls() if thoroughly or _changes(call) or call.name == "fsync"]
    cases = [(call, error) for call in calls for error in (ERRORS if thoroughly else [next(turns)])]
    for call, error in cases:
        stage.start_over()
        injection = f"{call.name}:error={error}:when={call.number}"
        messages, status, lines = watch_child(functools.partial(do_deed, stage.home, True), injection)
        refused += ["refused"] in messages
        if not any("(INJECTED)" in line for line in lines):
            problem = "" if call.name in LOOKS else "nothing was injected"
        elif status != 0 or messages[-1] != ["leaked", 0]:
            problem = f"it ended with {status}: {messages}"
        else:
            problem = _guard(stage)
        if problem:
            wrong.append(f"{error} at {call}: {problem}: {call.line}")
    return {
        "cases": len(cases),
        "refused": refused,
        "wrong": wrong,
        "seconds": round(time.monotonic() - began, 1),
    }


def _guard(stage: Stage) -> str:
    try:
        return stage.judge()
    except (AssertionError, ValueError, KeyError, OSError) as error:
        return f"{type(error).__name__}: {error}"


def _check(figures: dict[str, Any], count: str) -> dict[str, Any]:
    wrong = figures.pop("wrong")
    print(json.dumps(figures))
    assert wrong == [], "\n".join(wrong)
    assert figures[count] > 20
    return figures


def test_a_day_that_begins_killed_at_any_call_loses_no_key_and_leaves_none_behind(
    child_environ: dict[str, str],
) -> None:
    _check(run_alone(kill_at_each_call, child_environ["HOME"], False, environ=child_environ), "kills")


def test_a_day_that_begins_with_a_call_that_fails_is_sealed_all_the_same(child_environ: dict[str, str]) -> None:
    figures = _check(run_alone(fail_each_call, child_environ["HOME"], False, environ=child_environ), "cases")
    assert figures["refused"] < figures["cases"] / 4, "what only seals refuses no entry"


@pytest.mark.nightly
def test_the_same_at_every_call_and_with_every_error(child_environ: dict[str, str]) -> None:
    home = Path(child_environ["HOME"])
    for name in ("kills", "failures"):
        (home / name).mkdir()
    _check(run_alone(kill_at_each_call, str(home / "kills"), True, environ=child_environ, deadline=3600), "kills")
    _check(run_alone(fail_each_call, str(home / "failures"), True, environ=child_environ, deadline=3600), "cases")


def list_syncs(home: str) -> list[str]:
    """Return what is synced, renamed and removed, and where the old key is overwritten, in its order."""
    stage = Stage(home)
    steps = []
    for call in stage.list_calls():
        names = [part.rsplit("/", 1)[-1] for part in call.line.replace(">", "<").split("<")[1::2]]
        quoted = call.line.split('"')[1::2]
        if call.name in {"fsync", "fdatasync"}:
            steps.append(f"sync {names[0]}")
        elif call.name in {"rename", "renameat", "renameat2", "unlinkat"}:
            steps.append(f"{call.name[:6]} {quoted[-1]}")
        elif (
            call.name == "pwrite64" and names[0] == "audit-key.json" and call.line.rstrip().endswith("1024, 0) = 1024")
        ):
            steps.append("erase audit-key.json")
        elif call.name == "write" and names[0] in {"heads.jsonl", "keys.jsonl", "audit-2026-03-07.jsonl"}:
            steps.append(f"write {names[0]}")
    return steps


def test_whatever_is_built_on_is_on_the_disk_before(child_environ: dict[str, str]) -> None:
    """After a power failure at any point: no head of lines that are gone, no key without its certificate."""
    steps = run_alone(list_syncs, child_environ["HOME"], environ=child_environ)
    wanted = [
        "sync audit-2026-03-02.jsonl",
        "write heads.jsonl",
        "sync heads.jsonl",
        "sync audit-key.next.json",
        "sync keys",
        "write keys.jsonl",
        "sync keys.jsonl",
        "erase audit-key.json",
        "sync audit-key.json",
        "rename audit-key.json",
        "sync keys",
        "write audit-2026-03-07.jsonl",
        "sync audit-2026-03-07.jsonl",
        "rename pruned.json",
        "sync audit",
        "rename heads.jsonl",
        "sync audit",
        "unlink audit-2026-03-01.jsonl",
        "unlink audit-2026-03-02.jsonl",
    ]
    rest = iter(steps)
    missing = [step for step in wanted if step not in rest]
    assert missing == [], steps


def write_without_keys(home: str, kind: str) -> dict[str, Any]:
    """Write as a user who cannot use the directory of the keys, and then can."""
    keys, user = Path(home, ".loki/dashboard/keys"), 12345
    keys.mkdir(mode=0o700, parents=True)
    for place in (Path(home), *(Path(home, part) for part in (".loki", ".loki/dashboard", ".loki/dashboard/keys"))):
        os.chown(place, user, user)
    if kind == "foreign":
        os.chown(keys, 0, 0)
    else:
        keys.chmod(0o500)

    def write() -> list[str]:
        log = _open(Path(home), HandClock(day(1)))
        log.record_all([make_entry(day(1))] * 300)
        log.close()
        return [f"{finding.code}: {finding.message}" for finding in log.diagnose()]

    without = ask_child(write, user=user)
    os.chown(keys, user, user)
    keys.chmod(0o700)
    return {"without": without, "with": ask_child(write, user=user), "lines": len(read_chain(home))}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("kind", ["foreign", "unwritable"])
def test_keys_that_belong_to_someone_else_or_cannot_be_written_stop_no_entry(
    kind: str, child_environ: dict[str, str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    for place in itertools.takewhile(lambda place: place != Path(tempfile.gettempdir()), tmp_path.parents):
        place.chmod(place.stat().st_mode | 0o011)
    figures = run_alone(write_without_keys, child_environ["HOME"], kind, environ=child_environ)
    assert figures["lines"] == 600
    (finding,) = figures["without"]
    assert finding.startswith("audit_unsealed: ")
    assert ".loki/dashboard/keys" in finding
    assert figures["with"] == ["audit_sealed: the audit log is signed up to its end (600 lines)"]


def _append_many(home: Path, count: int, line: Line) -> None:
    clock = HandClock(day(1))
    log = _open(home, clock)
    line.say("ready")
    line.hear()
    for number in range(count):
        clock.now = day(1 + 2 * number // count)  # all pass midnight at about the same time
        log.record(make_entry(clock()), durable=False)
    log.close()


def append_from_many_processes(home: str, writers: int, count: int) -> dict[str, Any]:
    """Let many processes append over midnight, each sealing by itself."""
    Path(home, ".loki/dashboard").mkdir(mode=0o700, parents=True)
    with contextlib.ExitStack() as stack:
        children = [Child(functools.partial(_append_many, Path(home), count)) for _ in range(writers)]
        for child in children:
            stack.enter_context(child)
            assert child.hear() == ["ready"]
        for child in children:
            child.say("go")
        assert list(hear_from(children)) == []
        statuses = [child.wait() for child in children]
    audit = Path(home, ".loki/dashboard/audit")
    heads = check_seals(audit)
    return {
        "statuses": sorted(set(statuses)),
        "lines": len(read_chain(home)),
        "last": heads[-1]["count"],
        "most": max(b["count"] - a["count"] for a, b in itertools.pairwise([{"count": 0}, *heads])),
        "keys": [each["period"] for each in read_lines(audit / "keys.jsonl")],
    }


def test_the_heads_of_8_processes_are_numbered_without_a_gap(child_environ: dict[str, str]) -> None:
    figures = run_alone(append_from_many_processes, child_environ["HOME"], 8, 400, environ=child_environ)
    assert figures.pop("most") <= 256
    assert figures == {"statuses": [0], "lines": 3200, "last": 3200, "keys": ["2026-03-01", "2026-03-02"]}

"""At whatever moment an honest run is stopped, verifying raises no false alarm, and neither does whoever goes on."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from loki_core.audit.verdict import HARMLESS, Verdict
from loki_core.audit.verification import verify_log
from loki_core.audit.verify_request import VerifyRequest, WitnessPaths
from tests.core.audit.recorded_run import Replay, Step, open_loki, record
from tests.core.faults.family import Child, Line, ask_child, open_home, run_alone
from tests.core.workshop import NOON, HandClock

STATES = 2_000
MOST_STATES = 100_000
RUNS = 30
MOST_RUNS = 500


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Step]]:
    """Where a run took place, and its steps."""
    place = tmp_path_factory.mktemp("recording")
    home = place / "home"
    home.mkdir(mode=0o700)
    return home, record(home / "loki", place / "strace", days=4)


def verify_home(loki_home: Path) -> Verdict:
    """Verify the log in a home with every witness that there is."""
    dashboard = loki_home / "dashboard"
    store = dashboard / "tokens.json"
    stored = json.loads(store.read_bytes()).get("audit_head") if store.exists() and store.stat().st_size else None
    return verify_log(
        str(dashboard / "audit"), VerifyRequest(stored_head=stored), WitnessPaths(keys=str(dashboard / "keys"))
    )


def _is_harmless(verdict: Verdict) -> bool:
    return verdict.ok and all(problem.kind in HARMLESS for problem in verdict.problems)


def _find_cuts(step: Step, share: float, rng: random.Random) -> list[int]:
    """Return at which bytes to stop a write, as many as are this share of all."""
    if step.call != "write" or "audit" not in step.path:
        return []
    most = len(step.data) - 1
    count = min(max(round(most * share), 1), most)
    return sorted(rng.sample(range(1, most + 1), count))


def _stop_everywhere(recording: tuple[Path, list[Step]], place: Path, wanted: int) -> tuple[int, list[str]]:
    """Stop the run after each step and within writes; return how often, and what was wrong."""
    home, steps = recording
    bytes_written = sum(len(step.data) for step in steps if step.call == "write" and "audit" in step.path)
    share = max(wanted - len(steps), 0) / bytes_written
    replay, rng, count, wrong = Replay(home, place), random.Random(1), 0, []

    def look(where: str) -> None:
        nonlocal count
        count += 1
        verdict = verify_home(place / "loki")
        if not _is_harmless(verdict):
            wrong.append(f"{where}: {[problem.describe() for problem in verdict.problems]}")

    for number, step in enumerate(steps):
        for size in _find_cuts(step, share, rng):
            with replay.stopped_in(step, size):
                look(f"{number}, {size} bytes of {step.call} {step.path}")
        replay.do(step)
        look(f"{number} {step.call} {step.path}")
    return count, wrong


def test_a_run_killed_after_any_call_or_within_a_write_raises_no_alarm(
    recording: tuple[Path, list[Step]], tmp_path: Path
) -> None:
    count, wrong = _stop_everywhere(recording, tmp_path, STATES)
    assert wrong == []
    assert count >= STATES * 0.95


@pytest.mark.nightly
def test_a_run_killed_at_any_byte_raises_no_alarm(recording: tuple[Path, list[Step]], tmp_path: Path) -> None:
    count, wrong = _stop_everywhere(recording, tmp_path, MOST_STATES)
    print(json.dumps({"states": count}))
    assert wrong == []


def test_a_power_failure_at_any_moment_raises_no_alarm(recording: tuple[Path, list[Step]], tmp_path: Path) -> None:
    home, steps = recording
    replay, wrong = Replay(home, tmp_path), []
    for number, step in enumerate(steps):
        replay.do(step)
        if step.call in {"fsync", "rename"}:
            with replay.without_power():
                verdict = verify_home(tmp_path / "loki")
            if not _is_harmless(verdict):
                wrong.append(f"{number} {step.call} {step.path}: {[each.describe() for each in verdict.problems]}")
    assert wrong == []


@pytest.mark.parametrize("offset", range(3))
def test_whoever_goes_on_after_a_crash_leaves_a_log_that_verifies(
    recording: tuple[Path, list[Step]], tmp_path: Path, offset: int
) -> None:
    home, steps = recording
    replay = Replay(home, tmp_path / "replayed")
    wrong: list[str] = []
    (tmp_path / "replayed").mkdir()
    for number, step in enumerate(steps):
        if number % 21 == offset * 7 and step.call in {"write", "rename", "fsync", "unlink", "ftruncate"}:
            for size in _find_cuts(step, 0, random.Random(number)):
                with replay.stopped_in(step, size):
                    wrong += _go_on(tmp_path / "replayed/loki", tmp_path / "next", f"{number} {step.call}, {size}")
            wrong += _go_on(tmp_path / "replayed/loki", tmp_path / "next", f"{number} {step.call}")
        replay.do(step)
    assert wrong == []


def _go_on(before: Path, place: Path, where: str) -> Iterator[str]:
    """Let the library go on in a copy, the same day and the next; yield what is wrong then."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(before, place)
    for day in (3, 4):
        with open_loki(place, HandClock(NOON.replace(day=1 + day, hour=20))) as loki:
            loki.tokens.generate(f"after-{day}")
    verdict = verify_home(place)
    if not _is_harmless(verdict):
        yield f"{where}: {[problem.describe() for problem in verdict.problems]}"


# -- real processes, really killed


def _work_for_ever(home: str, seed: int, line: Line) -> None:
    with open_home(home) as loki:
        for number in itertools.count():
            issued = loki.tokens.generate(f"bot-{seed}-{number}")
            loki.tokens.revoke(issued.token.id)
            line.say("done")


def kill_many(home: str, runs: int) -> dict[str, Any]:
    """Kill writers at random moments, two at a time; verify after each."""
    rng, wrong, kinds = random.Random(runs), [], set()
    for run in range(runs):
        children = [Child(partial(_work_for_ever, home, run * 2 + each)) for each in range(2)]
        for child in children:
            for _ in range(rng.randint(1, 4)):
                child.hear()
        time.sleep(rng.uniform(0, 0.02))
        for child in children:
            with child:
                child.kill()
        described = ask_child(lambda: verify_home(Path(home, ".loki")).describe())
        kinds |= {problem["kind"] for problem in described["problems"]}
        if not described["ok"]:
            wrong.append(described["problems"])
    return {"runs": runs, "wrong": wrong, "kinds": sorted(kinds), "entries": described["entries"]}


def _check_kills(environ: dict[str, str], runs: int) -> None:
    figures = run_alone(kill_many, environ["HOME"], runs, environ=environ, deadline=3_600)
    print(json.dumps(figures))
    assert figures["wrong"] == []
    assert figures["entries"] > runs


def test_writers_that_are_really_killed_raise_no_alarm(child_environ: dict[str, str]) -> None:
    _check_kills(child_environ, RUNS)


@pytest.mark.nightly
def test_many_writers_that_are_really_killed_raise_no_alarm(child_environ: dict[str, str]) -> None:
    _check_kills(child_environ, MOST_RUNS)

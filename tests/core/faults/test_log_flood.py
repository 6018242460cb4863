"""A flood of bad credentials by many processes: the log stays small, nothing is lost count of, nothing waits for it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from loki_core import AuthenticationError
from loki_core.audit.flood import FAILURES_A_MINUTE
from tests.core.faults.family import Child, Line, find_refusal, open_home, run_alone
from tests.core.faults.peer import read_chain
from tests.core.workshop import HandClock, make_peer_secret

PROCESSES = 8


def _flood(home: str, times: int, line: Line) -> None:
    """Present bad credentials of two kinds from ever new addresses, before and after a revocation elsewhere."""
    clock = HandClock()
    with open_home(home, clock=clock) as loki:

        def fail(number: int) -> None:
            try:
                loki.authenticate(make_peer_secret() if number % 2 else "nonsense", address=f"10.0.{number % 200}.1")
            except AuthenticationError:
                return
            raise AssertionError("it was let in")

        line.say("begun")
        for number in range(times):
            fail(number)
        line.say("fails on")
        line.hear()
        for number in range(times):
            fail(number)
        clock.move(minutes=1)
        fail(1)
    line.say("ended", 2 * times + 1)


def flood_the_log(home: str, times: int) -> dict[str, Any]:
    """Let processes fail together, and revoke a token and make another while they do."""
    clock = HandClock()
    with open_home(home, clock=clock) as loki:
        doomed = loki.tokens.generate("doomed")
        children = [Child(functools.partial(_flood, home, times)) for _ in range(PROCESSES)]
        for child in children:
            child.hear()
        audit = loki.tokens.revoke("doomed")[0].audit
        refused = find_refusal(lambda: loki.tokens.generate("meanwhile"))
        gone = find_refusal(lambda: loki.authenticate(doomed.secret.reveal()))
        failed = 1
        for child in children:
            assert child.hear() == ["fails on"]
            child.say("go on")
        for child in children:
            with child:
                failed += (child.hear() or ["", 0])[1]
                assert child.wait() == 0
        clock.move(minutes=2)
        find_refusal(lambda: loki.authenticate("nonsense"))
        failed += 1
    chain = read_chain(home)
    failures = [entry for entry in chain if entry["event"] == "auth.fail"]
    single = [entry for entry in failures if entry["error"] != "many"]
    counted = [entry["details"]["count"] for entry in failures if entry["error"] == "many"]
    minutes = [entry["timestamp"] for entry in single]
    return {
        "audit": audit,
        "refused": refused,
        "gone": gone,
        "lost": failed - len(single) - sum(counted),
        "most a minute": max(minutes.count(minute) for minute in minutes),
        "counts": len(counted),
        "bytes": sum(file.stat().st_size for file in Path(home, ".loki/dashboard/audit").glob("audit-*.jsonl")),
    }


def test_audit_flooding_by_8_processes_neither_fills_the_disk_nor_holds_up_a_revocation(
    child_environ: dict[str, str],
) -> None:
    figures = run_alone(flood_the_log, child_environ["HOME"], 2_000, environ=child_environ)
    print(figures)
    assert (figures["audit"], figures["refused"], figures["gone"]) == ("written", "", "token_revoked")
    assert figures["lost"] == 0
    assert figures["most a minute"] <= FAILURES_A_MINUTE
    assert figures["counts"] <= 6  # two a minute at most
    assert figures["bytes"] < 200_000

"""A clock that was set back, or is simply wrong, in processes of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.core.faults.family import ask_child, find_refusal, open_home, run_alone
from tests.core.faults.peer import read_chain, read_tokens

TODAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _verify_at(home: str, secret: str, moment: datetime) -> str:
    with open_home(home, clock=lambda: moment) as loki:
        return find_refusal(lambda: loki.authenticate(secret))


def _generate_at(home: str, name: str, moment: datetime, days: int) -> list[str]:
    with open_home(home, clock=lambda: moment) as loki:
        issued = loki.tokens.generate(name, expires_days=days)
        return [issued.token.id, issued.secret.reveal()]


def _accept_clock(home: str, moment: datetime) -> list[Any]:
    with open_home(home, clock=lambda: moment) as loki:
        before = [finding.code for finding in loki.health() if finding.severity == "error"]
        loki.accept_clock()
        return [before, [finding.code for finding in loki.health() if finding.severity == "error"]]


def set_the_clock_back(home: str) -> dict[str, Any]:
    """Let a token end, write, and verify again in a process whose clock is earlier."""
    token_id, secret = ask_child(lambda: _generate_at(home, "short", TODAY, 1))
    live = ask_child(lambda: _verify_at(home, secret, TODAY))
    ended = TODAY + timedelta(days=2)
    expired = ask_child(lambda: _verify_at(home, secret, ended))
    unseen = ask_child(lambda: _verify_at(home, secret, TODAY))
    ask_child(lambda: _generate_at(home, "later", ended, 30))
    back = ask_child(lambda: _verify_at(home, secret, TODAY))
    newer_id, newer = ask_child(lambda: _generate_at(home, "set back", TODAY, 30))
    still_back = ask_child(lambda: _verify_at(home, secret, TODAY))
    tokens = read_tokens(home)
    findings = ask_child(lambda: _accept_clock(home, TODAY))
    chain = read_chain(home)
    return {
        "live": live,
        "expired": expired,
        "before_anyone_wrote": unseen,
        "back": back,
        "still_back": still_back,
        "newer": ask_child(lambda: _verify_at(home, newer, TODAY)),
        "order_kept": tokens[token_id]["created_at"] <= tokens[newer_id]["created_at"],
        "created": tokens[newer_id]["created_at"],
        "findings": findings,
        "accepted": ask_child(lambda: _verify_at(home, secret, TODAY)),
        "logged": chain[-1]["event"],
    }


def test_a_clock_that_was_set_back_does_not_bring_an_expired_token_to_life(child_environ: dict[str, str]) -> None:
    """Threat: clock set back."""
    figures = run_alone(set_the_clock_back, child_environ["HOME"], environ=child_environ)
    floor = TODAY + timedelta(days=2) - timedelta(minutes=5)
    assert figures == {
        "live": "",
        "expired": "token_expired",
        "before_anyone_wrote": "",
        "back": "token_expired",
        "still_back": "token_expired",
        "newer": "",
        "order_kept": True,
        "created": floor.isoformat(),
        "findings": [["clock_set_back"], []],
        "accepted": "",
        "logged": "policy.change",
    }

"""kill -9 at any moment: the state before or after, and nothing acknowledged is lost or undone."""

from __future__ import annotations

import functools
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.core.faults.family import Child, Line, ask_child, find_refusal, open_home, run_alone
from tests.core.faults.peer import find_leftovers, find_live, find_logged, proves, read_chain, read_tokens

LONGEST_LIFE = 0.025
"""Seconds for which a process may work before it is killed: some ten operations."""


@dataclass(slots=True)
class _Known:
    """What the killed processes said: acknowledged secrets by token id, revoked and deleted ids, and the last plan."""

    secrets: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    planned: tuple[str, ...] = ()

    def learn(self, message: list[Any]) -> None:
        """Take in one message: a plan said before a deed, or the deed said after it."""
        deed, *words = message
        if deed == "plan":
            self.planned = tuple(words)
            return
        self.planned = ()
        if deed == "made":
            self.secrets[words[0]] = words[1]
        else:
            (self.revoked if deed == "revoked" else self.deleted).add(words[0])


def _work_for_ever(home: str, seed: int, usable: list[str], line: Line) -> None:
    rng = random.Random(seed)
    revoked: list[str] = []
    rotated = set(usable)
    with open_home(home) as loki:
        line.say("ready")
        line.hear()
        while True:
            deed = rng.choice(["make", "make", "rotate", "revoke", "revoke", "delete"])
            if deed == "make" or len(usable) < 2:
                draft = loki.tokens.prepare(f"worker-{seed}-{rng.random()}")
                line.say("plan", "make", draft.token.id)
                loki.tokens.commit(draft)
                usable.append(draft.token.id)
                line.say("made", draft.token.id, draft.secret.reveal())
            elif deed == "rotate" and usable[-1] not in rotated:
                draft = loki.tokens.prepare_rotation(usable[-1])
                line.say("plan", "make", draft.token.id)
                loki.tokens.commit(draft)
                usable[-1] = draft.token.id
                rotated.add(draft.token.id)
                line.say("made", draft.token.id, draft.secret.reveal())
            elif deed == "revoke":
                token_id = usable.pop(0)
                line.say("plan", "revoke", token_id)
                loki.tokens.revoke(token_id)
                revoked.append(token_id)
                line.say("revoked", token_id)
            elif revoked:
                token_id = revoked.pop()
                line.say("plan", "delete", token_id)
                loki.tokens.delete(token_id)
                line.say("deleted", token_id)


def _look_and_go_on(home: str, secrets: dict[str, str]) -> dict[str, Any]:
    """Be the next process: say which of the secrets verify, then create a token."""
    with open_home(home) as loki:
        live = [
            key for key, secret in secrets.items() if not find_refusal(functools.partial(loki.authenticate, secret))
        ]
        issued = loki.tokens.generate(f"after-{random.random()}")
        return {"live": live, "id": issued.token.id, "secret": issued.secret.reveal()}


def _judge(home: str, known: _Known) -> dict[str, int]:
    """Compare the disk, and what the next process makes of it, with what the killed one had said."""
    open_deed = {known.planned[0]: known.planned[1]} if known.planned else {}
    unsure = set(open_deed.values())
    before = read_tokens(home)
    gone = known.revoked | known.deleted | unsure
    lost = sum(not proves(before.get(key, {"hash": ""}), s) for key, s in known.secrets.items() if key not in gone)
    undone = sum(key in before and not before[key]["revoked"] for key in known.revoked - unsure)
    undone += sum(key in before for key in known.deleted - unsure)
    strange = len(before.keys() - known.secrets.keys() - unsure)
    seen = ask_child(lambda: _look_and_go_on(home, known.secrets))
    live = set(seen["live"])
    lost += len(known.secrets.keys() - gone - live)
    undone += len(live & ((known.revoked | known.deleted) - unsure))
    after = read_tokens(home)
    dropped = len(before.keys() - after.keys())
    chain = read_chain(home)
    created = open_deed.get("make", "")
    explained = find_logged(chain, "audit.recover", success=False)
    logged = find_logged(chain, "auth.token.create") + find_logged(chain, "auth.token.rotate")
    unexplained = created in logged and created not in after and created not in explained
    known.secrets[seen["id"]] = seen["secret"]
    if created in after:  # it was made, and the process died before it could say so
        known.revoked.add(created)
        ask_child(lambda: _revoke(home, created))
        known.secrets[created] = "never said"
    for key in open_deed.values():
        if key in known.secrets and (key not in after or after[key]["revoked"]):
            known.revoked.add(key)
    return {
        "lost": lost,
        "undone": undone,
        "strange": strange,
        "dropped": dropped,
        "unexplained": int(unexplained),
        "unlogged": len(known.secrets.keys() - set(logged)),
        "leftovers": len(find_leftovers(home)),
        "recovered": int(created in explained),
        "in_flight": len(unsure),
    }


def _revoke(home: str, token_id: str) -> bool:
    with open_home(home) as loki:
        return loki.tokens.revoke(token_id)[0].already


def kill_again_and_again(home: str, kills: int, seed: int) -> dict[str, Any]:
    """Kill a working process at random moments and add up what was wrong afterwards."""
    rng = random.Random(seed)
    began = time.monotonic()
    known = _Known()
    sums: dict[str, int] = {}
    corrupt = crashed = 0
    for number in range(kills):
        usable = [key for key in find_live(read_tokens(home)) if key in known.secrets][-20:]
        with Child(functools.partial(_work_for_ever, home, seed * 100_000 + number, usable)) as child:
            child.hear()
            child.say("go")
            time.sleep(rng.uniform(0, LONGEST_LIFE))
            child.kill()
            crashed += child.wait() == 1
            for message in child.hear_all():
                known.learn(message)
        try:
            figures = _judge(home, known)
        except (ValueError, KeyError):
            corrupt += 1
            break
        known.planned = ()
        sums = {name: sums.get(name, 0) + count for name, count in figures.items()}
        if len(known.secrets) > 150:
            _start_over(home, known)
    return {
        "kills": kills,
        "corrupt": corrupt,
        "crashed": crashed,
        **sums,
        "seconds": round(time.monotonic() - began, 1),
    }


def _start_over(home: str, known: _Known) -> None:
    place = Path(home, ".loki")
    place.rename(place.with_name(f".loki-{random.random()}"))
    known.secrets.clear()
    known.revoked.clear()
    known.deleted.clear()


def _check(home: str, kills: int, seed: int, environ: dict[str, str]) -> None:
    figures = run_alone(kill_again_and_again, home, kills, seed, environ=environ, deadline=7200)
    print(json.dumps(figures))
    assert figures.pop("in_flight") > 0, "no process was killed in the middle of anything"
    for name in ("seconds", "recovered"):
        del figures[name]
    wrong = ("corrupt", "crashed", "lost", "undone", "strange", "dropped", "unexplained", "unlogged", "leftovers")
    assert figures == {"kills": kills, **dict.fromkeys(wrong, 0)}


def test_after_100_kills_the_store_is_whole_and_nothing_acknowledged_is_lost(child_environ: dict[str, str]) -> None:
    _check(child_environ["HOME"], 100, 1, child_environ)


@pytest.mark.nightly
def test_after_2000_kills_the_store_is_whole_and_nothing_acknowledged_is_lost(child_environ: dict[str, str]) -> None:
    _check(child_environ["HOME"], 2000, 2, child_environ)

"""A store to try the console on: made-up tokens with a past, in a temporary directory that goes away afterwards.

The past is lived through: every token is made, used, rotated and revoked by the library itself, under a clock that
starts a year ago. Seeded, so that the same moment always gives the same store, ids and all.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import ascii_letters

import loki_core
from loki_core import Loki, LokiError, Secret
from loki_tui.demo_story import FAILURES, PEOPLE, SCANNER, STORY, DemoFailure, DemoToken

SEED = 5512
ALIVE_EVERY = 4.0
"""Seconds between two made-up calls while somebody looks on."""
KEPT_DAYS = 1_000
"""Days after which the log is pruned: more than the past has, for the pruning would name whoever runs this."""
FAILING = 0.2
"""The share of these calls that are refused."""


@dataclass(slots=True)
class _Clock:
    """A clock that is set by hand until it is let go."""

    at: datetime
    runs: bool = False

    def __call__(self) -> datetime:
        return datetime.now(UTC) if self.runs else self.at


@contextmanager
def open_demo(*, now: datetime | None = None) -> Iterator[Loki]:
    """Open a made-up store; it is removed at the end.

    Args:
        now: the moment that the demonstration stands still at, or None for a clock that runs and callers that call.
    """
    with tempfile.TemporaryDirectory(prefix="loki-demo-") as home:  # made with mode 0700
        clock = _Clock(at=now or datetime.now(UTC))
        chance = random.Random(SEED)  # noqa: S311 - these secrets guard nothing, and must come out the same each time
        keys = random.Random(SEED)  # noqa: S311 - nor do these keys
        environ = {"HOME": home, "SSH_CONNECTION": "10.0.0.7 50122 10.0.0.1 22"}

        settings = loki_core.load_settings(environ, Path(home))
        settings = replace(settings, audit=replace(settings.audit, retention_days=KEPT_DAYS))

        def enter() -> Loki:
            return loki_core.open(
                settings,
                environ=environ,
                directory=Path(home),
                clock=clock,
                choose=chance.choice,
                random_bytes=keys.randbytes,
            )

        with enter() as past:  # closing it writes every use that was noted
            secrets = _live_through(past, clock, chance)
        _damage_one_record(Path(home) / ".loki" / "dashboard" / "tokens.json", clock.at)
        clock.runs = now is None
        with enter() as loki:
            stop = threading.Event()
            if clock.runs:
                threading.Thread(target=_keep_alive, args=(loki, secrets, stop), daemon=True).start()
            try:
                yield _become(loki, "alice")
            finally:
                stop.set()


def _become(loki: Loki, name: str) -> Loki:
    return loki.acting_as(
        replace(loki.actor, subject=f"os:{name}", name=name, terminal="/dev/pts/3"), address="10.0.0.7"
    )


def _live_through(loki: Loki, clock: _Clock, chance: random.Random) -> list[tuple[Secret, str, str]]:
    """Let everything happen, in the order in which it happened; return what still works, with its caller."""
    people = {name: _become(loki, name) for name in PEOPLE}
    now = clock.at
    deeds: list[tuple[timedelta, int, Callable[[], None]]] = []
    current: dict[str, Secret] = {}
    before: dict[str, Secret] = {}
    for number, token in enumerate(STORY):
        _plan_deeds(token, number, people[token.owner], current, before, chance, deeds)
    made_up = random.Random(SEED)  # noqa: S311 - secrets of nobody
    for number, failure in enumerate(FAILURES, len(STORY)):
        deeds.append((failure.ago, number, _plan_failure(failure, people["alice"], current, made_up)))
    for ago, _, deed in sorted(deeds, key=lambda planned: (-planned[0], planned[1])):
        is_new_day = clock.at.date() != (now - ago).date()
        clock.at = now - ago
        deed()
        if is_new_day:  # a day is closed, and old ones are pruned, in the background too
            loki.flush()
    clock.at = now
    return [(current[token.name], token.address, token.agent) for token in STORY if token.is_lively]


def _plan_deeds(
    token: DemoToken,
    number: int,
    loki: Loki,
    current: dict[str, Secret],
    before: dict[str, Secret],
    chance: random.Random,
    deeds: list[tuple[timedelta, int, Callable[[], None]]],
) -> None:
    def make() -> None:
        loki.flush()  # uses are logged in the background: the log has everything in the same order each time
        issued = loki.tokens.generate(
            token.name, role=token.role, scopes=token.scopes, expires_days=token.days, note=token.note
        )
        current[token.name] = issued.secret

    def rotate() -> None:
        loki.flush()
        before[token.name] = current[token.name]
        current[token.name] = loki.tokens.rotate(token.name).secret

    def revoke() -> None:
        loki.flush()
        loki.tokens.revoke(token.name)

    def use(secrets: dict[str, Secret], address: str) -> Callable[[], None]:
        return lambda: _call(loki, secrets[token.name], address, token.agent)

    deeds.append((token.made, number, make))
    if token.rotated is not None:
        deeds.append((token.rotated, number, rotate))
    if token.revoked is not None:
        deeds.append((token.revoked, number, revoke))
    for step, used in enumerate(token.uses):
        address = token.address if step % 3 != 2 else f"10.2.{chance.randrange(4)}.{chance.randrange(2, 250)}"
        deeds.append((used, number, use(current, address)))
    deeds += [(used, number, use(current, token.address)) for used in token.routine]
    for used in token.old_uses:
        is_replaced = token.rotated is not None and used < token.rotated
        deeds.append((used, number, use(before if is_replaced else current, token.address)))


def _plan_failure(
    failure: DemoFailure, loki: Loki, current: dict[str, Secret], chance: random.Random
) -> Callable[[], None]:
    def fail() -> None:
        secret = current.get(failure.presented) or _make_up(chance, failure.presented)
        _call(loki, secret, failure.address, failure.agent)

    return fail


def _make_up(chance: random.Random, kind: str) -> Secret:
    """Return a secret that no token has, or what is none."""
    if kind == "malformed":
        return Secret("hunter2")
    return Secret("loki_" + "".join(chance.choice(ascii_letters) for _ in range(43)))


def _call(loki: Loki, secret: Secret, address: str, agent: str) -> None:
    with suppress(LokiError):
        loki.authenticate(secret.reveal(), address=address, agent=agent)


def _damage_one_record(path: Path, now: datetime) -> None:
    """Add what other programs leave behind: a record without an owner or an end, and one that cannot be read."""
    document = json.loads(path.read_text())
    tokens = document["tokens"]
    made = now - timedelta(days=411)
    tokens["tok-5e1f0a7c22d9"] = {
        "id": "tok-5e1f0a7c22d9",
        "name": "ci-legacy",
        "hash": "5e1f0a7c22d9" + "0" * 52,
        "scopes": ["*"],
        "created_at": made.isoformat(),
        "expires_at": None,
        "last_used": (now - timedelta(days=81)).isoformat(),
        "revoked": False,
    }
    tokens["tok-77aa90b1c3e4"] = {"id": "tok-77aa90b1c3e4", "name": "import-2024", "hash": "lost", "scopes": ["read"]}
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    with open(descriptor, "w") as file:
        json.dump(document, file)


def _keep_alive(loki: Loki, secrets: list[tuple[Secret, str, str]], stop: threading.Event) -> None:
    chance = random.Random()  # noqa: S311 - it only picks who calls next
    while not stop.wait(ALIVE_EVERY):
        if chance.random() < FAILING:
            _call(loki, _make_up(chance, "unknown"), SCANNER, "curl/8.5.0")
        else:
            secret, address, agent = chance.choice(secrets)
            _call(loki, secret, address, agent)

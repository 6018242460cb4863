"""What happened in the made-up store: who made which token, and what became of it. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

PEOPLE = ("alice", "bo", "chandra", "dmitri")


def _ago(*, days: float = 0, hours: float = 0, minutes: float = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoToken:
    """One token's life; times are how long ago things happened.

    Attributes:
        days: for how many days it was minted, None for ever.
        uses: when the current secret was used; `old_uses` when the one before a rotation was.
        routine: when else it was used, always from the same address.
    """

    name: str
    made: timedelta
    days: int | None
    role: str | None = None
    scopes: tuple[str, ...] | None = None
    owner: str = "alice"
    note: str = ""
    address: str = "10.2.0.14"
    agent: str = "curl/8.5.0"
    uses: tuple[timedelta, ...] = ()
    routine: tuple[timedelta, ...] = ()
    rotated: timedelta | None = None
    old_uses: tuple[timedelta, ...] = ()
    revoked: timedelta | None = None

    @property
    def is_lively(self) -> bool:
        """Whether its holder still calls while somebody looks on."""
        return bool(self.uses) and self.revoked is None and min(self.uses) < timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFailure:
    """Somebody who was refused, once.

    Attributes:
        ago: how long ago.
        presented: the token whose secret was presented, `unknown` for a made-up secret, `malformed` for what is none.
    """

    ago: timedelta
    presented: str
    address: str
    agent: str = "curl/8.5.0"


def _every(hours: float, times: int, *, first: float = 0) -> tuple[timedelta, ...]:
    return tuple(timedelta(hours=first + hours * step) for step in range(times))


def _service(
    name: str,
    *,
    made: float,
    days: int,
    role: str,
    owner: str,
    host: int,
    last_minutes: float,
    note: str = "",
) -> DemoToken:
    return DemoToken(
        name=name,
        made=_ago(days=made),
        days=days,
        role=role,
        owner=owner,
        note=note,
        address=f"10.2.0.{host}",
        agent="python-httpx/0.28",
        uses=_every(9, 3, first=last_minutes / 60),
        routine=_every(11, min(12, int(made * 2) - 3), first=last_minutes / 60 + 30),
    )


STORY = (
    DemoToken(
        name="ci-nightly",
        made=_ago(days=84, hours=2),
        days=90,
        role="viewer",
        note="reads task states for the nightly report",
    ),
    DemoToken(
        name="ci-deploy",
        made=_ago(days=29, hours=3),
        days=60,
        role="operator",
        owner="bo",
        note="prod deploy job, ask Bo",
        rotated=_ago(hours=21),
        old_uses=(_ago(minutes=9), _ago(hours=2), _ago(hours=5), _ago(hours=26)),
    ),
    DemoToken(
        name="ci-bot",
        made=_ago(days=2, hours=12),
        days=30,
        scopes=("read", "write"),
        agent="GitHub-Actions/2.311",
        address="140.82.112.6",
        uses=_every(3, 8, first=0.04),
    ),
    DemoToken(
        name="release-signer",
        made=_ago(days=91, hours=6),
        days=91,
        role="operator",
        owner="bo",
        uses=(_ago(hours=7), _ago(days=2), _ago(days=3)),
        address="10.2.0.33",
    ),
    DemoToken(
        name="grafana",
        made=_ago(days=70),
        days=365,
        role="viewer",
        owner="chandra",
        note="dashboards in the war room",
        agent="Grafana/11.2",
        address="10.4.1.8",
        uses=_every(1, 12, first=0.02),
    ),
    DemoToken(
        name="soc-export",
        made=_ago(days=50),
        days=60,
        role="auditor",
        owner="dmitri",
        note="nightly copy of the audit log to the SOC",
        address="10.9.0.2",
        uses=_every(24, 5, first=11),
    ),
    DemoToken(
        name="break-glass",
        made=_ago(days=20),
        days=365,
        role="admin",
        note="sealed envelope in the safe; unseal with two people",
    ),
    DemoToken(
        name="pager-bridge",
        made=_ago(days=12),
        days=90,
        scopes=("control", "audit"),
        owner="chandra",
        address="10.4.1.77",
        uses=(_ago(hours=4), _ago(days=1)),
    ),
    DemoToken(
        name="old-laptop",
        made=_ago(days=200),
        days=365,
        role="operator",
        owner="dmitri",
        uses=(_ago(days=120),),
        revoked=_ago(days=40),
        note="stolen on the train",
    ),
    DemoToken(
        name="trial-vendor",
        made=_ago(days=75),
        days=30,
        role="viewer",
        owner="chandra",
        uses=(_ago(days=50), _ago(days=60)),
    ),
    DemoToken(name="zürich-büro", made=_ago(days=33), days=180, role="viewer", owner="dmitri", uses=(_ago(days=6),)),
    DemoToken(
        name="東京-monitor",
        made=_ago(days=18),
        days=120,
        role="viewer",
        owner="chandra",
        uses=_every(2, 4, first=0.6),
        address="10.7.3.20",
    ),
    _service("billing-sync", made=25, days=90, role="operator", owner="bo", host=21, last_minutes=3),
    _service("search-index", made=41, days=180, role="viewer", owner="bo", host=22, last_minutes=14),
    _service("mail-gateway", made=9, days=60, role="operator", owner="chandra", host=23, last_minutes=41),
    _service("queue-drain", made=66, days=120, role="operator", owner="chandra", host=24, last_minutes=55),
    _service("report-pdf", made=30, days=90, role="viewer", owner="alice", host=25, last_minutes=190),
    _service("cache-warmer", made=5, days=90, role="viewer", owner="bo", host=26, last_minutes=22),
    _service("login-probe", made=15, days=45, role="viewer", owner="dmitri", host=27, last_minutes=1),
    _service("backup-runner", made=80, days=365, role="operator", owner="dmitri", host=28, last_minutes=610),
    _service("inventory", made=22, days=90, role="viewer", owner="alice", host=29, last_minutes=75),
    _service("metrics-push", made=48, days=180, role="operator", owner="alice", host=30, last_minutes=6),
)


def _fail(presented: str, address: str, *, hours: float = 0, minutes: float = 0) -> DemoFailure:
    return DemoFailure(ago=_ago(hours=hours, minutes=minutes), presented=presented, address=address)


SCANNER = "203.0.113.9"
FAILURES = (
    *(_fail("unknown", SCANNER, minutes=8 + 1.1 * step) for step in range(34)),
    *(_fail("malformed", "10.9.0.2", minutes=19 + 7 * step) for step in range(3)),
    *(_fail("release-signer", "10.2.0.33", minutes=40 * step + 12) for step in range(8)),
    *(_fail("old-laptop", "198.51.100.23", hours=48, minutes=step) for step in range(5)),
    *(_fail("trial-vendor", "10.4.1.9", hours=20 * step + 30) for step in range(7)),
)
"""A scan that is going on, and clients that were forgotten when their tokens ended."""

from dataclasses import replace
from datetime import timedelta

from loki_core import Status
from loki_tui.concerns import Concern
from loki_tui.ordering import Order, sort_rows
from loki_tui.rows import build_rows
from tests.tui.samples import NOW, make_pair, make_token


def test_a_rotating_pair_is_one_row_that_stands_for_both() -> None:
    old, new = make_pair(old_used=NOW)
    (row,) = build_rows([old, new], NOW)
    assert (row.token, row.old) == (new, old)
    assert row.status is Status.ROTATING
    assert row.tokens == (new, old)
    assert row.last_used == NOW


def test_an_old_secret_whose_successor_was_revoked_stands_alone() -> None:
    old, new = make_pair()
    rows = build_rows([old, replace(new, revoked=True, status=Status.REVOKED)], NOW)
    assert [row.old for row in rows] == [None, None]


def test_the_old_secret_needs_somebody_only_when_it_was_used_after_the_rotation() -> None:
    before, after = NOW - timedelta(hours=4), NOW - timedelta(hours=2)
    assert build_rows(make_pair(old_used=before), NOW)[0].concern is None
    assert build_rows(make_pair(old_used=after), NOW)[0].concern is Concern.OLD_IN_USE


def test_what_needs_somebody_is_on_top_worst_first_and_the_dead_are_last() -> None:
    tokens = [
        make_token("revoked", status=Status.REVOKED, revoked=True, revoked_at=NOW - timedelta(days=1)),
        make_token("expired", status=Status.EXPIRED, expires_at=NOW - timedelta(days=40)),
        make_token("later"),
        make_token("sooner", expires_at=NOW + timedelta(days=20)),
        make_token("idle", scopes=("*",), expires_at=None, last_used=NOW - timedelta(days=81)),
        make_token("broken", status=Status.UNREADABLE),
        make_token("ends-6-d", status=Status.EXPIRING, expires_at=NOW + timedelta(days=6)),
        make_token("ends-2-d", status=Status.EXPIRING, expires_at=NOW + timedelta(days=2)),
        *make_pair("rotating", old_used=NOW),
        make_token(
            "cut-off",
            status=Status.EXPIRED,
            expires_at=NOW - timedelta(hours=6),
            last_used=NOW - timedelta(hours=7),
        ),
    ]
    rows = sort_rows(build_rows(tokens, NOW), Order.URGENCY)
    assert [row.token.name for row in rows] == [
        "cut-off",
        "rotating",
        "ends-2-d",
        "ends-6-d",
        "broken",
        "idle",
        "sooner",
        "later",
        "expired",
        "revoked",
    ]


def test_the_other_orders_put_first_what_one_looks_for() -> None:
    rows = build_rows(
        [
            make_token("b", expires_at=None, last_used=NOW - timedelta(days=1), created_at=NOW - timedelta(days=3)),
            make_token("A", expires_at=NOW + timedelta(days=9), created_at=NOW - timedelta(days=1)),
            make_token("c", expires_at=NOW + timedelta(days=1), last_used=NOW, created_at=None),
        ],
        NOW,
    )

    def names(order: Order, *, backwards: bool = False) -> str:
        return "".join(row.token.name for row in sort_rows(rows, order, backwards=backwards))

    assert names(Order.NAME) == "Abc"
    assert names(Order.NAME, backwards=True) == "cbA"
    assert names(Order.EXPIRES) == "cAb"
    assert names(Order.LAST_USED) == "cbA"
    assert names(Order.CREATED) == "Abc"


def test_the_orders_go_round() -> None:
    order = Order.URGENCY
    seen = []
    for _ in Order:
        seen.append(order)
        order = order.following
    assert seen == list(Order)
    assert order is Order.URGENCY

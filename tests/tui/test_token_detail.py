from datetime import timedelta

import pytest

from loki_core import Status, Use
from loki_tui.rows import build_rows
from loki_tui.token_detail import Event, Facts, describe_row
from tests.tui.samples import CATALOG, NOW, make_pair, make_token


def tell(*tokens: object, facts: Facts | None = None, width: int = 80, height: int = 7) -> str:
    (row,) = build_rows(tokens, NOW)  # type: ignore[arg-type]
    lines = describe_row(row, facts, CATALOG, NOW, width=width, height=height)
    assert len(lines) <= height
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


def test_it_says_what_is_allowed_and_what_is_refused() -> None:
    told = tell(make_token(scopes=("control",)), facts=Facts())
    assert " Allows   control > write > read" in told
    assert "Refuses audit, token management" in told


def test_the_old_secret_of_a_rotation_is_told_apart_with_its_caller_and_the_key_that_ends_it() -> None:
    old, new = make_pair(old_used=NOW - timedelta(minutes=9))
    use = Use(token_id=old.id, address="10.2.0.14", agent="curl", last_at=NOW - timedelta(minutes=9), count=41)
    told = tell(old, new, facts=Facts(uses=(use,)))
    assert f"{old.id} > {new.id}" in told
    assert "new: never   OLD: 9 m ago from 10.2.0.14, 41 noted in 30 d" in told
    assert "the client at 10.2.0.14 still sends the old secret  e: end grace" in told
    assert "Old     dies 11:02Z, 21 h left" in told


def test_an_unreadable_record_says_what_is_wrong_with_it() -> None:
    told = tell(make_token(status=Status.UNREADABLE, problem="its hash is not a hex SHA-256"), facts=Facts())
    assert "Problem  its hash is not a hex SHA-256" in told


def test_while_it_is_looked_up_the_history_is_being_read() -> None:
    assert "Last     reading…" in tell(make_token())


def test_a_log_that_cannot_be_read_is_told_and_not_hidden() -> None:
    assert "Used     the log is gone" in tell(make_token(), facts=Facts(problem="the log is gone"))


@pytest.mark.parametrize(("width", "height"), [(60, 5), (80, 7), (160, 12)])
def test_no_line_is_wider_than_the_strip_whatever_is_in_it(width: int, height: int) -> None:
    event = Event(at=NOW, what="x" * 50, who="y" * 50)
    use = Use(token_id="t", address="a" * 60, agent="g" * 200, last_at=NOW, count=10**9)
    told = tell(
        make_token("n" * 255, note="m" * 255, owner="o" * 255, scopes=("control", "audit")),
        facts=Facts(uses=(use,) * 9, events=(event,) * 9),
        width=width,
        height=height,
    )
    # What is wider is cut by the widget; the advice must not be, for it names the key.
    assert "needs" in told or "nothing to do" in told


def test_untrusted_text_is_printable_in_every_line() -> None:
    told = tell(
        make_token("a\x1b[2J", note="b\x07", owner="c\u202e"),
        facts=Facts(events=(Event(at=NOW, what="d\x1b", who="e\n"),)),
        height=12,
    )
    assert not any(character in told for character in "\x1b\x07\u202e")

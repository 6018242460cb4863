from datetime import date, datetime, timedelta

import pytest

from loki_core import AuditSummary, Tally
from loki_tui.audit.week import BLOCKS, PLAIN, Week, compose_week, shorten
from loki_tui.spans import Span, measure
from tests.tui.samples import NOW

COUNTS = [(120, 0), (1_412, 0), (412, 3), (12, 0), (0, 0), (520, 9), (98, 41)]


def count_week(until: datetime = NOW) -> Week:
    week = Week()
    days = tuple(
        Tally(name=str(until.date() - timedelta(days=6 - index)), ok=ok, failed=failed)
        for index, (ok, failed) in enumerate(COUNTS)
    )
    week.begin(
        AuditSummary(
            since=until,
            until=until,
            entries=0,
            days=days,
            events=(),
            actors=(),
            failures_by_code={},
            failures_by_address={},
        )
    )
    return week


def say(lines: list[list[Span]]) -> str:
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


def test_every_day_has_a_name_a_bar_and_a_number_for_what_was_done_and_what_failed() -> None:
    told = say(compose_week(count_week(), bars=BLOCKS, width=80))
    assert told == (
        " done    Tue ▁120  Wed █1.4k Thu ▃412  Fri ▁12   Sat  0    Sun ▃520  Mon ▁98\n"
        " failed       0         0        ▁3         0         0        ▂9        █41"
    )


def test_a_terminal_without_block_characters_gets_others_with_the_same_numbers() -> None:
    told = say(compose_week(count_week(), bars=PLAIN, width=80))
    assert told.isascii()
    assert "Wed @1.4k Thu -412" in told


@pytest.mark.parametrize("width", [60, 72, 80, 112, 160])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int) -> None:
    for line in compose_week(count_week(), bars=BLOCKS, width=width):
        assert measure(line) <= width


def test_what_happens_while_somebody_looks_is_counted_and_a_new_day_pushes_out_the_oldest() -> None:
    week = count_week()
    today = NOW.date()
    week.add({(today, True): 2, (today, False): 1})
    assert week.list_days(True)[-1] == (today, 100)
    assert week.list_days(False)[-1] == (today, 42)
    tomorrow = today + timedelta(days=1)
    week.add({(tomorrow, True): 5})
    assert week.list_days(True)[0] == (today - timedelta(days=5), 1_412)
    assert week.list_days(True)[-1] == (tomorrow, 5)


def test_until_it_is_counted_it_says_so_and_a_week_of_nothing_has_no_bars() -> None:
    assert "counting" in say(compose_week(Week(), bars=BLOCKS, width=80))
    week = count_week()
    week.begin(
        AuditSummary(
            since=NOW,
            until=NOW,
            entries=0,
            days=(Tally(name=str(date(2026, 11, 23)), ok=0, failed=0),),
            events=(),
            actors=(),
            failures_by_code={},
            failures_by_address={},
        )
    )
    told = say(compose_week(week, bars=BLOCKS, width=80))
    assert not set(told) & set(BLOCKS)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1.0k"),
        (1_412, "1.4k"),
        (9_949, "9.9k"),
        (9_950, "10k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (3_200_000, "3.2M"),
        (10**15, "many"),
    ],
)
def test_a_count_takes_four_characters_at_most(count: int, told: str) -> None:
    assert shorten(count) == told
    assert len(told) <= 4

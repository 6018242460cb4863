from datetime import timedelta

import pytest

from loki_tui.ages import format_ago, format_day, format_minute, format_span, format_until
from tests.tui.samples import NOW


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 m"),
        (timedelta(minutes=59, seconds=59), "59 m"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=27, hours=23), "27 d"),
        (timedelta(days=999), "999 d"),
        (timedelta(days=1_500), "4 y"),
        (timedelta(seconds=-5), "0 s"),
    ],
)
def test_a_span_is_told_in_its_largest_unit_rounded_down(span: timedelta, text: str) -> None:
    assert format_span(span) == text


def test_the_past_is_told_as_ago_and_the_last_seconds_as_just_now() -> None:
    assert format_ago(NOW - timedelta(minutes=2), NOW) == "2 m ago"
    assert format_ago(NOW - timedelta(seconds=9), NOW) == "just now"
    assert format_ago(NOW + timedelta(minutes=1), NOW) == "just now"
    assert format_ago(None, NOW) == "never"


def test_an_end_is_told_as_a_distance_on_either_side() -> None:
    assert format_until(NOW + timedelta(days=27, minutes=1), NOW) == "in 27 d"
    assert format_until(NOW - timedelta(days=3), NOW) == "3 d ago"
    assert format_until(NOW + timedelta(days=90, seconds=-7), NOW) == "in 90 d"
    assert format_until(NOW + timedelta(minutes=59, seconds=59), NOW) == "in 59 m"
    assert format_until(NOW, NOW) == "just now"
    assert format_until(None, NOW) == "never"


def test_a_moment_is_told_in_utc_and_a_day_as_one_remembers_it() -> None:
    assert format_minute(NOW) == "2026-11-23 14:02Z"
    assert format_day(NOW, NOW) == "14:02"
    assert format_day(NOW - timedelta(days=30), NOW) == "24 Oct"
    assert format_day(NOW - timedelta(days=400), NOW) == "19 Oct 2025"

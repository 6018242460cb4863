"""Codes in large type."""

from __future__ import annotations

import string

import pytest

from loki_tui.sign_in.large_type import draw_large


@pytest.mark.parametrize("sign", string.ascii_uppercase + string.digits + "-")
def test_every_sign_that_a_code_is_made_of_is_drawn_three_lines_high(sign: str) -> None:
    drawn = draw_large(sign, 10)
    assert len(drawn) == 3
    assert any(line.strip() for line in drawn)


def test_no_two_signs_look_alike() -> None:
    signs = string.ascii_uppercase + string.digits
    drawn = {sign: tuple(draw_large(sign, 10)) for sign in signs}
    assert len(set(drawn.values())) == len(signs)


def test_a_code_that_is_too_wide_is_drawn_part_below_part_and_one_that_cannot_be_drawn_not_at_all() -> None:
    assert len(draw_large("BCDF-GHJK", 50)) == 3
    assert len(draw_large("BCDF-GHJK", 30)) == 6
    assert draw_large("BCDF-GHJK", 10) == []
    assert draw_large("BCÄF", 50) == []
    assert draw_large("", 50) == []

"""QR codes as text."""

from __future__ import annotations

import pytest

from loki_core.qr import QUIET, draw_qr

MODULES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def read_rows(lines: list[str]) -> list[list[int]]:
    return [[MODULES[sign][half] for sign in line] for line in lines for half in (0, 1)]


@pytest.mark.parametrize("text", ["A", "https://id.example.com/device?user_code=WDJB-MJHT", "x" * 500])
def test_the_signs_are_the_modules_of_the_code_with_light_around(text: str) -> None:
    import segno

    rows = read_rows(draw_qr(text))
    code = [list(row) for row in segno.make(text, error="l", boost_error=False, micro=False).matrix]
    side = len(code)
    assert [row[QUIET : QUIET + side] for row in rows[QUIET : QUIET + side]] == code
    assert {len(row) for row in rows} == {side + 2 * QUIET}
    assert len(rows) in (side + 2 * QUIET, side + 2 * QUIET + 1)
    assert not any(any(row[:QUIET]) or any(row[-QUIET:]) for row in rows)
    assert not any(any(row) for row in [*rows[:QUIET], *rows[QUIET + side :]])

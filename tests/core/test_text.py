"""Foreign text made fit for a screen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.text import BIDI_CONTROLS, is_blank, is_printable, safe_text


@given(st.text())
def test_no_control_bidi_mark_or_break_ever_gets_through(text: str) -> None:
    line = safe_text(text)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in line)
    assert not BIDI_CONTROLS & set(line)
    assert len(line) == len(text)


@given(st.text(), st.integers(1, 50))
def test_a_limit_is_kept_and_a_cut_shows(text: str, limit: int) -> None:
    line = safe_text(text, limit=limit)
    assert len(line) <= limit
    assert len(text) <= limit or line.endswith("…")


@given(st.text())
def test_making_it_safe_twice_changes_nothing_more(text: str) -> None:
    assert safe_text(safe_text(text)) == safe_text(text)


@pytest.mark.parametrize(
    ("attack", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", "\ufffd]52;c;aGk=\ufffd"),  # writes the clipboard (OSC 52)
        ("\x9b31m", "\ufffd31m"),  # an 8-bit CSI
        ("a\u202eb", "a\ufffdb"),  # Trojan Source, CVE-2021-42574
        ("one\r\ntwo", "one  two"),
        ("a\u2028b\u0085c", "a b c"),
        ("tag\U000e0041", "tag\ufffd"),
        ("\ud800", "\ufffd"),
        ("\ue000", "\ufffd"),
        ("zero\u200bwidth\u200d", "zero\ufffdwidth\ufffd"),
    ],
)
def test_terminal_escape_and_bidi_injection_come_out_as_marks(attack: str, shown: str) -> None:
    assert safe_text(attack) == shown


@pytest.mark.parametrize(
    "text", ["ci-bot", "Überwachung", "ночной", "ビルド", "بناء", "बिल्ड", "🛠️ build", "نامه\u200cها"]
)
def test_every_script_is_printable(text: str) -> None:
    assert is_printable(text)


def test_what_is_no_text_is_shown_as_text() -> None:
    assert safe_text(None) == "None"
    assert safe_text(42) == "42"


@pytest.mark.parametrize("text", ["", " ", "\u3000", "\u200d", "\u3164", "\u2800\u115f", "\ufe0f"])
def test_text_that_nobody_could_see_is_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(text + "x")
